# Methods of read_responses() for tables with one column per item.

#' @exportS3Method
read_responses.matrix <- function(x, columns, missing, call) {
  if (!is.numeric(x) && !is.logical(x) && !is.character(x)) {
    abort_vaeirt("A matrix of responses must be numeric, logical or character, not of type {.cls {typeof(x)}}.", "input", call)
  }
  check_some_cells(x, call)
  respondents <- tibble::tibble(respondent = dimension_names(x, 1))
  items <- tibble::tibble(item = dimension_names(x, 2))
  warn_if_codes(x, missing)
  coded <- code_values(declare_missing(as.vector(x), missing), call = call, locate = function(at) {
    row <- (at - 1) %% nrow(x) + 1
    list(respondent = respondents$respondent[[row]], item = items$item[[(at - 1) %/% nrow(x) + 1]])
  })
  found <- labels_by_item(cells_of(coded$place, nrow(x)), coded$labels, ncol(x))
  list(cells = found$cells, respondents = respondents, items = items, labels = found$labels)
}

#' @exportS3Method
read_responses.data.frame <- function(x, columns, missing, call) {
  check_some_cells(x, call)
  selected <- lapply(rlang::set_names(names(columns)), function(arg) select_columns(x, columns[[arg]], arg, call))
  if (length(selected$item) + length(selected$response) == 0) {
    read_wide(x, selected$respondent, missing, call)
  } else {
    read_long(x, selected, missing, call)
  }
}

read_wide <- function(x, id_columns, missing, call) {
  respondents <- if (length(id_columns) > 0) {
    name_respondents(x, id_columns, call)
  } else {
    tibble::tibble(respondent = dimension_names(x, 1))
  }
  values <- as.list(x)[setdiff(seq_along(x), id_columns)]
  items <- tibble::tibble(item = names(values))
  coded <- Map(function(column, item) code_column(column, item, missing, respondents$respondent, call), values, items$item)
  cells <- cells_of(unlist(lapply(coded, `[[`, "place"), use.names = FALSE), nrow(x))
  list(cells = cells, respondents = respondents, items = items, labels = unname(lapply(coded, `[[`, "labels")))
}

# The observed cells of a table whose columns stand one below the other.
cells_of <- function(place, n_rows) {
  observed <- which(!is.na(place))
  list(
    respondent = as.integer((observed - 1) %% n_rows + 1),
    item = as.integer((observed - 1) %/% n_rows + 1),
    option = place[observed]
  )
}

code_column <- function(values, item, missing, respondents, call, item_at = function(at) item) {
  good <- is.factor(values) || is.character(values) || is.logical(values) ||
    (is.numeric(values) && !inherits(values, c("Date", "POSIXct", "difftime")))
  if (!good || !is.null(dim(values))) {
    abort_vaeirt(
      c(
        "Column {.val {item}} holds no responses: it is {describe(values)}.",
        i = "An item is a factor or a character, logical or whole-number vector.",
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
  code_values(declare_missing(values, missing), call = call, locate = function(at) {
    list(respondent = respondents[[at]], item = item_at(at))
  })
}

# The places of values among their labels. The labels are the levels of a factor, else the values that occur: numbers
# in rising order, strings in that of the C locale. `locate` tells the respondent and the item of an element.
code_values <- function(values, locate, call) {
  if (is.factor(values)) {
    if (anyNA(levels(values))) {
      values <- factor(values, levels = levels(values)[!is.na(levels(values))])
    }
    return(list(place = as.integer(values), labels = levels(values)))
  }
  if (is.numeric(values)) {
    bad <- which(!is.na(values) & (is.infinite(values) | values != trunc(values)))
    if (length(bad) > 0) {
      where <- locate(bad[[1]])
      value <- format(values[[bad[[1]]]])
      abort_vaeirt(
        c(
          "Responses must be whole numbers or {.val {NA}}.",
          x = "Respondent {.val {where$respondent}} has the value {.val {value}} on item {.val {where$item}}.",
          i = "{length(bad)} value{?s} of this kind in all."
        ),
        "response",
        call
      )
    }
  }
  options <- sort(unique(values[!is.na(values)]), method = "radix")
  labels <- if (is.numeric(options)) number_names(options) else as.character(options)
  list(place = match(values, options, incomparables = NA), labels = labels)
}

# The values that the user declares missing become NA.
declare_missing <- function(values, missing) {
  if (is.null(missing)) {
    return(values)
  }
  hit <- if (is.numeric(values) && is.numeric(missing)) {
    values %in% missing
  } else {
    as.character(values) %in% as_names(missing)
  }
  values[hit] <- NA
  values
}

# Roll calls as ICPSR and Voteview code them: 1 to 3 yea, 4 to 6 nay, the rest no vote.
warn_if_codes <- function(x, missing) {
  if (is.numeric(x) && all(c(1, 6) %in% x) && any(c(0, 7, 8, 9) %in% setdiff(x, missing)) && all(x %in% c(0:9, NA))) {
    cli::cli_warn(
      c(
        "The numbers look like the codes of roll calls, where 1 means yea, 6 nay and 0, 7, 8 and 9 no vote.",
        i = "As they are, each is a response option. Use a {.cls rollcall} object of {.pkg pscl}, or
             {.code missing = c(0, 7, 8, 9)}."
      ),
      class = c("vaeirt_warning_codes", "vaeirt_warning")
    )
  }
}

# From labels that all items share to the labels of each item: those that occur on it. The cost follows the responses.
labels_by_item <- function(cells, shared, n_items) {
  n <- length(shared)
  key <- (cells$item - 1) * as.double(n) + cells$option
  used <- sort(unique(key))
  item <- (used - 1) %/% n + 1
  place <- seq_along(used) - match(item, item) + 1L
  cells$option <- place[match(key, used)]
  labels <- split(shared[(used - 1) %% n + 1], factor(item, levels = seq_len(n_items)))
  list(cells = cells, labels = unname(labels))
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
  names %||% number_names(seq_len(dim(x)[[margin]]))
}
