# ideal_points() for fits of other packages that are no draws. Structures as of wnominate 1.4, oc 1.2.1, emIRT 0.0.14 and
# mirt 1.47.

#' @rdname ideal_points
#' @export
ideal_points.nomObject <- function(x, ..., conf.level = 0.95) {
  check_no_dots(..., .call = rlang::current_env())
  points_of_legislators(x$legislators, check_share(conf.level))
}

#' @rdname ideal_points
#' @export
ideal_points.OCobject <- function(x, ..., conf.level = 0.95) {
  check_no_dots(..., .call = rlang::current_env())
  points_of_legislators(x$legislators, check_share(conf.level))
}

# The metadata of the roll calls come first, then what the fit adds.
points_of_legislators <- function(legislators, level) {
  columns <- function(pattern) grep(pattern, names(legislators))
  numbers <- function(at) as.matrix(legislators[at])
  added <- c(
    columns("^(coord|se)[0-9]+D$|^corr\\.[0-9]+$"),
    match(c("rank", "correctYea", "wrongYea", "wrongNay", "correctNay", "volume", "GMP", "CC"), names(legislators))
  )
  respondents <- add_metadata(
    tibble::tibble(respondent = dimension_names(legislators, 1)), legislators[setdiff(seq_along(legislators), added)]
  )
  std_error <- numbers(columns("^se[0-9]+D$"))
  # Without a bootstrap wnominate fills the column with zeros.
  if (all(std_error == 0, na.rm = TRUE)) std_error <- NA_real_
  new_ideal_points(respondents, numbers(columns("^coord[0-9]+D$")), std_error, level)
}

#' @rdname ideal_points
#' @export
ideal_points.binIRT <- function(x, ..., respondents = NULL, conf.level = 0.95) {
  check_no_dots(..., .call = rlang::current_env())
  points_of_emirt(x$means$x, x$bse$x, x$vars$x, respondents, check_share(conf.level), rlang::current_env())
}

#' @rdname ideal_points
#' @export
ideal_points.ordIRT <- ideal_points.binIRT

#' @rdname ideal_points
#' @export
ideal_points.hierIRT <- function(x, ..., respondents = NULL, conf.level = 0.95) {
  check_no_dots(..., .call = rlang::current_env())
  # Its variances are those of the parts, whose covariance is unknown.
  points_of_emirt(x$means$x_implied, x$bse$x_implied, NULL, respondents, check_share(conf.level), rlang::current_env())
}

#' @rdname ideal_points
#' @export
ideal_points.dynIRT <- function(x, ..., respondents = NULL, conf.level = 0.95) {
  check_no_dots(..., .call = rlang::current_env())
  level <- check_share(conf.level)
  names <- row_names(x$means$x, respondents, rlang::current_env())
  # By respondent, then by period: the places in the transposed matrices.
  served <- which(t(x$vars$x) != 0)
  at <- function(values) matrix(t(values)[served])
  std_error <- if (is.null(x$bse$x)) sqrt(x$vars$x) else x$bse$x
  n_periods <- ncol(x$means$x)
  new_ideal_points(
    names[(served - 1L) %/% n_periods + 1L, ], at(x$means$x), at(std_error), level, period = (served - 1L) %% n_periods + 1L
  )
}

# The variances are one for each respondent, or the covariance matrix that all of them share.
points_of_emirt <- function(estimate, bootstrap, variances, respondents, level, call) {
  names <- row_names(estimate, respondents, call)
  std_error <- if (!is.null(bootstrap)) {
    matrix(bootstrap, nrow(estimate))
  } else if (is.null(variances)) {
    NA_real_
  } else if (nrow(variances) == nrow(estimate)) {
    sqrt(variances)
  } else {
    matrix(sqrt(diag(variances)), nrow(estimate), ncol(estimate), byrow = TRUE)
  }
  new_ideal_points(names, estimate, std_error, level)
}

#' @rdname ideal_points
#' @export
ideal_points.SingleGroupClass <- function(x, ..., respondents = NULL, conf.level = 0.95) {
  rlang::check_installed("mirt", reason = "for the scores of its models")
  scores <- getExportedValue("mirt", "fscores")(x, full.scores = TRUE, full.scores.SE = TRUE, ...)
  ideal_points(scores, respondents = respondents, conf.level = conf.level)
}
