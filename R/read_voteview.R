#' Roll calls from Voteview's files
#'
#' Makes a `rollcall` object of the files that <https://voteview.com/data> offers, for [vae_irt()] and for the functions of
#' packages pscl, wnominate and oc.
#'
#' @details
#' A member is an ICPSR number and has one row, hence one ideal point over everything that is read, several congresses and
#' both chambers at once if so. Voteview gives a new number to members who change their party and to those who become
#' President; they have a row for each number. The President, whose record has the chamber `"President"`, is a member of the
#' chamber in whose file the announced positions stand. Members who belonged to the chamber at no roll call (only code 0)
#' are left out.
#'
#' Of several records of a member the last counts: that of the latest congress and, within it, the last one of the file,
#' among those of congresses and chambers in which the member took part in what is read.
#'
#' Names are made of the part of `bioname` before the first comma, in capital letters, the party, the state, and for
#' representatives the district, as pscl makes them: `"SESSIONS (R AL)"`, `"SMITH (R NJ-4)"`, `"BUSH (R USA)"`. Where several
#' members would have the same name, all of them get their ICPSR number after it: `"SMITH (R NJ-4) 14863"`. Members who are
#' not in `members` are named by their number, and a warning says how many they are.
#'
#' The parties are `"D"` (code 100), `"R"` (200) and `"Indep"` (328), the names of the main historical parties, and the code
#' of any other.
#'
#' @param votes,members,rollcalls Paths to CSV files (several are read as one table), or a data frame with the same columns.
#'   Columns may be in any order, others are not read, compressed files are uncompressed. Needed are
#'   * of `votes`: `congress`, `chamber`, `rollnumber`, `icpsr`, `cast_code`;
#'   * of `members` (`NULL`: members are named by their ICPSR number): `congress`, `chamber`, `icpsr`, `state_abbrev`,
#'     `district_code`, `party_code`, `bioname`; `nominate_dim1` and `nominate_dim2` are kept;
#'   * of `rollcalls`: `congress`, `chamber`, `rollnumber`; `date`, `bill_number`, `vote_question`, `vote_result`,
#'     `vote_desc` and `dtl_desc` are kept.
#' @param chamber `"House"`, `"Senate"` or both; `NULL`: those in `votes`.
#' @param congress Numbers of congresses; `NULL`: all in `votes`.
#' @return A list of class `rollcall`, as that of package pscl:
#'   * `votes`: integer matrix of Voteview's codes, members in rows (in the order of `members`, else of their numbers), roll
#'     calls in columns (by congress, chamber and number); 0 where a member has no row in `votes`. Columns are named by
#'     Voteview's ids, such as `"RS1090012"` for roll call 12 of the 109th Senate;
#'   * `codes`: list of what they mean: `yea` (1 to 3: yea, paired, announced), `nay` (4 to 6), `notInLegis` (0), `missing`
#'     (7 and 8: present, 9: not voting);
#'   * `n`, `m`: numbers of members and roll calls;
#'   * `legis.data`: data frame with one row per member: `icpsr` and, from `members`, `state` (abbreviation), `district` (0
#'     outside of the House), `party`, `party_code`, `chamber`, `bioname`, `nominate_dim1` and `nominate_dim2` (Voteview's
#'     own estimates); `first_congress` and `last_congress` of those in which the member took part, if several congresses
#'     are read;
#'   * `vote.data`: data frame with one row per roll call: `congress`, `chamber`, `rollnumber` and, from `rollcalls`, `date`,
#'     `bill`, `question`, `result`, `desc` (`vote_desc`, or `dtl_desc` where that is empty);
#'   * `desc`, `source`: what was read from where.
#'
#'   [vae_irt()] keeps the columns of `legis.data` in `$estimates`, those of `vote.data` are in [cutpoints()].
#' @references
#' Lewis, J. B., Poole, K., Rosenthal, H., Boche, A., Rudkin, A. and Sonnet, L. (2021) *Voteview: Congressional Roll-Call
#' Votes Database*. <https://voteview.com/>
#' @export
#' @examples
#' # Two made-up files, as S109_votes.csv and S109_members.csv would be.
#' folder <- tempfile()
#' dir.create(folder)
#' votes <- expand.grid(congress = 109, chamber = "Senate", rollnumber = 1:3, icpsr = c(101, 102, 103))
#' votes$cast_code <- c(1, 6, 1, 6, 6, 1, 1, 9, 6)
#' write.csv(votes, file.path(folder, "S109_votes.csv"), row.names = FALSE)
#' members <- data.frame(
#'   congress = 109, chamber = "Senate", icpsr = c(101, 102, 103), state_abbrev = c("AL", "NJ", "VT"), district_code = 0,
#'   party_code = c(200, 100, 328), bioname = c("ADAMS, Ann", "BAKER, Bob, Jr.", "CLARK, Cat")
#' )
#' write.csv(members, file.path(folder, "S109_members.csv"), row.names = FALSE)
#'
#' senate <- read_voteview(file.path(folder, "S109_votes.csv"), file.path(folder, "S109_members.csv"))
#' senate$votes
#' senate$legis.data
read_voteview <- function(votes, members = NULL, rollcalls = NULL, chamber = NULL, congress = NULL) {
  call <- rlang::current_env()
  check_given(votes)
  check_terms(chamber, congress)
  cast <- read_voteview_tables(votes, "votes", congress, call)
  sources <- attr(cast, "sources")
  if (!is.null(chamber)) {
    cast <- cast[cast$chamber %in% match(chamber, chambers), ]
  }
  if (nrow(cast) == 0) {
    abort_vaeirt(
      "{.arg votes} has no row{if (!is.null(chamber) || !is.null(congress)) ' of this chamber and congress'}.", "empty", call
    )
  }
  table <- cast_matrix(cast, sources, call)
  seated <- seats(table$votes, table$icpsr, table$rollcalls)
  present <- table$icpsr %in% seated$icpsr
  legislators <- legislator_data(members, table$icpsr[present], seated, call)
  votes <- table$votes[present, , drop = FALSE][legislators$order, , drop = FALSE]
  names <- list(rownames(legislators$data), rollcall_ids(table$rollcalls))
  structure(
    list(
      votes = array(votes, dim(votes), names),
      codes = list(yea = 1:3, nay = 4:6, notInLegis = 0L, missing = 7:9),
      n = nrow(votes),
      m = ncol(votes),
      legis.data = legislators$data,
      vote.data = rollcall_data(rollcalls, table$rollcalls, names[[2]], call),
      desc = describe_rollcalls(table$rollcalls),
      source = paste(basename(sources), collapse = ", ")
    ),
    class = "rollcall"
  )
}

# Which chambers and congresses are asked for.
check_terms <- function(chamber, congress, call = caller_env()) {
  if (!is.null(chamber) && !(is.character(chamber) && length(chamber) > 0 && all(chamber %in% chambers[1:2]))) {
    abort_vaeirt("{.arg chamber} must be {.or {.val {chambers[1:2]}}}, not {describe(chamber)}.", "argument", call)
  }
  if (!is.null(congress) && (!is.numeric(congress) || !all(congress %in% seq_len(999)))) {
    abort_vaeirt("{.arg congress} must be numbers of congresses, such as {.code 109:110}, not {describe(congress)}.",
      "argument", call
    )
  }
}

# The matrix of codes, with the members and the roll calls of its rows and columns in rising order.
cast_matrix <- function(cast, sources, call) {
  icpsr <- sort(unique(cast$icpsr))
  key <- function(x) (x$congress * 2 + x$chamber) * 1e6 + x$rollnumber
  keys <- key(cast)
  known <- sort(unique(keys))
  rollcalls <- cast[match(known, keys), c("congress", "chamber", "rollnumber")]
  votes <- matrix(NA_integer_, length(icpsr), length(known))
  cell <- cbind(match(cast$icpsr, icpsr), match(keys, known))
  votes[cell] <- as.integer(cast$cast_code)
  if (length(votes) - sum(is.na(votes)) < nrow(cast)) {
    abort_cast_twice(cast, cell, rollcall_ids(rollcalls), sources, call)
  }
  votes[is.na(votes)] <- 0L
  list(votes = votes, icpsr = icpsr, rollcalls = rollcalls)
}

abort_cast_twice <- function(cast, cell, ids, sources, call) {
  key <- cell[, 1] * (length(ids) + 1) + cell[, 2]
  again <- which(duplicated(key))
  first <- match(key[again], key)
  at <- again[[1]]
  same <- all(cast$cast_code[again] == cast$cast_code[first])
  where <- function(row) paste0("row ", cast$.row[[row]], " of ", sources[[cast$.source[[row]]]])
  abort_vaeirt(
    c(
      "A member has one vote on a roll call at most.",
      x = "Member {.val {cast$icpsr[[at]]}} has two on {.val {ids[[cell[at, 2]]]}}: {where(first[[1]])} and
           {where(at)}.",
      i = "{length(again)} row{?s} of this kind in all{if (same) ', all with the same code as before'}.",
      i = if (same) "Is a file given twice, or a chamber's file beside that of both?"
    ),
    "duplicates",
    call
  )
}

# Which members had a seat in which congress and chamber.
seats <- function(votes, icpsr, rollcalls) {
  term <- rollcalls$congress * 4 + rollcalls$chamber
  found <- lapply(unique(term), function(own) {
    rows <- which(rowSums(votes[, term == own, drop = FALSE] != 0L) > 0)
    tibble::tibble(icpsr = icpsr[rows], congress = own %/% 4, chamber = own %% 4)
  })
  do.call(rbind, found)
}

# Voteview's ids of roll calls.
rollcall_ids <- function(rollcalls) {
  sprintf("R%s%03d%04d", substr(chambers[rollcalls$chamber], 1, 1), as.integer(rollcalls$congress),
    as.integer(rollcalls$rollnumber)
  )
}

describe_rollcalls <- function(rollcalls) {
  paste0(
    describe_congresses(sort(unique(rollcalls$congress))), " Congress, ",
    paste(chambers[sort(unique(rollcalls$chamber))], collapse = " and ")
  )
}

# Numbers of congresses in words: "97th, 99th and 101st to 103rd".
describe_congresses <- function(congresses) {
  ordinal <- function(n) {
    teen <- n %% 100 %in% 11:13
    paste0(n, if (teen || !n %% 10 %in% 1:3) "th" else c("st", "nd", "rd")[[n %% 10]])
  }
  runs <- split(congresses, cumsum(c(1, diff(congresses) > 1)))
  words <- vapply(runs, function(run) paste(vapply(unique(range(run)), ordinal, character(1)), collapse = " to "), character(1))
  sub("(.*), ", "\\1 and ", paste(words, collapse = ", "))
}

# What is known of the roll calls.
rollcall_data <- function(rollcalls, known, ids, call) {
  data <- data.frame(
    congress = as.integer(known$congress), chamber = chambers[known$chamber], rollnumber = as.integer(known$rollnumber),
    row.names = ids
  )
  if (is.null(rollcalls)) {
    return(data)
  }
  table <- read_voteview_tables(rollcalls, "rollcalls", unique(known$congress), call)
  row <- match(ids, rollcall_ids(table))
  warn_if_unknown(ids[is.na(row)], length(ids), "roll call", "rollcalls", call)
  if ("dtl_desc" %in% names(table)) {
    desc <- table[["vote_desc"]] %||% table$dtl_desc
    table$vote_desc <- ifelse(is.na(desc), table$dtl_desc, desc)
  }
  names <- c(date = "date", bill = "bill_number", question = "vote_question", result = "vote_result", desc = "vote_desc")
  names <- names[names %in% names(table)]
  data[names(names)] <- lapply(names, function(name) table[[name]][row])
  if (!is.null(data$date)) {
    data$date <- as.Date(data$date, format = "%Y-%m-%d")
  }
  data
}

# What `members` or `rollcalls` do not know. Nothing known at all means that the wrong file was given.
warn_if_unknown <- function(unknown, n, what, arg, call) {
  if (length(unknown) == n) {
    abort_vaeirt(
      c(
        "No {what} of {.arg votes} is in {.arg {arg}}.",
        i = "Does {.arg {arg}} belong to the same congresses and chambers?"
      ),
      "input",
      call
    )
  }
  if (length(unknown) > 0) {
    warn_vaeirt(
      "{length(unknown)} {what}{cli::qty(unknown)}{?s} of {.arg votes} {?is/are} not in {.arg {arg}}:
       {.val {utils::head(unknown, 5)}}.",
      "unknown",
      call
    )
  }
}
