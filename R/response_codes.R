# Labels that may mean something else than a response option: the user is warned, and decides.

# What `read`, as clean_responses() gives it, holds. `reference` is that of the user.
warn_of_codes <- function(read, reference = NULL) {
  # What warn_of_columns() has named is said.
  options <- read$options[read$options$count > 0 & !read$options$item %in% read$odd, ]
  items <- read$items$item
  number <- whole_numbers(options$label)
  value <- if (is.null(options$code)) number else whole_numbers(options$code)
  word <- words_apart(options, length(items))
  if (are_votes(number, options)) {
    warn_of_votes(number, options, reference)
  } else {
    code <- codes_apart(options, value, alone = said_to_be_items(read)) & !word
    signs <- setequal(number[!code], -1:1)
    if (signs) {
      warn_of_signs(options, code, number)
    } else {
      warn_of_no_answer(options[!word, ], code[!word], value[!word], items)
    }
  }
  warn_of_words(options, word, items)
  warn_of_quantities(options, number, items)
}

# Items that would be named as columns that are none, had the user not said that all are items: others tell nothing of them.
said_to_be_items <- function(read) {
  if (isTRUE(read$columns$all_items)) odd_items(read)$at else integer()
}

# The labels that are written as whole numbers, NA for others.
whole_numbers <- function(labels) {
  number <- rep(NA_real_, length(labels))
  whole <- grepl("^-?[0-9]{1,15}([.]0+)?$", labels, useBytes = TRUE)
  number[whole] <- as.double(labels[whole])
  number
}

# Roll calls as ICPSR and Voteview code them: 1 to 3 yea, 4 to 6 nay, the rest no vote. Most of them have both 1 and 6, which
# 0 and 1 beside a rating have not. Paired and announced votes are few, which tells the codes from a rating; nays are not,
# which tells them from counts.
are_votes <- function(number, options) {
  count <- options$count
  if (!all(number %in% 0:9) || !all(c(1, 6) %in% number)) {
    return(FALSE)
  }
  both <- intersect(options$item[number == 1], options$item[number == 6])
  several <- unique(options$item[duplicated(options$item)])
  length(both) >= 0.5 * length(several) && (any(c(0, 7, 8, 9) %in% number) || all(number %in% c(1, 6))) &&
    sum(count[number %in% 2:5]) <= 0.1 * sum(count) && sum(count[number == 6]) >= 0.01 * sum(count[number == 1])
}

warn_of_votes <- function(number, options, reference) {
  if (all(number %in% c(1, 6))) {
    warn_of_nays(number, options, reference)
  } else {
    warn_vaeirt(
      c(
        "The responses look like the codes of roll calls, where 1 means yea, 6 nay and 0, 7, 8 and 9 no vote.",
        i = "As they are, each code is a response option of its own.",
        i = "Make a {.cls rollcall} object of a matrix with {.code pscl::rollcall(x, yea = 1:3, nay = 4:6, missing = 7:9,
             notInLegis = 0)}, or read the files of Voteview with {.fn read_voteview}.",
        i = "Where all votes are 1 or 6, {.code missing = c(0, 7, 8, 9), reference = 6} does it as well: 6 is nay."
      ),
      "codes"
    )
  }
}

# Yeas and nays alone: the first option is the reference, and positive discriminations would be about nays. Who gives a
# reference, or has given one, knows.
warn_of_nays <- function(number, options, reference) {
  first <- options$rank[number == 1][match(options$item[number == 6], options$item[number == 1])]
  if (is.null(reference) && any(first < options$rank[number == 6], na.rm = TRUE)) {
    warn_vaeirt(
      c(
        "All responses are 1 or 6, by which roll calls mean yea and nay.",
        i = "As they are, yea is the reference, and parameters are about nay. Set {.code reference = 6} for those of yea."
      ),
      "codes"
    )
  }
}

# Roll calls as emIRT codes them; 9 is for who had no seat. Surveys have -1 for no answer beside 0 and 1, as a rule rarer.
warn_of_signs <- function(options, code, number) {
  more <- unique(options$label[code])
  n <- vapply(-1:1, function(x) sum(options$count[number == x], na.rm = TRUE), numeric(1))
  vote <- paste0("If 0 means that there is no vote, set {.code missing = ", as_code(c("0", more)), "}.")
  answer <- paste0("If -1 means that there is no answer, set {.code missing = ", as_code(c("-1", more)), "}.")
  rare <- n[[1]] < 0.5 * min(n[-1])
  advice <- if (rare) c(answer, vote) else c(vote, answer)
  warn_vaeirt(
    c(
      "The responses are -1, 0 and 1{if (length(more) > 0) paste0(' (and ', toString(more), ')')}, which often mean
       {if (rare) 'no answer, no and yes, or '}nay, no vote and yea{if (!rare) ', or no answer, no and yes'}.",
      i = paste("As they are, each is a response option.", advice[[1]]),
      i = advice[[2]]
    ),
    "codes"
  )
}

# Codes of surveys for "don't know", refusals and the like. Where values have labels, the values are named, which `missing`
# takes as well, and what the labels say is for the user to judge.
warn_of_no_answer <- function(options, code, number, items) {
  if (any(code)) {
    options <- options[order(number), ]
    code <- code[order(number)]
    text <- unique(options$label[code & options$label != (options$code %||% options$label)])
    options$label <- options$code %||% options$label
    labels <- unique(options$label[code])
    n <- length(labels)
    warn_vaeirt(
      c(
        "The responses hold {cli::qty(n)}the code{?s} {.val {plain_values(labels)}}, by which surveys mean that there is no
         answer: {where_they_are(options, code, items)}.",
        i = if (length(text) > 0) "{cli::qty(text)}{?Its label is/Their labels are} {.val {text}}.",
        advise_missing(options, code, items, "answer")
      ),
      "codes"
    )
  }
}

# Words and signs for the same. A word is pointed to where its item has two other options at least: an item may be about
# who accepted and who refused.
words_apart <- function(options, n_items) {
  values <- unique(options$label)
  at <- match(options$label, values)
  plain <- fold_text(values, accents = FALSE)
  sign <- (plain %in% c("", "na", "n/a", "nan", "<na>", "#n/a", "#null!"))[at]
  word <- (means_no_answer(options$label) | are_vote_words(options, plain, at)) & !are_opposites(options, plain[at])
  n_others <- options_by_item(options[!word, ], n_items)[options$item]
  found <- word & (sign | n_others > 1)
  # The same words beside what is left of the same options.
  odd <- unique(options$item[!word & !options$label %in% options$label[options$item %in% options$item[found]]])
  found | (word & options$label %in% options$label[found] & !options$item %in% odd)
}

# Words of roll calls beside a yea or a nay, and what Python writes beside 0 and 1. `plain` are the folded labels.
are_vote_words <- function(options, plain, at) {
  vote <- plain %in% vote_words | bare_words(plain) %in% vote_words
  none <- (plain == "none")[at]
  beside <- function(words) options$item %in% options$item[plain[at] %in% words]
  (vote[at] & beside(yea_nay_words)) | (none & beside(c("true", "false", "0", "1")) & !beside(c("2", "3")))
}

# Words that are an end of a scale, or a state, beside others.
are_opposites <- function(options, plain) {
  beside <- function(words) options$item %in% options$item[plain %in% words]
  (plain %in% c("-", "--", "---") & beside(c("+", "++", "+++"))) |
    (plain == "missing" & beside("present") & !beside(yea_nay_words)) |
    (plain == "refused" & beside(c("accepted", "approved", "granted"))) |
    (options$label == "na" & beside("ja") & beside("nej"))
}

warn_of_words <- function(options, found, items) {
  if (any(found)) {
    labels <- unique(options$label[found])
    warn_vaeirt(
      c(
        "{sum(options$count[found])} response{?s}, the first on item {.val {items[[options$item[found][[1]]]]}},
         {cli::qty(sum(options$count[found]))}{?has/have} a label that looks like no response: {.val {labels}}.",
        advise_missing(options, found, items, "response")
      ),
      "codes"
    )
  }
}

# The responses with some options, and the items, in words.
where_they_are <- function(options, rows, items) {
  own <- unique(options$item[rows])
  counts <- counted(c(sum(options$count[rows]), length(own)), c("response", "item"))
  paste0(counts[[1]], " on ", counts[[2]], ", such as ", encodeString(shorten(items[[own[[1]]]]), quote = "\""))
}

# What to type for options that are no answers. A label that is an answer to other items cannot be one of `missing`.
advise_missing <- function(options, rows, items, what) {
  labels <- unique(options$label[rows])
  clash <- intersect(labels, options$label[!rows])
  free <- setdiff(labels, clash)
  # Messages lose one of two blanks.
  many <- length(free) > 6 || any(grepl("  ", free, fixed = TRUE))
  several <- many && length(clash) == 0 && all(means_no_answer(free))
  advice <- if (length(free) > 0) {
    free <- if (several) "no_answer()" else as_code(free)
    c(i = in_line(
      "As {cli::qty(labels)}{?it is, it is a response option/they are, each is a response option}. If there is no {what},
       set {.code missing = {free}}."
    ))
  }
  for (label in utils::head(clash, 3)) {
    own <- shorten(items[options$item[rows & options$label == label]])
    other <- shorten(items[options$item[!rows & options$label == label]])
    advice <- c(advice, x = in_line(
      "{.val {plain_values(label)}} is an answer to {length(other)} other item{?s}, such as {.val {other[[1]]}}, and
       {.arg missing} is for all items. Make it {.val {NA}} in the data of {.val {utils::head(own, 3)}}{more_than(own, 3)}."
    ))
  }
  advice
}

# Text for a message that is made in parts: what looks like code in it is none.
in_line <- function(text, envir = parent.frame()) gsub("([{}])", "\\1\\1", cli::format_inline(text, .envir = envir))

# Labels as code that gives them: numbers as numbers, and a vector of several.
as_code <- function(labels) {
  number <- grepl("^(0|-?[1-9][0-9]{0,14})$", labels)
  labels[!number] <- encodeString(labels[!number], quote = "\"")
  if (length(labels) == 1) labels else paste0("c(", paste(labels, collapse = ", "), ")")
}

# Numbers are shown without quotes.
plain_values <- function(labels) {
  number <- whole_numbers(labels)
  if (anyNA(number)) labels else number
}

# A number with many values is rarely a choice.
warn_of_quantities <- function(options, number, items, most = 25) {
  n_numbers <- tabulate(options$item[!is.na(number)], length(items))
  many <- which(n_numbers > most & n_numbers == tabulate(options$item, length(items)))
  n <- length(many)
  if (n > 0) {
    warn_vaeirt(
      c(
        "{n} item{?s} {?has/have} more than {most} numbers as response options, such as {.val {items[[many[[1]]]]}} with
         {n_numbers[[many[[1]]]]}: {cli::qty(n)}{?is it a quantity/are they quantities}, like an age?",
        i = "Every number is an option with parameters of its own, in no order. Leave {cli::qty(n)}{?it/them} out, or group
             the numbers with {.fn cut}."
      ),
      "codes"
    )
  }
}
