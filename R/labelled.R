# Columns of package haven (SPSS, Stata, SAS), whose values have labels and may be declared missing, and those of packages
# Hmisc and labelled, which have a text. They are read by their attributes: none of these packages need be there.

# haven before 2.0 called its class "labelled", as Hmisc does, whose columns have no labels of values.
is_labelled <- function(x) {
  inherits(x, "haven_labelled") || (inherits(x, "labelled") && !is.factor(x) && !is.null(attr(x, "labels", exact = TRUE)))
}

# The plain values of a labelled column, NA where they are declared missing, as is.na() of haven finds. Tagged missing
# values of Stata and SAS are NA to R as well.
labelled_values <- function(x) {
  values <- as.vector(unclass(x))
  gone <- is_declared_missing(values, x)
  if (any(gone)) values[gone] <- NA
  values
}

is_declared_missing <- function(values, column) {
  gone <- values %in% attr(column, "na_values", exact = TRUE)
  range <- attr(column, "na_range", exact = TRUE)
  if (length(range) == 2) {
    gone <- gone | (!is.na(values) & values >= range[[1]] & values <= range[[2]])
  }
  gone
}

# Values that are declared missing, and their labels: `drop` may name them, though nobody has them any more.
absent_labels <- function(x) {
  labels <- attr(x, "labels", exact = TRUE)
  values <- c(as.vector(unclass(labels)), attr(x, "na_values", exact = TRUE))
  names <- c(names(labels), rep(NA, length(values) - length(labels)))
  gone <- is.na(values) | is_declared_missing(values, x)
  absent <- c(as_names(values[gone]), names[gone])
  absent[!is.na(absent)]
}

# The labels of the values, a vector named by them. A value keeps its number where its label is empty, stands for another
# value as well, or is the number of another one.
value_labels <- function(x, call) {
  values <- attr(x, "labels", exact = TRUE)
  text <- names(values) %||% character()
  codes <- as_names(as.vector(unclass(values)))
  known <- !is.na(codes) & !is.na(text)
  codes <- codes[known]
  text <- text[known]
  check_text(text, "The label of a response option", call)
  clash <- text %in% text[duplicated(text)] | (text %in% codes & text != codes)
  good <- grepl("[^[:space:]]", text) & !clash
  stats::setNames(text[good], codes[good])
}

# A labelled column as code_values() gives columns, the labels of its values as `names`, and what is `absent`.
code_labelled <- function(column, call) {
  c(code_values(labelled_values(column), call), list(names = value_labels(column, call), absent = absent_labels(column)))
}

# Options with the labels of their values, where these are known, and the values as `code`: both are understood in `missing`,
# `drop` and `reference`. `names` are those of each item, or NULL.
label_options <- function(options, names) {
  n <- lengths(names)
  if (sum(n) == 0) {
    return(options)
  }
  key <- function(item, code) paste(item, code)
  named <- key(rep(seq_along(names), n), unlist(lapply(names, base::names), use.names = FALSE))
  at <- match(key(options$item, options$label), named)
  options$code <- options$label
  options$label <- ifelse(is.na(at), options$code, unlist(names, use.names = FALSE)[at])
  # The number of a value without a label may be the label of another.
  pair <- options[c("item", "label")]
  clash <- duplicated(pair) | duplicated(pair, fromLast = TRUE)
  options$label[clash] <- options$code[clash]
  options
}

# Which options go by one of these labels, or are its value.
goes_by <- function(options, labels) {
  options$label %in% labels | (options$code %||% options$label) %in% labels
}

# A column that is no item, without the class of haven or Hmisc: a factor where most of the values that occur have labels.
plain_column <- function(x, call) {
  if (!is_labelled(x)) {
    if (inherits(x, "labelled")) {
      class(x) <- setdiff(class(x), "labelled")
      attr(x, "label") <- NULL
    }
    return(x)
  }
  values <- labelled_values(x)
  occur <- sort(unique(values), method = "radix")
  labels <- unname(value_labels(x, call)[as_names(occur)])
  if (sum(!is.na(labels)) <= length(labels) / 2) {
    return(values)
  }
  labels <- ifelse(is.na(labels) | labels %in% labels[duplicated(labels)], as_names(occur), labels)
  factor(labels[match(values, occur)], levels = labels)
}

# The texts of the questions, where columns have any: what haven, labelled and Hmisc call the label of a variable.
question_texts <- function(columns, call) {
  texts <- vapply(unname(columns), function(column) {
    text <- attr(column, "label", exact = TRUE)
    if (rlang::is_string(text)) as.vector(unclass(text)) else NA_character_
  }, character(1))
  check_text(texts[!is.na(texts)], "The text of a question", call)
  if (any(!is.na(texts))) texts
}
