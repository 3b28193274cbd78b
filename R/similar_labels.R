# Names and labels that look the same to a reader: they differ in case, blanks, the kind of apostrophe, how accents are
# stored, or how a number is written. As they are, each counts by itself.

warn_of_similar <- function(read) {
  options <- read$options[read$options$count > 0, ]
  warn_of_similar_options(options, read$items$item)
  warn_of_similar_names(read$items$item, "items")
  # People read the names of some respondents; where there are many more, they are ids, and the check takes seconds.
  if (!inherits(read$respondents, "vaeirt_ids") && nrow(read$respondents) <= 1e5) {
    warn_of_similar_names(read$respondents$respondent, "respondents")
  }
}

# What labels that look the same have in common.
likeness <- function(labels) {
  plain <- fold_text(labels)
  number <- grepl("^[+-]?[0-9]{1,15}([.]0*)?$", plain, useBytes = TRUE)
  plain[number] <- number_names(as.double(plain[number]))
  plain
}

# Within an item. Where all of its labels look the same, as AA, Aa and aa do, case is what tells them apart.
warn_of_similar_options <- function(options, items) {
  values <- unique(options$label)
  plain <- likeness(values)
  if (!anyDuplicated(plain)) {
    return(invisible())
  }
  key <- plain[match(options$label, values)]
  own <- data.frame(item = options$item, key = key)
  again <- duplicated(own) | duplicated(own, fromLast = TRUE)
  n_keys <- tabulate(options$item[!duplicated(own)], length(items))
  again <- again & n_keys[options$item] > 1
  if (!any(again)) {
    return(invisible())
  }
  key <- key[again]
  options <- options[again, ]
  total <- rowsum(options$count, paste0(match(options$label, values)))
  shown <- function(one) {
    labels <- unique(options$label[key == one])
    n <- total[as.character(match(labels, values)), 1]
    paste0(as_quoted(labels), " (", format_count(n), ")", collapse = " and ")
  }
  pairs <- vapply(utils::head(unique(key), 3), shown, character(1))
  more <- if (length(unique(key)) > 3) ", and others" else ""
  own <- unique(options$item)
  warn_vaeirt(
    c(
      "Response options of {length(own)} item{?s}, such as {.val {items[[own[[1]]]]}}, look the same:
       {pairs}{more}. They differ in {.and {differences(options$label, key)}}.",
      i = "As they are, each is an option of its own. {advice_on_similar(cure(options$label, key))}"
    ),
    "labels"
  )
}

# `names` are those of `what`. Names with digits, such as q1a and q1A, may be told apart by case.
warn_of_similar_names <- function(names, what) {
  names <- names[grepl("[^0-9]", names, useBytes = TRUE)]
  plain <- if (what == "items") likeness(names) else fold_text(names)
  again <- duplicated(plain) | duplicated(plain, fromLast = TRUE)
  if (!any(again)) {
    return(invisible())
  }
  names <- names[again]
  plain <- plain[again]
  by_case <- grepl("[0-9]", names) | nchar(names) < 3
  plain[by_case] <- paste(plain[by_case], fold_text(names[by_case], case = TRUE))
  again <- duplicated(plain) | duplicated(plain, fromLast = TRUE)
  if (!any(again)) {
    return(invisible())
  }
  names <- names[again]
  plain <- plain[again]
  n <- length(unique(plain))
  pairs <- vapply(utils::head(unique(plain), 3), function(one) {
    paste(as_quoted(names[plain == one]), collapse = " and ")
  }, character(1))
  warn_vaeirt(
    c(
      "{length(names)} names of {what} look the same as others: {pairs}{if (n > 3) ', ...'}. They differ in
       {.and {differences(names, plain)}}.",
      i = "As they are, these are different {what}. {advice_on_similar(cure(names, plain))}"
    ),
    "labels"
  )
}

as_quoted <- function(x) encodeString(shorten(x, 38), quote = "\"")

# In what the labels of a key differ, with code that makes them alike.
how_they_differ <- function(labels, key) {
  labels <- enc2utf8(as_utf8(labels))
  text <- fold_text(labels, case = TRUE)
  lower <- to_lower(text)
  n <- function(values) nrow(unique(data.frame(key, values)))
  found <- c(
    any(fold_blanks(labels) != labels), any(text != fold_blanks(labels)), n(text) > n(lower), n(lower) > n(key)
  )
  c(blanks = "trimws", `accents or signs` = "", case = "tolower", `how numbers are written` = "as.numeric")[found]
}

differences <- function(labels, key) names(how_they_differ(labels, key))

cure <- function(labels, key) {
  steps <- how_they_differ(labels, key)
  Reduce(function(code, step) paste0(step, "(", code, ")"), steps[nzchar(steps)], "x")
}

advice_on_similar <- function(code) {
  paste0("If they are the same, write them alike in the data", if (code != "x") paste0(", such as with `", code, "`"), ".")
}
