#' Words that mean no answer
#'
#' The words and signs by which surveys, legislatures, statistics packages and databases say that there is no answer, for
#' `missing` of [irt_responses()] and [vae_irt()]: `missing = no_answer()`, or `missing = c(no_answer(), 9)`.
#'
#' @details
#' As part of `missing` these words match a label in any case, with any blanks around it, with straight or typographic
#' apostrophes, with or without accents, in brackets, behind a code (`"-9. Refused"`) or a country (`"BE,CH: not asked"`),
#' and followed by a remark in brackets (`"Don't know (VOL.)"`) or, where they are common, by an asterisk or something
#' behind a comma, colon or semicolon (`"Inapplicable: no children"`); and so do several of them together
#' (`"Don't know / Refused"`). Other elements of `missing` match to the letter. It does no harm if the data lack a word.
#'
#' Where `missing` leaves such a word in the data, [irt_responses()] warns (class `vaeirt_warning_codes`) and names it. It
#' does not warn about an item with only one other option, such as Accepted and Refused, unless other items show that the
#' word is not an answer. Beside Yea and Nay, Yes and No and the like it warns of `Present`, `Absent`, `Excused`, `Abstain`
#' and `Paired` as well; these are not among `no_answer()`, because an abstention may be a choice: name them yourself.
#' Nor is `"none"`, which most often is an answer, nor what ballots hold beside votes (undervotes, overvotes, write-ins: see
#' `drop`).
#'
#' @param except Words of the list that are answers in your data.
#' @return A character vector of class `vaeirt_no_answer`, in lower case and without accents. `c()` keeps the class.
#' @export
#' @examples
#' no_answer()
#' answers <- data.frame(tax = c("more", "less", "DK"), aid = c("less", "Don't know", "more"))
#' irt_responses(answers, missing = no_answer())
no_answer <- function(except = character()) {
  structure(setdiff(no_answer_words, fold_text(as_names(except), accents = FALSE)), class = "vaeirt_no_answer")
}

#' @export
c.vaeirt_no_answer <- function(...) {
  structure(unlist(lapply(list(...), as_names), use.names = FALSE), class = "vaeirt_no_answer")
}

#' @export
print.vaeirt_no_answer <- function(x, ...) {
  cli::cat_line("<vaeirt_no_answer> ", length(x), " words")
  cli::cat_line(strwrap(paste(encodeString(unclass(x), quote = "\""), collapse = ", "), indent = 2, exdent = 2))
  invisible(x)
}

# Which labels `missing` names. Where it holds no_answer(), their words match whatever their case and decoration; who puts
# something before them, c(9, no_answer()), loses their class, but not the words.
names_missing <- function(labels, missing) {
  given <- as_names(missing)
  words <- intersect(given, no_answer_words)
  named <- labels %in% given
  loose <- inherits(missing, "vaeirt_no_answer") || all(no_answer_words %in% words)
  if (loose) named | means_no_answer(labels, words) else named
}

# Which labels are one of the words, or several of them and nothing else.
means_no_answer <- function(labels, words = no_answer_words) {
  values <- unique(labels)
  plain <- fold_text(values, accents = FALSE)
  found <- plain %in% words
  text <- which(!found & grepl("[a-z]", plain))
  bare <- bare_words(plain[text])
  first <- sub(" *[;:,*].*$", "", bare)
  parts <- strsplit(bare, " *[/,;|] *| (or|and|oder|ou|o|et|y) ")
  found[text] <- bare %in% words | (first != bare & first %in% intersect(first_words, words)) |
    vapply(parts, function(part) length(part) > 1 && all(part %in% words), logical(1))
  found[match(labels, values)]
}

# Without the code before it, who it is about, a remark in brackets behind it, brackets around it, and a full stop.
bare_words <- function(x) {
  x <- sub("^([.][a-z]|volunteered|[a-z]{2}(, ?[a-z]{2})*): +", "", x)
  x <- sub("^[[(]?-?[0-9]+[])]?( - |[.:=)-] *| +)", "", x)
  x <- sub("^[[(<](.*)[])>]$", "\\1", x)
  x <- sub(" *[[(][^])]*[])]$", "", x)
  sub(" *[.!:]$", "", x)
}

# Words that mean the same when more is said behind a comma and the like: "Inapplicable: no children".
first_words <- c(
  "inap", "iap", "inapplicable", "not applicable", "nap", "nav", "not available", "not asked", "missing", "refusal",
  "refused", "don't know", "dont know", "dk", "no answer", "na", "no post data", "no post-election interview",
  "not ascertained"
)

# The words, folded: lower case, no accents.
no_answer_words <- c(
  "",
  # Surveys
  "don't know", "dont know", "do not know", "does not know", "doesn't know", "i don't know", "i do not know",
  "didn't know", "don't know enough to say", "don't know where to place", "can't remember", "cannot remember",
  "don't remember", "dk", "d.k.", "d/k", "dk/na", "dk/nr", "dk/ref", "dk/rf", "idk", "refused", "refusal", "refuse",
  "refused to answer", "declined", "declined to answer", "decline to answer", "prefer not to say",
  "prefer not to answer", "prefer not to respond", "decline to state", "declined to state", "rather not say",
  "i'd rather not say", "would rather not say", "no answer", "not answered", "unanswered", "did not answer",
  "didn't answer", "no response", "non-response", "nonresponse", "nonrespondent", "did not respond", "no reply",
  "no opinion", "not sure", "unsure", "undecided", "can't choose", "cannot choose", "can't say", "cannot say",
  "can't tell", "haven't thought much about this", "unknown", "not known", "not asked", "not asked in survey",
  "question not asked", "not administered", "not presented", "not shown", "not reached", "not seen", "skip", "skipped",
  "legitimate skip", "valid skip", "skipped by respondent", "skipped on web", "question skipped", "web blank",
  "interviewer error", "(empty)", "undefined", "omitted", "omit", "no data", "no information", "not available",
  "not ascertained", "not determined", "not stated", "not specified", "not given", "not reported", "not recorded",
  "not codeable", "not codable", "uncodeable", "invalid", "invalid response", "inapplicable", "inap", "inap.", "iap",
  "nap", "nav", "not applicable", "does not apply", "doesn't apply", "no post-election interview", "no post interview",
  "no post data", "not interviewed", "breakoff", "break-off", "interview breakoff", "sufficient partial", "missing",
  "missing value", "missing data", "data missing", "system missing", "user missing", "technical error",
  # Legislatures and courts
  "not voting", "did not participate", "not participating",
  "not in legislature", "not in house", "not in senate", "not a member", "not member",
  # Programs and databases
  "na", "n/a", "n.a.", "n.a", "n / a", "#n/a", "<na>", "#null!", "null", "(null)", "<null>", "(blank)", "\\n", "nan", "-nan",
  "sysmis", ".", "..", "...", "-", "--", "---", "?", "??",
  # German
  "weiss nicht", "weiss ich nicht", "ich weiss nicht", "w.n.", "keine angabe", "keine angaben", "k.a.", "k. a.", "k.a",
  "keine antwort", "antwort verweigert", "verweigert", "trifft nicht zu", "nicht zutreffend", "entfallt",
  "keine meinung", "kann ich nicht sagen", "nicht beantwortet", "nicht gefragt", "fehlend", "fehlender wert", "unbekannt",
  "nicht teilgenommen", "nicht abgegeben",
  # French
  "ne sait pas", "ne sais pas", "je ne sais pas", "nsp", "nspp", "ne se prononce pas", "ne se prononcent pas",
  "sans reponse", "sans opinion", "pas de reponse", "non reponse", "non-reponse", "refus", "refuse de repondre",
  "ne souhaite pas repondre", "non concerne", "sans objet", "nr", "n.r.", "nsp/nr", "nsp/pr", "manquant", "non renseigne",
  "non votant", "non-votant", "nonvotant",
  # Spanish, Portuguese and Italian
  "no sabe", "no se", "no contesta", "no responde", "no sabe / no contesta", "no sabe / no responde", "ns/nc", "ns/nr",
  "nsnc", "nsnr", "n.s.", "n.c.", "n.s./n.c.", "sin respuesta", "no aplica", "no procede", "sin dato", "sin datos",
  "rehusa", "nao sabe", "nao sei", "nao responde", "nao respondeu", "sem resposta", "nao se aplica",
  "non so", "non sa", "non risponde", "nessuna risposta", "rifiuta",
  # Dutch and the north
  "weet niet", "weet ik niet", "geen antwoord", "geen mening", "wil niet zeggen", "niet van toepassing", "n.v.t.", "nvt",
  "weigert", "vet ej", "vet inte", "ej svar", "uppgift saknas", "ved ikke", "vet ikke", "ikke svar", "ubesvart", "uoplyst",
  # Polish
  "nie wiem",
  # Missing values of Stata
  paste0(".", letters)
)

# Words of roll calls that may be a choice: they are pointed to beside a yea or a nay.
vote_words <- c(
  "present", "voting present", "absent", "excused", "excused absence", "absence", "abs", "documented excuse", "abstain",
  "abstained", "abstains", "abstaining", "abstention", "abst", "paired", "pair", "recused", "on leave", "leave", "loa",
  "vacant", "vacancy", "announced", "nv", "n/v", "did not vote", "didn't vote", "did not cast vote", "did not cast a vote",
  "not voted", "no vote", "no vote cast", "not present", "not eligible", "not in office", "blank", "empty",
  "enthaltung", "enthalten", "abwesend", "entschuldigt", "abstencion", "ausente", "dispensado", "pareo", "abstencao",
  "obstrucao", "astenuto", "assente", "absente", "abstenu", "onthouding", "afwezig", "avstar", "franvarande", "frav\u00e6r",
  "fravaer", "ikke tilstede", "ikke til stede", "poissa", "tyhja", "nieobecny", "nieobecna", "wstrzyma\u0142 sie"
)
yea_nay_words <- c(
  "yea", "yeas", "yes", "aye", "ayes", "y", "nay", "nays", "no", "noes", "n", "for", "against", "in favor", "in favour",
  "ja", "nein", "nee", "nej", "oui", "non", "pour", "contre", "si", "sim", "nao", "a favor", "en contra", "contra",
  "afirmativo", "negativo", "favorevole", "contrario", "voor", "tegen", "imod", "mot", "jaa", "ei", "za", "przeciw"
)
