# What is known of the respondents beside their responses: the columns that `metadata` selects.

# Some rows of the selected columns as a data frame of plain columns.
metadata_columns <- function(x, columns, call, rows = seq_len(nrow(x))) {
  table <- as.data.frame(x)[rows, columns, drop = FALSE]
  table[] <- lapply(table, plain_column, call = call)
  table
}

# The same for data with one row per response, where `first` is the first row of each respondent.
metadata_by_respondent <- function(x, columns, respondent, first, names, call) {
  for (at in columns) {
    column <- x[[at]]
    value <- if (is.factor(column)) as.integer(column) else unclass(column)
    if (is.atomic(value) && is.null(dim(value))) {
      value <- match(value, unique(value))
      other <- which(value != value[first][respondent])
      if (length(other) > 0) {
        who <- respondent[[other[[1]]]]
        abort_varying(column, names(x)[[at]], other[[1]], first[[who]], names[[who]], call)
      }
    }
  }
  metadata_columns(x, columns, call, first)
}

abort_varying <- function(column, name, row, before, respondent, call) {
  abort_vaeirt(
    c(
      "A respondent has one value in a column of {.arg metadata}.",
      x = "Respondent {.val {respondent}} has {.val {format(column[[row]])}} in row {row} of column {.val {name}} and
           {.val {format(column[[before]])}} in row {before}.",
      i = "Does {.arg respondent} tell everybody apart? Leave {.val {name}} out of {.arg metadata} if it belongs to the
           responses."
    ),
    "metadata",
    call
  )
}

# A table with more columns behind its own: those of a data frame with as many rows, except names that the table or the
# results use, which are taken. Where there is none, the table.
add_metadata <- function(table, metadata, taken = result_columns) {
  if (is.null(metadata)) {
    return(table)
  }
  metadata <- metadata[setdiff(names(metadata), c(names(table), taken))]
  tibble::add_column(table, !!!as.list(metadata))
}

# Columns of the results, which metadata may not take.
result_columns <- c(
  "respondent", "item", "response", "term", "dimension", "estimate", "std.error", "conf.low", "conf.high",
  "n_responses", "pareto_k", "ess", "options"
)

# Files hold tens of millions of respondents, who have names alone.
refuse_metadata_of_files <- function(metadata, call) {
  if (!rlang::quo_is_null(metadata)) {
    abort_vaeirt(
      c(
        "{.arg metadata} is for data frames; of Parquet files the columns of {.arg respondent} alone are kept.",
        i = "Join other columns to {.code $estimates} by the respondents' names."
      ),
      "argument",
      call
    )
  }
}

# Columns of new data that were metadata in the fit are metadata again, where the data have one column per item and the user
# does not say otherwise; others are items, which the model knows or not.
metadata_of_fit <- function(columns, newdata, fit) {
  wide <- is.data.frame(newdata) && rlang::quo_is_null(columns$item) && rlang::quo_is_null(columns$response)
  if (!wide || !rlang::quo_is_null(columns$metadata)) {
    return(columns$metadata)
  }
  own <- names(estimates_of(fit, rows = integer()))
  known <- intersect(setdiff(own, c(result_columns, fit$parameters$items$item)), names(newdata))
  if (length(known) > 0) rlang::quo(tidyselect::all_of(!!known)) else rlang::quo(c())
}
