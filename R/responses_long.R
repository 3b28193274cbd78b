# read_responses() for data frames with one row per response.

read_long <- function(x, columns, missing, call) {
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
  ids <- name_respondents(x, columns$respondent, call)
  item <- as_names(x[[columns$item]])
  if (anyNA(item)) {
    abort_vaeirt("Column {.val {names(x)[[columns$item]]}} has no item in row {which(is.na(item))[[1]]}.", "response", call)
  }
  # Respondents are told apart by the columns themselves: "a/b", "c" and "a", "b/c" are two.
  respondent <- group_rows(as.list(x)[columns$respondent])
  respondents <- ids[!duplicated(respondent), ]
  items <- tibble::tibble(item = unique(item))
  cells <- list(respondent = respondent, item = match(item, items$item))
  check_single_responses(cells, respondents$respondent, items$item, call)

  coded <- code_column(
    x[[columns$response]], names(x)[[columns$response]], missing, ids$respondent, call,
    item_at = function(at) items$item[[cells$item[[at]]]]
  )
  observed <- which(!is.na(coded$place))
  cells$option <- coded$place
  found <- labels_by_item(lapply(cells, `[`, observed), coded$labels, nrow(items))
  list(cells = found$cells, respondents = respondents, items = items, labels = found$labels)
}

check_single_responses <- function(cells, respondents, items, call) {
  pair <- (cells$item - 1) * as.double(length(respondents)) + cells$respondent
  twice <- unique(pair[duplicated(pair)])
  if (length(twice) > 0) {
    first <- match(utils::head(twice, 3), pair)
    more <- if (length(twice) > 3) ", ..." else ""
    shown <- paste0(respondents[cells$respondent[first]], " on ", items[cells$item[first]])
    abort_vaeirt(
      c(
        "A respondent has one response to an item at most.",
        x = "{length(twice)} pair{?s} of respondent and item {?occurs/occur} more than once: {.val {shown}}{more}."
      ),
      "duplicates",
      call
    )
  }
}

# The positions of the selected columns; none where nothing was asked for.
select_columns <- function(x, selection, arg, call) {
  if (rlang::quo_is_null(selection)) {
    return(integer())
  }
  tryCatch(
    tidyselect::eval_select(selection, x, allow_rename = FALSE, error_call = call),
    error = function(cnd) {
      abort_vaeirt("{.arg {arg}} does not select columns of the data.", "argument", call, parent = cnd)
    }
  )
}

# A tibble with the column `respondent`, the selected columns' values joined by "/", and these columns as metadata where
# there are several.
name_respondents <- function(x, id_columns, call) {
  parts <- lapply(id_columns, function(at) as_names(x[[at]]))
  absent <- which(Reduce(`|`, lapply(parts, is.na)))
  if (length(absent) > 0) {
    abort_vaeirt("Row {absent[[1]]} of the data does not name its respondent.", "response", call)
  }
  names <- tibble::tibble(respondent = do.call(paste, c(unname(parts), sep = "/")))
  if (length(id_columns) > 1) add_metadata(names, as.data.frame(x)[id_columns]) else names
}

# Numbers the distinct rows of some columns in the order in which they occur.
group_rows <- function(columns) {
  Reduce(
    function(group, column) {
      values <- unique(column)
      key <- (group - 1) * as.double(length(values)) + match(column, values)
      match(key, unique(key))
    },
    columns,
    rep(1L, length(columns[[1]]))
  )
}

as_names <- function(x) {
  if (is.numeric(x)) number_names(x) else as.character(x)
}
