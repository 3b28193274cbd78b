# Probabilities of response options at given traits.

# The item parameters by item: a list of matrices with one row per option beside the reference, the discriminations by
# dimension, then the difficulty.
parameters_by_item <- function(fit) {
  n_rows <- lengths(fit$catalogue$options) - 1L
  parameters <- item_matrix(fit)
  rows <- split(seq_len(nrow(parameters)), rep(seq_along(n_rows), n_rows))
  unname(lapply(rows, function(own) parameters[own, , drop = FALSE]))
}

# The linear predictors of an item's options, the reference first: one row per row of `traits`.
linear_predictors <- function(parameters, traits) {
  dims <- ncol(traits)
  gamma <- parameters[, seq_len(dims), drop = FALSE]
  cbind(0, traits %*% t(gamma) - rep(parameters[, dims + 1], each = nrow(traits)))
}

# From the link to the function that takes an option's standing against the others to its probability.
inverse_link <- function(link) if (link == "probit") stats::pnorm else stats::plogis

# How each option of an item stands against the others together (for the logit link its log odds): a matrix like that of
# the linear predictors. With two options it is the linear predictor, up to its sign.
option_standing <- function(predictors) {
  for_each_option(predictors, function(k) predictors[, k] - log_sum_exp(predictors[, -k, drop = FALSE]))
}

# A matrix with the columns that a function gives for each option.
for_each_option <- function(predictors, column) {
  values <- vapply(seq_len(ncol(predictors)), column, numeric(nrow(predictors)))
  matrix(values, nrow = nrow(predictors))
}

log_sum_exp <- function(x) {
  if (ncol(x) == 1) {
    return(x[, 1])
  }
  largest <- row_max(x)
  largest + log(rowSums(exp(x - largest)))
}

row_max <- function(x) do.call(pmax, lapply(seq_len(ncol(x)), function(k) x[, k]))

# Probabilities of the options of an item: one row per row of `traits`, the reference first.
option_probabilities <- function(parameters, traits, link) {
  inverse_link(link)(option_standing(linear_predictors(parameters, traits)))
}

# Standard deviations of option_standing() where the traits have the covariances whose lower triangles are given row by row, by
# the delta method.
standing_sd <- function(parameters, predictors, covariance) {
  dims <- ncol(parameters) - 1
  gamma <- rbind(0, parameters[, seq_len(dims), drop = FALSE])
  triangle <- lower_triangle(dims)
  twice <- ifelse(triangle[, 1] == triangle[, 2], 1, 2)
  for_each_option(predictors, function(k) {
    others <- predictors[, -k, drop = FALSE]
    share <- exp(others - log_sum_exp(others))
    slope <- rep(gamma[k, ], each = nrow(share)) - share %*% gamma[-k, , drop = FALSE]
    products <- slope[, triangle[, 1], drop = FALSE] * slope[, triangle[, 2], drop = FALSE]
    sqrt(rowSums(products * covariance * rep(twice, each = nrow(products))))
  })
}

# Rows and columns of a lower triangle that is packed row by row.
lower_triangle <- function(dims) {
  triangle <- which(lower.tri(diag(dims), diag = TRUE), arr.ind = TRUE)
  unname(triangle[order(triangle[, 1], triangle[, 2]), , drop = FALSE])
}
