# Predictions of responses from the scores of respondents: their `posterior`, whose rows are named.

# Probabilities of all options at the estimates, one row per respondent, item and option, with their intervals at a
# `level`, or none where it is NULL.
predict_options <- function(fit, scores, level) {
  traits <- unname(scores$posterior$mean)
  n_options <- option_counts(fit)
  names <- rownames(scores$posterior$mean)
  prob <- lapply(response_functions(fit), function(probabilities) probabilities(traits))
  by_row <- function(parts) as.vector(t(do.call(cbind, parts)))
  table <- tibble::tibble(
    respondent = rep(names, each = sum(n_options)),
    item = rep(rep(fit$parameters$items$item, n_options), length(names)),
    response = rep(unlist(fit$parameters$items$options), length(names)),
    .prob = by_row(prob)
  )
  if (!is.null(level)) {
    limits <- option_limits(fit, scores$posterior, level)
    table$conf.low <- by_row(lapply(limits, `[[`, "low"))
    table$conf.high <- by_row(lapply(limits, `[[`, "high"))
  }
  table
}

# The limits by item, from the posterior given the items and the covariances of the items. Probabilities depend on no
# location, scale and axes: so the latter are those of the normalised scale, on the axes that are known best.
option_limits <- function(fit, posterior, level) {
  posterior <- normalised_posterior(posterior, fit$parameters$traits)
  factors <- cholesky_rows(posterior$covariance, fit$dims)
  parameters <- parameters_by_item(fit, normalised_item_matrix(fit))
  covariances <- parameters_by_item(fit, fit$parameters$items$covariance_aligned)
  Map(function(own, covariance, form) {
    probability_limits(own, covariance, unname(posterior$mean), factors, form, level)
  }, parameters, covariances, response_forms(fit))
}

# The most probable option of every item at the estimates, the first of equals.
predict_classes <- function(fit, scores) {
  traits <- unname(scores$posterior$mean)
  probabilities <- response_functions(fit)
  label <- matrix(NA_character_, nrow(traits), length(probabilities))
  prob <- matrix(NA_real_, nrow(traits), length(probabilities))
  for (j in seq_along(probabilities)) {
    own <- probabilities[[j]](traits)
    prob[, j] <- row_max(own)
    label[, j] <- fit$parameters$items$options[[j]][first_of_largest(own)]
  }
  names <- rownames(scores$posterior$mean)
  tibble::tibble(
    respondent = rep(names, each = ncol(prob)),
    item = rep(fit$parameters$items$item, length(names)),
    .pred_class = as.vector(t(label)),
    .prob = as.vector(t(prob))
  )
}

# The column of the largest value in each row; NA in rows of NA.
first_of_largest <- function(x) {
  place <- max.col(x, "first")
  place[is.na(x[, 1])] <- NA
  place
}
