# What roll calls of package pscl tell of their legislators and votes. Rows of `legis.data` and `vote.data` belong to the rows
# and columns of `votes` that have their names; what has no names is in the same order.

# A data frame with one row per legislator ("legis.data") or vote ("vote.data"), in the order of `votes`, or NULL.
rollcall_metadata <- function(x, name, votes) {
  data <- x[[name]]
  if (is.matrix(data)) data <- as.data.frame(data)
  if (is.null(data)) {
    return(NULL)
  }
  margin <- if (name == "legis.data") 1L else 2L
  n <- dim(votes)[[margin]]
  if (!is.data.frame(data)) {
    return(leave_out_metadata(name, "It is {describe(data)}.", data))
  }
  names <- dimnames(votes)[[margin]]
  rows <- if (!is.null(names)) rows_by_name(data, names)
  if (is.null(rows)) {
    if (nrow(data) != n) {
      problem <- "It has {nrow(data)} row{?s}, and {.code $votes} has {n}; nothing in it has the names of {.code $votes}."
      return(leave_out_metadata(name, problem, data, n))
    }
    warn_of_order(data, name, names)
    return(data)
  }
  warn_of_unmatched(names[is.na(rows)], length(names), name)
  data[rows, , drop = FALSE]
}

# The row of each name; NULL where nothing in the data tells. The names stand in the row names, or in a column, or are
# made of session and number, as readKH() of pscl makes them.
rows_by_name <- function(data, names) {
  own <- attr(data, "row.names")
  numbered <- is.integer(own)
  if (!numbered && any(names %in% own)) {
    return(match(names, own))
  }
  keys <- c(
    if (numbered && .row_names_info(data) > 0) list(as.character(own)),
    if (all(c("session", "number") %in% names(data))) list(paste(data$session, data$number, sep = "-")),
    lapply(unname(as.list(data)), function(column) if (is.atomic(column) && is.null(dim(column))) as_names(column))
  )
  complete <- vapply(keys, function(key) all(names %in% key) && !any(duplicated(key[key %in% names])), logical(1))
  if (any(complete)) match(names, keys[[which(complete)[[1]]]])
}

leave_out_metadata <- function(name, problem, data, n) {
  warn_vaeirt(
    c(
      "{.code ${name}} of the {.cls rollcall} object is left out.",
      x = problem,
      i = "It needs one row for each {row_of(name)}: with the {if (name == 'legis.data') 'row' else 'column'} names of
           {.code $votes} as row names, or in the same order."
    ),
    "metadata"
  )
  NULL
}

row_of <- function(name) if (name == "legis.data") "legislator" else "roll call"

warn_of_unmatched <- function(absent, n, name) {
  if (length(absent) > 0) {
    warn_vaeirt(
      c(
        "{length(absent)} of {n} {row_of(name)}s of {.code $votes} {cli::qty(absent)}{?has/have} no row in
         {.code ${name}}, and {.val {NA}} in its columns.",
        x = "{cli::qty(absent)}{?It is/They are} {.val {utils::head(absent, 3)}}{if (length(absent) > 3) ', ...'}.",
        i = "Rows are matched by name, letter by letter."
      ),
      "metadata"
    )
  }
}

# Rows that are matched by position although something tells that they were moved or are named otherwise.
warn_of_order <- function(data, name, names) {
  own <- attr(data, "row.names")
  moved <- is.integer(own) && is.unsorted(own)
  strange <- !is.integer(own) && !is.null(names)
  if (moved || strange) {
    warn_vaeirt(
      c(
        "The rows of {.code ${name}} are taken in the order of {.code $votes}, whose names they do not have.",
        x = if (moved) "They are numbered {.val {utils::head(own, 3)}}, ..., as if they had been sorted.",
        x = if (strange) "They are named {.val {utils::head(own, 2)}}, ..., those of {.code $votes}
                          {.val {utils::head(names, 2)}}, ...",
        i = "If that is their order, say so with {.code rownames(x${name}) <- NULL}; if not, name them as {.code $votes} does."
      ),
      "metadata"
    )
  }
}

# Columns of a data frame that has one row per row of `table`, except names that `table` or the results use.
add_metadata <- function(table, metadata) {
  if (!is.data.frame(metadata) || nrow(metadata) != nrow(table)) {
    return(table)
  }
  metadata <- metadata[setdiff(names(metadata), c(names(table), result_columns))]
  tibble::add_column(table, !!!as.list(metadata))
}

# Columns of the results, which metadata may not take.
result_columns <- c(
  "respondent", "item", "response", "term", "dimension", "estimate", "std.error", "conf.low", "conf.high",
  "n_responses", "pareto_k", "ess", "options"
)
