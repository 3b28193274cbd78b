# Weights of respondents: a column of the data, or a vector with one number per respondent.

# The position of the column of weights, if `weights` selects one. A name of a column is that column; anything else that
# evaluates to numbers, one for each of `n` rows, is no selection.
select_weights <- function(x, weights, n, call) {
  if (rlang::quo_is_null(weights)) {
    return(integer())
  }
  expression <- rlang::quo_get_expr(weights)
  named <- (is.symbol(expression) || rlang::is_string(expression)) && as.character(expression) %in% names(x)
  if (!named && is_vector_of(weights, n)) {
    return(integer())
  }
  column <- select_columns(x, weights, "weights", call)
  if (length(column) != 1) {
    abort_vaeirt("{.arg weights} must select one column, not {length(column)}.", "argument", call)
  }
  column
}

# Does a quosure evaluate to numbers, `n` of them, or any number of them where `n` is NA?
is_vector_of <- function(weights, n) {
  value <- tryCatch(rlang::eval_tidy(weights), error = function(cnd) NULL)
  is.numeric(value) && (if (is.na(n)) length(value) > 1 else length(value) == n)
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
    abort_vaeirt(
      "{.arg weights} must hold {n} number{?s}, one for each respondent, not be {describe(value)}.", "weights", call
    )
  }
  # With names they are put in the order of the respondents.
  place <- match(names, as_utf8(names(value) %||% character()))
  if (!anyNA(place)) {
    value <- value[place]
  }
  check_weights(value, names, call)
}

refuse_vector_weights <- function(weights, call) {
  if (!rlang::quo_is_null(weights)) {
    abort_vaeirt("Where the data have one row per response, {.arg weights} must select a column.", "argument", call)
  }
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
