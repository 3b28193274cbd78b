# Methods of read_responses() for tables with one column per item.

#' @exportS3Method
read_responses.matrix <- function(x, columns, missing, call) {
  if (!is.numeric(x) && !is.logical(x) && !is.character(x)) {
    abort_vaeirt(
      "A matrix of responses must be numeric, logical or character, not of type {.cls {typeof(x)}}.", "input", call
    )
  }
  check_some_cells(x, call)
  names <- dimension_names(x, 1)
  items <- tibble::tibble(item = dimension_names(x, 2))
  coded <- code_values(x, call)
  found <- read_table(coded$values, nrow(x), missing, call, locate = function(row, column) {
    list(respondent = names[[row]], item = items$item[[column]])
  })
  list(
    cells = found$cells,
    options = new_options(seq_along(found$item), found$item, label_values(found$value, coded$labels), found$value, found$count),
    respondents = tibble::tibble(respondent = names),
    items = items,
    weights = weights_given(columns$weights, nrow(x), names, call),
    single = TRUE
  )
}

#' @exportS3Method
read_responses.data.frame <- function(x, columns, missing, call) {
  check_some_cells(x, call)
  by_column <- columns[c("respondent", "item", "response")]
  selected <- lapply(rlang::set_names(names(by_column)), function(arg) select_columns(x, by_column[[arg]], arg, call))
  if (length(selected$item) + length(selected$response) == 0) {
    read_wide(x, selected$respondent, columns$weights, missing, call)
  } else {
    read_long(x, selected, columns$weights, missing, call)
  }
}

read_wide <- function(x, id_columns, weights, missing, call) {
  respondents <- if (length(id_columns) > 0) {
    name_respondents(x, id_columns, call)
  } else {
    tibble::tibble(respondent = dimension_names(x, 1))
  }
  names <- respondents$respondent
  weight_column <- select_weights(x, weights, nrow(x), call)
  weights <- if (length(weight_column) > 0) {
    check_weights(x[[weight_column]], names, call)
  } else {
    weights_given(weights, nrow(x), names, call)
  }
  values <- as.list(x)[setdiff(seq_along(x), c(id_columns, weight_column))]
  items <- tibble::tibble(item = as_utf8(names(values) %||% character(length(values))))
  coded <- Map(function(column, item) code_column(column, item, call), values, items$item)
  found <- read_table(unname(lapply(coded, `[[`, "values")), nrow(x), missing, call, locate = function(row, column) {
    list(respondent = names[[row]], item = items$item[[column]])
  })
  list(
    cells = found$cells,
    options = with_levels(found, lapply(coded, `[[`, "labels")),
    respondents = respondents,
    items = items,
    weights = weights,
    single = TRUE
  )
}

# The cells of a table with their raw options; a value that is no whole number is an error.
read_table <- function(columns, n_rows, missing, call, locate) {
  found <- unwrap_rust(rust_read_table(columns, n_rows, as_numbers(missing), worker_threads()), call)
  if (!is.null(found$bad)) {
    where <- locate(found$row, found$column)
    abort_not_whole(found, where$respondent, where$item, call)
  }
  found
}

abort_not_whole <- function(found, respondent, item, call) {
  value <- format(found$bad, digits = 15)
  abort_vaeirt(
    c(
      "Responses must be whole numbers, at most 2^53 in size, or {.val {NA}}.",
      x = "Respondent {.val {respondent}} has the value {.val {value}} on item {.val {item}}.",
      i = "{found$n_values} value{?s} of this kind in all."
    ),
    "response",
    call
  )
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

code_column <- function(values, item, call) {
  good <- is.factor(values) || is.character(values) || is.logical(values) ||
    (is.numeric(values) && !inherits(values, c("Date", "POSIXct", "difftime", "integer64")))
  if (!good || !is.null(dim(values))) {
    abort_vaeirt(
      c(
        "Column {.val {item}} holds no responses: it is {describe(values)}.",
        i = "An item is a factor or a character, logical or whole-number vector.",
        i = if (inherits(values, "integer64")) "Convert it with {.fn as.character}.",
        i = "Select columns that name the respondents with {.arg respondent}, and leave others out of the data."
      ),
      "input",
      call
    )
  }
  if (is.numeric(values)) {
    # Labelled numbers of survey packages are the numbers.
    values <- as.vector(unclass(values))
  }
  code_values(values, call)
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
  labels <- labels[order(as_utf8(labels), na.last = NA, method = "radix")]
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
