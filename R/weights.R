# Weights of respondents: a column of the data, an expression of columns, or a vector with one number per respondent.

# The weights of the rows of a data frame as `value`, from a name or a selection of a column, or from an expression that
# evaluates, among the columns, to one number for each row (`computed`); and the `columns` that they come from, by their
# places.
select_weights <- function(x, weights, call) {
  if (rlang::quo_is_null(weights)) {
    return(list(columns = integer()))
  }
  expression <- rlang::quo_get_expr(weights)
  named <- (is.symbol(expression) || rlang::is_string(expression)) && as.character(expression) %in% names(x)
  value <- if (!named) plain_weights(evaluate_weights(x, weights, call))
  # A number is no place of a column, but several columns side by side are a selection.
  columns <- if (is.numeric(value)) columns_read(x, expression, weights)
  if (is.numeric(value) && !(rlang::is_call(expression, "c") && length(columns) > 1)) {
    if (length(value) != nrow(x)) abort_length(value, nrow(x), "row of the data", call)
    return(list(value = value, columns = union(columns, columns_equal(x, value)), computed = TRUE))
  }
  column <- select_columns(x, weights, "weights", call)
  if (length(column) != 1) {
    abort_vaeirt("{.arg weights} must select one column, not {length(column)}.", "argument", call)
  }
  list(value = plain_weights(x[[column]]), columns = unname(column), computed = FALSE)
}

plain_weights <- function(x) if (is_labelled(x)) labelled_values(x) else x

# The value among the columns of the data; NULL where it is no value, but may be a selection. Arithmetic is no selection.
evaluate_weights <- function(x, weights, call) {
  expression <- rlang::quo_get_expr(weights)
  own <- names(x)
  columns <- as.list(x)[!duplicated(own) & !is.na(own) & nzchar(own)]
  tryCatch(rlang::eval_tidy(weights, data = columns), error = function(cnd) {
    if (rlang::is_call(expression, c("+", "*", "/", "^", "sqrt", "exp", "log", "ifelse"))) {
      abort_vaeirt("{.arg weights} cannot be computed.", "argument", call, parent = cnd)
    }
  })
}

# The places of the columns that an expression reads, by their names or as `data$column` and `data[["column"]]`, where that
# is a column of these data.
columns_read <- function(x, expression, weights) {
  if (is.symbol(expression)) {
    return(which(names(x) == as.character(expression)))
  }
  if (!is.call(expression)) {
    return(integer())
  }
  if (rlang::is_call(expression, c("$", "[["), n = 2) && (is.symbol(expression[[3]]) || is.character(expression[[3]]))) {
    at <- which(names(x) == as.character(expression[[3]]))
    value <- tryCatch(
      rlang::eval_tidy(rlang::quo_set_expr(weights, expression), data = as.list(x)),
      error = function(cnd) NULL
    )
    return(at[vapply(at, function(k) is_same_column(x[[k]], value), logical(1))])
  }
  # An argument may be empty, as in w[, 1].
  parts <- Filter(function(part) !rlang::is_missing(part), as.list(expression)[-1])
  unique(unlist(lapply(parts, columns_read, x = x, weights = weights)))
}

# The columns with these values, unless these are all the same.
columns_equal <- function(x, value) {
  if (length(value) < 2 || all(value == value[[1]]) %in% TRUE) {
    return(integer())
  }
  which(vapply(unname(as.list(x)), is_same_column, logical(1), value = value))
}

is_same_column <- function(column, value) {
  plain <- function(x) as.vector(unclass(x))
  is.numeric(column) && is.numeric(value) && length(column) == length(value) && all(plain(column)[1] == plain(value)[1]) %in%
    TRUE && identical(as.double(plain(column)), as.double(plain(value)))
}

# The weights of a table with one row per respondent, and the columns that are not items for that reason.
wide_weights <- function(x, weights, names, call) {
  found <- select_weights(x, weights, call)
  if (is.null(found$value)) {
    return(list(columns = integer()))
  }
  if (found$computed && length(found$columns) > 0) {
    own <- names(x)[found$columns]
    inform_vaeirt(c(
      i = "{.arg weights} comes from {cli::qty(own)}the column{?s} {.val {own}}, which {?is no item/are no items}."
    ))
  }
  list(weights = check_weights(in_order(found$value, names, call), names, call), columns = found$columns)
}

abort_length <- function(value, n, what, call) {
  abort_vaeirt("{.arg weights} must hold {n} number{?s}, one for each {what}, not be {describe(value)}.", "weights", call)
}

# With the respondents' names weights are put in their order; other names, none of which is a respondent's, mean nothing.
in_order <- function(weights, names, call) {
  if (is.null(base::names(weights))) {
    return(weights)
  }
  at <- match(names, as_utf8(base::names(weights)))
  absent <- names[is.na(at)]
  if (length(absent) == length(names)) {
    return(weights)
  }
  if (length(absent) > 0) {
    abort_vaeirt(
      c(
        "{.arg weights} has names, and {length(absent)} of {length(names)} respondents {cli::qty(length(absent))}{?is/are} not
         among them, such as {.val {absent[[1]]}}.",
        i = "Name them all, or none with {.fn unname} if they are in the order of the rows."
      ),
      "weights",
      call
    )
  }
  weights[at]
}

# The weights of the rows of a table, from an expression that evaluates to them.
weights_given <- function(weights, n, names, call) {
  if (rlang::quo_is_null(weights)) {
    return(NULL)
  }
  value <- tryCatch(
    rlang::eval_tidy(weights),
    error = function(cnd) abort_vaeirt("{.arg weights} is neither numbers nor a column.", "weights", call, parent = cnd)
  )
  if (!is.numeric(value) || length(value) != n) {
    abort_length(value, n, "respondent", call)
  }
  check_weights(in_order(value, names, call), names, call)
}

check_weights <- function(weights, names, call) {
  if (!is.numeric(weights)) {
    abort_vaeirt("{.arg weights} must be numbers, not {describe(weights)}.", "weights", call)
  }
  bad <- which(is.na(weights) | weights < 1e-12 | weights > 1e12)
  if (length(bad) > 0) {
    abort_vaeirt(
      c(
        "Weights must be positive numbers, from 1e-12 to 1e12.",
        x = "Respondent {.val {names[[bad[[1]]]]}} has the weight {.val {weights[[bad[[1]]]]}}.",
        i = "{length(bad)} weight{?s} of this kind in all."
      ),
      "weights",
      call
    )
  }
  as.double(weights)
}

# The weight of each respondent, from one weight per response. `first`: the first row of each respondent.
weights_by_respondent <- function(weights, respondent, first, names, call) {
  own <- check_weights(weights[first], names, call)
  other <- which(!(weights %in% NA) & weights != own[respondent] | is.na(weights))
  if (length(other) > 0) {
    at <- other[[1]]
    abort_vaeirt(
      c(
        "A respondent has one weight.",
        x = "Respondent {.val {names[[respondent[[at]]]]}} has the weight {.val {weights[[at]]}} in row {at} and
             {.val {own[[respondent[[at]]]]}} before."
      ),
      "weights",
      call
    )
  }
  own
}
