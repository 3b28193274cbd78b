# read_responses() for data frames with one row per response.

read_long <- function(x, columns, weights, rules, call) {
  check_long_columns(columns[c("respondent", "item", "response")], call)
  # Respondents are told apart by the columns themselves: "a/b", "c" and "a", "b/c" are two. Names are made for one row of each
  # alone: there may be many millions of rows.
  respondent <- group_rows(lapply(columns$respondent, function(at) column_of_names(x, at, call)))
  first <- which(!duplicated(respondent))
  check_gaps(x, columns$respondent, first, respondent, call)
  respondents <- name_respondents(x, columns$respondent, call, first, respondent)
  named <- name_items(x, columns$item, call)
  items <- named$items
  item <- named$item
  names <- respondents$respondent
  row_weights <- select_weights(x, weights, call)$value
  weights <- if (!is.null(row_weights)) weights_by_respondent(row_weights, respondent, first, names, call)

  coded <- code_column(x[[columns$response]], names(x)[[columns$response]], call)
  found <- unwrap_rust(
    rust_read_long(respondent, item, coded$values, nrow(items), as_numbers(rules$missing)), call
  )
  if (!is.null(found$bad)) {
    at <- found$row
    abort_not_whole(found, names[[respondent[[at]]]], items$item[[item[[at]]]], call)
  }
  options <- new_options(
    seq_along(found$item), found$item, label_values(found$value, coded$labels), found$value, found$count
  )
  metadata <- metadata_by_respondent(x, columns$metadata, respondent, first, names, call)
  list(
    cells = found$cells,
    options = if (is.null(coded$names)) options else label_options(options, rep(list(coded$names), nrow(items))),
    absent = coded$absent,
    respondents = add_metadata(respondents, metadata),
    items = items,
    weights = weights,
    single = FALSE,
    order = order_of_values(x[[columns$response]])
  )
}

# Long data, in memory or in files, need all three columns; `columns` are their positions.
check_long_columns <- function(columns, call) {
  absent <- names(columns)[lengths(columns) == 0]
  if (length(absent) > 0) {
    abort_vaeirt(
      c(
        "Data with one row per response need {.arg respondent}, {.arg item} and {.arg response}.",
        x = "{cli::qty(absent)}{.arg {absent}} {?selects/select} no column.",
        i = "For data with one column per item select neither {.arg item} nor {.arg response}."
      ),
      "argument",
      call
    )
  }
  for (arg in c("item", "response")) {
    if (length(columns[[arg]]) > 1) {
      abort_vaeirt("{.arg {arg}} must select one column, not {length(columns[[arg]])}.", "argument", call)
    }
  }
  if (columns$item == columns$response) {
    abort_vaeirt("{.arg item} and {.arg response} select the same column.", "argument", call)
  }
}

# The positions of the selected columns; none where nothing was asked for.
select_columns <- function(x, selection, arg, call) {
  if (rlang::quo_is_null(selection) || identical(rlang::quo_get_expr(selection), quote(c()))) {
    return(integer())
  }
  tryCatch(
    tidyselect::eval_select(selection, x, allow_rename = FALSE, error_call = call),
    error = function(cnd) {
      abort_vaeirt(
        c(
          "{.arg {arg}} does not select columns of the data.",
          i = if (ncol(x) > 0) "They are {.val {utils::head(names(x), 10)}}{more_than(names(x), 10)}.",
          i = if (ncol(x) == 0) "There are none."
        ),
        "argument",
        call,
        parent = cnd
      )
    }
  )
}

# A tibble with the column `respondent`, the selected columns' values joined by "/", and these columns as metadata where
# there are several.
name_respondents <- function(x, id_columns, call, rows = seq_len(nrow(x)), respondent = rows) {
  parts <- unname(lapply(id_columns, function(at) as_names(column_of_names(x, at, call)[rows])))
  absent <- which(Reduce(`&`, lapply(parts, function(part) is.na(part) | !nzchar(part))))
  if (length(absent) > 0) {
    abort_nameless(x, id_columns, rows[absent[[1]]], sum(respondent %in% absent), call)
  }
  names <- tibble::tibble(respondent = join_names(parts))
  if (length(id_columns) > 1) add_metadata(names, metadata_columns(x, id_columns, call, rows)) else names
}

# A tibble with the column `item`, and the row in it of the item of each row of the data.
name_items <- function(x, item_column, call) {
  column <- column_of_names(x, item_column, call)
  values <- unique(column)
  item_names <- as_names(values)
  item <- match(column, values)
  absent <- which(item %in% which(is.na(item_names) | !nzchar(item_names)))
  if (length(absent) > 0) {
    abort_vaeirt(
      c(
        "Column {.val {names(x)[[item_column]]}} has no item in row {absent[[1]]}.",
        i = "{length(absent)} row{?s} of this kind in all. Leave out rows that are no responses."
      ),
      "response",
      call
    )
  }
  items <- tibble::tibble(item = unique(item_names))
  list(items = items, item = match(item_names, items$item)[item])
}

# Parts of names joined by "/", without those that are missing.
join_names <- function(parts) {
  if (!any(vapply(parts, anyNA, logical(1)))) {
    return(do.call(paste, c(parts, sep = "/")))
  }
  Reduce(function(left, right) {
    ifelse(is.na(left), right, ifelse(is.na(right), left, paste(left, right, sep = "/")))
  }, parts)
}

# In data with one row per response a part of the name may be missing where the columns without gaps tell the respondents
# apart. Else the rows of several people without a county, say, would become one person's.
check_gaps <- function(x, id_columns, first, respondent, call) {
  if (length(id_columns) < 2) {
    return()
  }
  parts <- lapply(id_columns, function(at) column_of_names(x, at, call)[first])
  gaps <- vapply(parts, anyNA, logical(1))
  if (!any(gaps) || (!all(gaps) && !anyDuplicated(group_rows(parts[!gaps])))) {
    return()
  }
  absent <- which(Reduce(`|`, lapply(parts, is.na)))
  abort_nameless(x, id_columns, first[absent[[1]]], sum(respondent %in% absent), call)
}

abort_nameless <- function(x, id_columns, row, n, call) {
  abort_vaeirt(
    c(
      "Row {row} of the data does not name its respondent in {.val {names(x)[id_columns]}}.",
      i = "{n} row{?s} of this kind in all.",
      i = if (length(id_columns) > 1) "Columns that name nobody, such as a party, are kept by {.arg metadata}."
    ),
    "response",
    call
  )
}

# A column of text, numbers or a factor, by which respondents or items are named.
column_of_names <- function(x, at, call) {
  column <- plain_column(x[[at]], call)
  if (!is.atomic(column) || !is.null(dim(column)) || inherits(column, "integer64")) {
    abort_vaeirt(
      c(
        "Column {.val {names(x)[[at]]}} holds no names: it is {describe(column)}.",
        i = "Names of respondents and items are text, numbers or factors.",
        i = if (inherits(column, "integer64")) "Convert it with {.fn as.character}."
      ),
      "input",
      call
    )
  }
  if (!is.numeric(column)) {
    check_text(as.character(unique(column)), paste("A name in column", encodeString(names(x)[[at]], quote = "\"")), call)
  }
  column
}

# Numbers the distinct rows of some columns in the order in which they occur.
group_rows <- function(columns) {
  first <- columns[[1]]
  Reduce(
    function(group, column) {
      values <- unique(column)
      key <- (group - 1) * as.double(length(values)) + match(column, values)
      match(key, unique(key))
    },
    columns[-1],
    match(first, unique(first))
  )
}

as_names <- function(x) {
  if (!is.numeric(x)) {
    return(as_utf8(as.character(x)))
  }
  if (is.object(x) || length(x) < 1e4) {
    return(number_names(x))
  }
  # In long data most numbers occur often; each is put into words once.
  values <- unique(x)
  number_names(values)[match(x, values)]
}
