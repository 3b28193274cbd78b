# Labels that may mean something else than a response option: the user is warned, and decides.

# What `read`, as clean_responses() gives it, holds.
warn_of_codes <- function(read) {
  # What warn_of_columns() has named is said.
  options <- read$options[read$options$count > 0 & !read$options$item %in% read$odd, ]
  items <- read$items$item
  number <- whole_numbers(options$label)
  if (are_votes(number, options$count)) {
    warn_of_votes()
  } else {
    code <- codes_apart(options, number)
    signs <- setequal(number[!code], -1:1)
    if (signs) warn_of_signs(options, code) else warn_of_no_answer(options, code, number, items)
  }
  warn_of_words(options, items)
  warn_of_quantities(options, number, items)
}

# The labels that are written as whole numbers, NA for others.
whole_numbers <- function(labels) {
  number <- rep(NA_real_, length(labels))
  whole <- grepl("^-?[0-9]{1,15}([.]0+)?$", labels, useBytes = TRUE)
  number[whole] <- as.double(labels[whole])
  number
}

# Roll calls as ICPSR and Voteview code them: 1 to 3 yea, 4 to 6 nay, the rest no vote. Paired and announced votes are few,
# which tells the codes from a rating; nays are not, which tells them from counts.
are_votes <- function(number, count) {
  all(number %in% 0:9) && all(c(1, 6) %in% number) && any(c(0, 7, 8, 9) %in% number) &&
    sum(count[number %in% 2:5]) <= 0.1 * sum(count) && sum(count[number == 6]) >= 0.01 * sum(count[number == 1])
}

warn_of_votes <- function() {
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

# Roll calls as emIRT codes them; 9 is for who had no seat.
warn_of_signs <- function(options, code) {
  more <- unique(options$label[code])
  warn_vaeirt(
    c(
      "The responses are -1, 0 and 1{if (length(more) > 0) paste0(' (and ', toString(more), ')')}, which often mean nay, no
       vote and yea.",
      i = "As they are, each is a response option. If 0 means that there is no vote, set
           {.code missing = {as_code(c('0', more))}}."
    ),
    "codes"
  )
}

# Codes of surveys for "don't know", refusals and the like.
warn_of_no_answer <- function(options, code, number, items) {
  if (any(code)) {
    options <- options[order(number), ]
    code <- code[order(number)]
    labels <- unique(options$label[code])
    n <- length(labels)
    warn_vaeirt(
      c(
        "The responses hold {cli::qty(n)}the code{?s} {.val {plain_values(labels)}}, by which surveys mean that there is no
         answer: {where_they_are(options, code, items)}.",
        advise_missing(options, code, items, "answer")
      ),
      "codes"
    )
  }
}

# Words and signs for the same. A word is pointed to where its item has two other options at least: an item may be about
# who accepted and who refused.
warn_of_words <- function(options, items) {
  values <- unique(options$label)
  plain <- fold_text(values, accents = FALSE)[match(options$label, values)]
  sign <- plain %in% c("", "na", "n/a", "nan", "<na>", "#n/a", "#null!")
  votes <- options$item %in% options$item[plain %in% yea_nay_words] & plain %in% vote_words
  word <- means_no_answer(options$label) | votes
  word[plain == "-" & options$item %in% options$item[plain == "+"]] <- FALSE
  n_others <- options_by_item(options[!word, ], length(items))[options$item]
  found <- word & (sign | n_others > 1)
  if (any(found)) {
    # The same words beside what is left of the same options.
    odd <- unique(options$item[!word & !options$label %in% options$label[options$item %in% options$item[found]]])
    found <- found | (word & options$label %in% options$label[found] & !options$item %in% odd)
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
  several <- length(free) > 6 && length(clash) == 0 && all(means_no_answer(free))
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

more_than <- function(x, n) if (length(x) > n) ", ..." else ""

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
