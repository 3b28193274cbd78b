# Names of respondents read from files, kept small: a list of class `vaeirt_ids` with `columns`, the columns that name
# them, and `n`, their number. A column is a plain vector, or a list of `codes` (from 0) and `labels`, or of `bytes` (the
# names one after the other in UTF-8) and `ends` (where each name ends).

new_ids <- function(columns, n) structure(list(columns = columns, n = n), class = "vaeirt_ids")

#' @export
dim.vaeirt_ids <- function(x) c(x$n, length(x$columns))

#' @export
print.vaeirt_ids <- function(x, ...) {
  cli::cat_line("<vaeirt_ids> ", format_count(x$n), " respondents, named by ", paste(names(x$columns), collapse = ", "))
  shown <- utils::head(seq_len(x$n), 5)
  cli::cat_line(paste(respondent_names(x, shown), collapse = ", "), if (x$n > 5) ", ...")
  invisible(x)
}

#' @importFrom tibble as_tibble
#' @export
as_tibble.vaeirt_ids <- function(x, ..., rows = NULL, names = NULL) {
  rows <- rows %||% seq_len(x$n)
  table <- tibble::tibble(respondent = names %||% respondent_names(x, rows))
  if (length(x$columns) == 1) {
    return(table)
  }
  columns <- lapply(x$columns, expand_ids, rows = rows)
  add_metadata(table, tibble::new_tibble(columns, nrow = nrow(table)))
}

# Some rows of a column as a plain vector.
expand_ids <- function(column, rows) {
  if (!is.list(column)) {
    return(column[rows])
  }
  if (is.null(column$codes)) {
    return(respondent_names(new_ids(list(column), length(column$ends)), rows))
  }
  column$labels[column$codes[rows] + 1L]
}

# The names of respondents, those of some rows or all.
respondent_names <- function(respondents, rows = seq_len(nrow(respondents))) {
  if (!inherits(respondents, "vaeirt_ids")) {
    return(respondents$respondent[rows])
  }
  columns <- lapply(respondents$columns, function(column) if (is.list(column)) column else as_names(column))
  unwrap_rust(rust_join_names(columns, as.double(rows)))$names
}

# A tibble with one row per respondent, all or some: `respondent`, the metadata, and `n_responses`. `names`: theirs, where they
# are known.
respondent_table <- function(responses, rows = NULL, names = NULL, call = caller_env()) {
  responses <- in_own_order(responses, call)
  n_responses <- responses_given(responses)
  new_respondent_table(responses$respondents, if (is.null(rows)) n_responses else n_responses[rows], rows, names)
}

new_respondent_table <- function(respondents, n_responses, rows = NULL, names = NULL) {
  table <- if (inherits(respondents, "vaeirt_ids")) {
    tibble::as_tibble(respondents, rows = rows, names = names)
  } else if (is.null(rows)) {
    tibble::as_tibble(respondents)
  } else {
    respondents[rows, ]
  }
  table$n_responses <- n_responses
  table
}

responses_given <- function(responses) as.integer(diff(responses$offsets))

# Two tuples of names that differ may look the same when they are joined.
may_clash <- function(respondents) {
  if (!inherits(respondents, "vaeirt_ids")) {
    return(TRUE)
  }
  has_slash <- function(column) {
    if (!is.list(column)) {
      return(FALSE)
    }
    if (is.null(column$codes)) has_byte(column$bytes, as.raw(0x2f)) else any(grepl("/", column$labels, fixed = TRUE))
  }
  length(respondents$columns) > 1 && any(vapply(respondents$columns, has_slash, logical(1)))
}

# A part at a time: a comparison of all bytes would take four times their memory.
has_byte <- function(bytes, byte, size = 2^22) {
  starts <- seq(0, max(length(bytes) - 1, 0), by = size)
  any(vapply(starts, function(start) any(bytes[start + seq_len(min(size, length(bytes) - start))] == byte), logical(1)))
}
