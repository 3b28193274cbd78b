# Labels that may mean something else than a response option: the user is warned, and decides.

# What `read`, as clean_responses() gives it, holds.
warn_of_codes <- function(read) {
  # What warn_of_columns() has named is said.
  options <- read$options[read$options$count > 0 & !read$options$item %in% read$odd, ]
  number <- whole_numbers(options$label)
  if (are_votes(number, options$count)) {
    warn_of_votes()
  } else if (setequal(number, -1:1) || setequal(number, c(-1:1, 9))) {
    warn_of_signs(9 %in% number)
  } else {
    warn_of_no_answer(options, number)
  }
  warn_of_blanks(options, read$items$item)
  warn_of_quantities(options, number, read$items$item)
}

# The labels that are written as whole numbers, NA for others.
whole_numbers <- function(labels) {
  number <- rep(NA_real_, length(labels))
  whole <- grepl("^-?[0-9]{1,15}$", labels, useBytes = TRUE)
  number[whole] <- as.double(labels[whole])
  number
}

# Roll calls as ICPSR and Voteview code them: 1 to 3 yea, 4 to 6 nay, the rest no vote. Paired and announced votes are few,
# which tells the codes from a rating.
are_votes <- function(number, count) {
  all(number %in% 0:9) && all(c(1, 6) %in% number) && any(c(0, 7, 8, 9) %in% number) &&
    sum(count[number %in% 2:5]) <= 0.1 * sum(count)
}

warn_of_votes <- function() {
  warn_vaeirt(
    c(
      "The responses look like the codes of roll calls, where 1 means yea, 6 nay and 0, 7, 8 and 9 no vote.",
      i = "As they are, each code is a response option of its own.",
      i = "Make a {.cls rollcall} object of a matrix with {.code pscl::rollcall(x, yea = 1:3, nay = 4:6, missing = 7:9,
           notInLegis = 0)}, read the files of Voteview with {.fn read_voteview}, or set {.code missing = c(0, 7, 8, 9)}."
    ),
    "codes"
  )
}

# Roll calls as emIRT codes them; 9 is for who had no seat.
warn_of_signs <- function(nine) {
  warn_vaeirt(
    c(
      "The responses are -1, 0 and 1{if (nine) ' (and 9)'}, which often mean nay, no vote and yea.",
      i = "As they are, each is a response option. If 0 means that there is no vote, set
           {.code missing = {if (nine) 'c(0, 9)' else 0}}."
    ),
    "codes"
  )
}

# Codes of surveys for "don't know", refusals and the like: negative, unless positive numbers mirror them, or 77, 88, 99 and
# their neighbours, far above all others.
warn_of_no_answer <- function(options, number) {
  negative <- !is.na(number) & number < 0
  mirrored <- setequal(number, -number)
  high <- number %in% c(77, 88, 97:99, 777, 888, 997:999)
  others <- tapply(ifelse(is.na(number) | high, -Inf, number), options$item, max)
  high <- high & others[as.character(options$item)] < 20 & others[as.character(options$item)] >= 0
  codes <- sort(unique(number[(negative & !mirrored) | high]))
  n <- length(codes)
  if (n > 0) {
    shown <- paste(utils::head(codes, 10), collapse = ", ")
    warn_vaeirt(
      c(
        "The responses hold {cli::qty(n)}the code{?s} {shown}{if (n > 10) ', ...'}, by which surveys mean that there is no
         answer.",
        i = "As {cli::qty(n)}{?it is, it is a response option/they are, each is a response option}. If there is no answer,
             set {.code missing = {if (n == 1) shown else paste0('c(', shown, ')')}}."
      ),
      "codes"
    )
  }
}

warn_of_blanks <- function(options, items) {
  blank <- !grepl("[^[:space:]]", options$label) | options$label %in% c("NA", "N/A", "NaN")
  n <- sum(options$count[blank])
  if (n > 0) {
    labels <- unique(options$label[blank])
    set <- encodeString(labels, quote = "\"")
    warn_vaeirt(
      c(
        "{n} response{?s}, the first on item {.val {items[[options$item[blank][[1]]]]}}, {cli::qty(n)}{?has/have} a label
         that looks like no response: {.val {labels}}.",
        i = "As it is, it is a response option. If there is no response, set
             {.code missing = {if (length(set) == 1) set else paste0('c(', paste(set, collapse = ', '), ')')}}."
      ),
      "codes"
    )
  }
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
