#' Estimates and intervals as matrices, and the likelihood
#'
#' The methods of package stats for a fit: `coef()` and `confint()` in the shapes that functions of base R expect
#' ([tidy.vae_irt()] gives the same numbers as tibbles), `logLik()` for [AIC()] and [BIC()], `vcov()`,
#' `deviance()`, `weights()` and `nobs()`.
#'
#' @param object A `vae_irt` object.
#' @param component `"respondents"`: the ideal points; `"items"`: the item parameters.
#' @param parm Names or numbers of rows of the result; all without it.
#' @param level Level of the intervals.
#' @param ... Must be empty.
#' @return
#' `coef()`: a numeric matrix. For respondents it has one row each, named, and one column per dimension (`dimension_1`,
#' ...); for items one row per item and option beside the reference, named `item`, or `item: option` where an item has
#' several, and the columns `discrimination_1`, ..., `difficulty`.
#'
#' `confint()`: a numeric matrix with one row per estimate, named by row and column of `coef()` (`name` alone for ideal
#' points in one dimension, else `name: dimension_1` and so on), and two columns with the lower and the upper limit.
#'
#' `vcov()`: a square matrix with a row and a column per estimate, named as those of `confint()`. Known are the covariances of
#' the estimates of one respondent, or of one row of `coef(fit, "items")`; all others are `NA`. They are not 0: where a
#' calculation needs those between respondents, draws have them, see [as_draws_matrix()][as_draws_df.vae_irt].
#'
#' `deviance()`: -2 times the log-likelihood. `weights()`: those of the respondents, or `NULL`.
#'
#' `logLik()`: the marginal log-likelihood of the item parameters (by quadrature or importance sampling, with the traits
#' integrated out) on the scale of estimation, where the priors hold location and scale; with few respondents it is a
#' little below that of the reported items. It is of class `logLik`: its `df` are the free item parameters less the rotations,
#' its `nobs` the respondents with a response, so that [BIC()] agrees with [glance()]. `NA` without refinement, see
#' [vae_control()].
#'
#' `nobs()`: the number of observed responses.
#' @name coef.vae_irt
#' @export
#' @examples
#' truth <- simulate_irt(100, 20, seed = 1)
#' fit <- vae_irt(truth$responses, seed = 1, control = vae_control(threads = 1))
#' head(coef(fit))
#' confint(fit, parm = c("1", "2"), level = 0.9)
#' AIC(fit)
coef.vae_irt <- function(object, component = c("respondents", "items"), ...) {
  check_fit(object, "object")
  component <- check_choice(component, c("respondents", "items"))
  check_no_dots(..., .call = rlang::current_env())
  if (component == "items") {
    return(object$parameters$items$values)
  }
  check_estimated(object)
  traits <- object$parameters$respondents$mean
  colnames(traits) <- paste0("dimension_", seq_len(object$dims))
  traits
}

#' @rdname coef.vae_irt
#' @export
confint.vae_irt <- function(object, parm = NULL, level = 0.95, component = c("respondents", "items"), ...) {
  check_fit(object, "object")
  component <- check_choice(component, c("respondents", "items"))
  level <- check_share(level)
  check_no_dots(..., .call = rlang::current_env())
  names <- dimnames(coef.vae_irt(object, component))
  table <- tidy.vae_irt(object, component, conf.level = level)
  labels <- coefficient_names(names)
  tails <- format(100 * c(1 - level, 1 + level) / 2, trim = TRUE, digits = 3)
  limits <- matrix(c(table$conf.low, table$conf.high), ncol = 2, dimnames = list(labels, paste(tails, "%")))
  if (is.null(parm)) limits else limits[check_rows(parm, labels), , drop = FALSE]
}

#' @rdname coef.vae_irt
#' @export
vcov.vae_irt <- function(object, component = c("respondents", "items"), ...) {
  check_fit(object, "object")
  component <- check_choice(component, c("respondents", "items"))
  check_no_dots(..., .call = rlang::current_env())
  names <- dimnames(coef.vae_irt(object, component))
  covariance <- if (component == "items") {
    object$parameters$items$covariance
  } else {
    posterior_covariance(object$parameters$respondents)
  }
  block_matrix(covariance, coefficient_names(names))
}

# The matrix of the packed covariances of blocks of estimates; what is between blocks is not known.
block_matrix <- function(packed, labels, most = 5000, call = caller_env()) {
  if (length(labels) > most) {
    abort_vaeirt(
      c(
        "The covariance matrix of {format_count(length(labels))} estimates is too large.",
        i = "{.code $parameters} has the covariances of each respondent and item; {.fn posterior::as_draws_matrix} gives
             draws."
      ),
      "argument",
      call
    )
  }
  size <- length(labels) / nrow(packed)
  triangle <- lower_triangle(size)
  matrix <- matrix(NA_real_, length(labels), length(labels), dimnames = list(labels, labels))
  first <- (seq_len(nrow(packed)) - 1) * size
  for (k in seq_len(nrow(triangle))) {
    matrix[cbind(first + triangle[k, 1], first + triangle[k, 2])] <- packed[, k]
    matrix[cbind(first + triangle[k, 2], first + triangle[k, 1])] <- packed[, k]
  }
  missing_if_nan(matrix)
}

# Names of single estimates, from those of the rows and columns of coef(): by row, and by column within it.
coefficient_names <- function(names) {
  if (length(names[[2]]) == 1) {
    return(names[[1]])
  }
  paste0(rep(names[[1]], each = length(names[[2]])), ": ", names[[2]])
}

# The rows that are named or numbered.
check_rows <- function(rows, labels, arg = rlang::caller_arg(rows), call = caller_env()) {
  place <- if (is.numeric(rows)) match(rows, seq_along(labels)) else match(as_names(rows), labels)
  if (anyNA(place)) {
    unknown <- rows[is.na(place)]
    near <- if (is.character(unknown)) most_similar(unknown[[1]], labels)
    abort_vaeirt(
      c(
        "{.arg {arg}} names {length(unknown)} estimate{?s} that {?does/do} not exist: {.val {unknown}}.",
        i = if (length(near) > 0) "The most similar names are {.val {near}}."
      ),
      "argument",
      call
    )
  }
  place
}

# Names of the rows of item_matrix(): of the items, with the option where there are several.
item_labels <- function(items) {
  n_rows <- lengths(items$options) - 1L
  options <- unlist(lapply(items$options, `[`, -1))
  item <- rep(items$item, n_rows)
  ifelse(rep(n_rows, n_rows) == 1, item, paste0(item, ": ", options))
}

#' @rdname coef.vae_irt
#' @export
logLik.vae_irt <- function(object, ...) {
  check_fit(object, "object")
  check_no_dots(..., .call = rlang::current_env())
  evidence <- object$parameters$respondents$log_evidence
  weighted <- evidence * respondent_weights(object$responses, seq_along(evidence))
  value <- if (all(is.na(evidence))) NA_real_ else sum(weighted, na.rm = TRUE)
  structure(value, df = object$statistics$df, nobs = people_of(object), class = "logLik")
}

#' @rdname coef.vae_irt
#' @export
nobs.vae_irt <- function(object, ...) {
  check_fit(object, "object")
  check_no_dots(..., .call = rlang::current_env())
  responses <- object$responses
  if (!are_frequencies(responses)) {
    return(sum(as.double(object$parameters$items$n_responses)))
  }
  sum(responses$weights * responses_given(responses))
}

#' @rdname coef.vae_irt
#' @export
deviance.vae_irt <- function(object, ...) -2 * as.numeric(logLik.vae_irt(object, ...))

#' @rdname coef.vae_irt
#' @export
weights.vae_irt <- function(object, ...) {
  check_fit(object, "object")
  check_no_dots(..., .call = rlang::current_env())
  check_estimated(object)
  object$responses$weights
}
