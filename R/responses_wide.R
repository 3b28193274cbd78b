# Methods of read_responses() for tables with one column per item.

#' @exportS3Method
read_responses.matrix <- function(x, columns, rules, call) {
  if (!is.numeric(x) && !is.logical(x) && !is.character(x)) {
    abort_vaeirt(
      "A matrix of responses must be numeric, logical or character, not of type {.cls {typeof(x)}}.", "input", call
    )
  }
  check_some_cells(x, call)
  names <- dimension_names(x, 1)
  items <- tibble::tibble(item = dimension_names(x, 2))
  coded <- code_values(x, call)
  found <- read_table(coded$values, nrow(x), rules, call, locate = function(row, column) {
    list(respondent = names[[row]], item = items$item[[column]])
  })
  list(
    cells = found$cells,
    options = new_options(seq_along(found$item), found$item, label_values(found$value, coded$labels), found$value, found$count),
    respondents = tibble::tibble(respondent = names),
    items = items,
    weights = weights_given(columns$weights, nrow(x), names, call),
    single = TRUE,
    order = order_of_values(x)
  )
}

#' @exportS3Method
read_responses.data.frame <- function(x, columns, rules, call) {
  check_some_cells(x, call)
  by_column <- columns[c("respondent", "item", "response", "metadata")]
  selected <- lapply(rlang::set_names(names(by_column)), function(arg) select_columns(x, by_column[[arg]], arg, call))
  if (length(selected$item) + length(selected$response) == 0) {
    read_wide(x, selected, columns, rules, call)
  } else {
    read_long(x, selected, columns$weights, rules, call)
  }
}

# `selected` are the places of columns, `columns` the quosures that select them.
read_wide <- function(x, selected, columns, rules, call) {
  respondents <- if (length(selected$respondent) > 0) {
    name_respondents(x, selected$respondent, call)
  } else {
    if (rlang::quo_is_null(columns$metadata)) warn_if_long(x)
    tibble::tibble(respondent = dimension_names(x, 1))
  }
  names <- respondents$respondent
  weighted <- wide_weights(x, columns$weights, names, call)
  table <- divide_columns(x, selected, weighted$columns, columns)
  if (length(table$items) == 0) {
    abort_vaeirt("There is no item: {.arg {table$given}} select{?s/} all columns.", "empty", call)
  }
  values <- as.list(x)[table$items]
  items <- tibble::tibble(item = as_utf8(names(values) %||% character(length(values))))
  items$question <- question_texts(values, call)
  check_columns(values, table, call)
  coded <- Map(function(column, item) code_column(column, item, call), values, items$item)
  locate <- function(row, column) {
    list(respondent = names[[row]], item = items$item[[column]], advice = advice_on_numbers(values, table))
  }
  found <- read_table(unname(lapply(coded, `[[`, "values")), nrow(x), rules, call, locate)
  list(
    cells = found$cells,
    options = label_options(with_levels(found, lapply(coded, `[[`, "labels")), unname(lapply(coded, `[[`, "names"))),
    respondents = add_metadata(respondents, metadata_columns(x, c(selected$metadata, table$places), call)),
    items = items,
    weights = weighted$weights,
    single = TRUE,
    order = unname(vapply(values, order_of_values, character(1))),
    columns = table,
    absent = unlist(lapply(coded, `[[`, "absent"), use.names = FALSE),
    dropped = if (length(table$places) > 0) {
      n_values <- vapply(as.list(x)[table$places], function(column) sum(!is.na(column)), numeric(1))
      list(aside("column", table$aside, "text among numbers", unname(n_values)))
    }
  )
}

# Which columns are `items`, by their places, and the names of those that are set `aside` as metadata though nobody selected
# them, with their `places`; also what column_advice() asks for. `metadata` that selects nothing says that all are items.
divide_columns <- function(x, selected, weight_columns, columns) {
  items <- setdiff(seq_along(x), c(selected$respondent, selected$metadata, weight_columns))
  unasked <- rlang::quo_is_null(columns$metadata)
  named <- !is.null(names(x)) && !anyNA(names(x)) && all(validEnc(names(x)) & nzchar(names(x))) && !anyDuplicated(names(x))
  places <- if (unasked && named) items[text_among_numbers(as.list(x)[items])] else integer()
  own <- vapply(as.list(x)[places], function(column) !anyDuplicated(column[!is.na(column)]), logical(1))
  list(
    items = setdiff(items, places), aside = names(x)[places], places = places,
    all_items = !unasked && length(selected$metadata) == 0,
    given = names_of_given(columns), metadata = names(x)[selected$metadata],
    identifiers = if (nrow(x) >= 10) names(x)[places[own]],
    repeated = repeated_columns(x, places)
  )
}

# The cells of a table with their raw options; a value that is no whole number is an error.
read_table <- function(columns, n_rows, rules, call, locate) {
  found <- unwrap_rust(rust_read_table(columns, n_rows, as_numbers(rules$missing), rules$threads), call)
  if (!is.null(found$bad)) {
    where <- locate(found$row, found$column)
    abort_not_whole(found, where$respondent, where$item, call, where$advice)
  }
  found
}

abort_not_whole <- function(found, respondent, item, call, advice = NULL) {
  value <- format(found$bad, digits = 15)
  abort_vaeirt(
    c(
      "Responses must be whole numbers, at most 2^53 in size, or {.val {NA}}.",
      x = "Respondent {.val {respondent}} has the value {.val {value}} on item {.val {item}}.",
      i = "{found$n_values} value{?s} of this kind in all.",
      i = if (!is.null(advice)) "If that is no item, say what it is: {.code {advice}}."
    ),
    "response",
    call
  )
}

# What to type for columns of numbers that are not whole.
advice_on_numbers <- function(columns, table) {
  broken <- vapply(columns, function(column) {
    is.numeric(column) && any(column[is.finite(column)] != trunc(column[is.finite(column)]))
  }, logical(1))
  if (any(broken)) column_advice(c(names(columns)[broken], table$aside), table)
}

# The raw options of a table: `raw` (number of the raw option, NA for a level that does not occur), `item`, `label`,
# `rank` (which orders the options of an item) and `count`.
new_options <- function(raw, item, label, rank, count) {
  order <- order(item, rank, method = "radix")
  data.frame(raw = raw, item = item, label = label, rank = rank, count = count)[order, ]
}

# The raw options of a table whose columns have levels of their own, where they have any; levels that do not occur are
# options that nobody chose.
with_levels <- function(found, levels) {
  coded <- !vapply(levels, is.null, logical(1))
  n_levels <- lengths(levels)
  key <- function(item, value) value * (length(levels) + 1) + item
  plain <- which(!coded[found$item])
  item <- rep(seq_along(levels), n_levels)
  code <- sequence(n_levels)
  raw <- match(key(item, code), key(found$item, found$value))
  count <- found$count[raw]
  count[is.na(raw)] <- 0
  new_options(
    raw = c(plain, raw),
    item = c(found$item[plain], item),
    label = c(number_names(found$value[plain]), unlist(levels, use.names = FALSE)),
    rank = c(found$value[plain], code),
    count = c(found$count[plain], count)
  )
}

holds_responses <- function(column) {
  good <- is.factor(column) || is.character(column) || is.logical(column) ||
    (is.numeric(column) && !inherits(column, c("Date", "POSIXct", "difftime", "integer64")))
  good && is.null(dim(column))
}

# The columns of a table that are to be items hold responses.
check_columns <- function(columns, table, call) {
  bad <- which(!vapply(columns, holds_responses, logical(1)))
  if (length(bad) > 0) {
    advice <- column_advice(c(names(columns)[bad], table$aside), table)
    abort_no_responses(columns[[bad[[1]]]], names(columns)[[bad[[1]]]], call, advice)
  }
}

abort_no_responses <- function(column, name, call, advice = NULL) {
  abort_vaeirt(
    c(
      "Column {.val {name}} holds no responses: it is {describe(column)}.",
      i = "An item is a factor or a character, logical or whole-number vector.",
      i = if (inherits(column, "integer64")) "Convert it with {.fn as.character}.",
      i = if (!is.null(advice)) "Select columns that are no items, {.code {advice}}, or leave them out of the data."
    ),
    "input",
    call
  )
}

code_column <- function(column, item, call) {
  if (!holds_responses(column)) {
    abort_no_responses(column, item, call)
  }
  if (is_labelled(column)) {
    return(code_labelled(column, call))
  }
  # Numbers of other classes of survey packages are the numbers.
  code_values(if (is.numeric(column)) as.vector(unclass(column)) else column, call)
}

# Values as numbers: places among `labels`, from 1, or the numbers themselves, without labels. The labels are the levels
# of a factor, FALSE and TRUE, or the strings that occur, in the order of the C locale.
code_values <- function(values, call) {
  if (is.factor(values)) {
    check_text(levels(values), "The label of a response option", call)
    if (anyNA(levels(values))) {
      values <- factor(values, levels = levels(values)[!is.na(levels(values))])
    }
    return(list(values = as.integer(values), labels = as_utf8(levels(values))))
  }
  if (is.logical(values)) {
    occur <- c(!all(values, na.rm = TRUE), any(values, na.rm = TRUE))
    return(list(values = as.integer(values) + if (occur[[1]]) 1L else 0L, labels = c("FALSE", "TRUE")[occur]))
  }
  if (is.numeric(values)) {
    return(list(values = values, labels = NULL))
  }
  labels <- unique(as.vector(values))
  check_text(labels, "The label of a response option", call)
  labels <- in_reference_order(labels)
  list(values = match(values, labels, incomparables = NA), labels = as_utf8(labels))
}

label_values <- function(values, labels) if (is.null(labels)) number_names(values) else labels[values]

# The numbers among the values that the user declares missing; they need not be whole.
as_numbers <- function(missing) {
  numbers <- suppressWarnings(as.double(setdiff(as_names(missing), no_answer_words)))
  numbers[!is.na(numbers)]
}

check_some_cells <- function(x, call) {
  if (nrow(x) == 0 || ncol(x) == 0) {
    abort_vaeirt("There is no response: the data have {nrow(x)} row{?s} and {ncol(x)} column{?s}.", "empty", call)
  }
}

# Names of rows or columns; numbers, never in scientific notation, where there are none.
dimension_names <- function(x, margin) {
  automatic <- is.data.frame(x) && margin == 1 && .row_names_info(x) <= 0
  names <- if (!automatic) dimnames(x)[[margin]]
  if (is.null(names)) number_names(seq_len(dim(x)[[margin]])) else as_utf8(names)
}
