# Predictions of responses from the scores of respondents: a list of their `estimates` and `posterior`.

trait_matrix <- function(fit, estimates) matrix(estimates$estimate, ncol = fit$dims, byrow = TRUE)

# Probabilities of all options at the estimates, one row per respondent, item and option, with their intervals at a `level`, or
# none where it is NULL.
predict_options <- function(fit, scores, level) {
  traits <- trait_matrix(fit, scores$estimates)
  parameters <- parameters_by_item(fit)
  inverse <- inverse_link(fit$link)
  n_options <- lengths(fit$catalogue$options)
  columns <- split(seq_len(sum(n_options)), rep(seq_along(n_options), n_options))
  empty <- matrix(NA_real_, nrow(traits), sum(n_options))
  prob <- empty
  low <- high <- if (!is.null(level)) empty
  for (j in seq_along(n_options)) {
    predictors <- linear_predictors(parameters[[j]], traits)
    standing <- option_standing(predictors)
    prob[, columns[[j]]] <- inverse(standing)
    if (!is.null(level)) {
      width <- stats::qnorm((1 + level) / 2) * standing_sd(parameters[[j]], predictors, posterior_covariance(scores$posterior))
      low[, columns[[j]]] <- inverse(standing - width)
      high[, columns[[j]]] <- inverse(standing + width)
    }
  }
  names <- scores$estimates$respondent[scores$estimates$dimension == 1]
  table <- tibble::tibble(
    respondent = rep(names, each = ncol(prob)),
    item = rep(rep(fit$catalogue$item, n_options), length(names)),
    response = rep(unlist(fit$catalogue$options), length(names)),
    .prob = as.vector(t(prob))
  )
  if (!is.null(level)) {
    table$conf.low <- as.vector(t(low))
    table$conf.high <- as.vector(t(high))
  }
  table
}

# The most probable option of every item at the estimates, the first of equals.
predict_classes <- function(fit, scores) {
  traits <- trait_matrix(fit, scores$estimates)
  parameters <- parameters_by_item(fit)
  label <- matrix(NA_character_, nrow(traits), length(parameters))
  prob <- matrix(NA_real_, nrow(traits), length(parameters))
  for (j in seq_along(parameters)) {
    own <- option_probabilities(parameters[[j]], traits, fit$link)
    prob[, j] <- row_max(own)
    label[, j] <- fit$catalogue$options[[j]][first_of_largest(own)]
  }
  names <- scores$estimates$respondent[scores$estimates$dimension == 1]
  tibble::tibble(
    respondent = rep(names, each = ncol(prob)),
    item = rep(fit$catalogue$item, length(names)),
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
