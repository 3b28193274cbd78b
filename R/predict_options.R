# Predictions of responses from the scores of respondents: their `posterior`, whose rows are named.

# Probabilities of all options, one row per respondent, item and option, with their intervals at a `level`, or none where it
# is NULL.
predict_options <- function(fit, scores, level) {
  n_options <- option_counts(fit)
  names <- rownames(scores$posterior$mean)
  by_row <- function(parts) as.vector(t(do.call(cbind, parts)))
  known <- uncertain_items(fit, scores$posterior)
  table <- tibble::tibble(
    respondent = rep(names, each = sum(n_options)),
    item = rep(rep(fit$parameters$items$item, n_options), length(names)),
    response = rep(unlist(fit$parameters$items$options), length(names)),
    .prob = by_row(mean_probabilities(known, fit$control$threads))
  )
  if (!is.null(level)) {
    limits <- lapply(known$items, probability_limits, known$posterior, level)
    table$conf.low <- by_row(lapply(limits, `[[`, "low"))
    table$conf.high <- by_row(lapply(limits, `[[`, "high"))
  }
  table
}

# What is known of the items, each a list of `parameters`, `covariance` and `form`, and of the respondents given the items: a list
# of `mean` and `factors`. Probabilities depend on no location, scale and axes: so these are those of the normalised scale, on the
# axes that are known best.
uncertain_items <- function(fit, posterior) {
  posterior <- normalised_posterior(posterior, fit$parameters$traits)
  parameters <- parameters_by_item(fit, normalised_item_matrix(fit))
  covariances <- parameters_by_item(fit, fit$parameters$items$covariance_aligned)
  items <- Map(
    function(parameters, covariance, form) list(parameters = parameters, covariance = covariance, form = form),
    parameters, covariances, response_forms(fit)
  )
  list(
    items = items,
    posterior = list(mean = unname(posterior$mean), factors = cholesky_rows(posterior$covariance, fit$dims))
  )
}

# The most probable option of every item, the first of equals.
predict_classes <- function(fit, scores) {
  known <- uncertain_items(fit, scores$posterior)
  label <- matrix(NA_character_, nrow(known$posterior$mean), length(known$items))
  prob <- matrix(NA_real_, nrow(label), ncol(label))
  probabilities <- mean_probabilities(known, fit$control$threads)
  for (j in seq_along(probabilities)) {
    own <- probabilities[[j]]
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
