# The tibble of the item parameters: the one place where it is built. `parameters` have one row per item and
# non-reference option: the discriminations by dimension, then the difficulty; `covariance` their packed lower triangles.
new_items <- function(parameters, covariance, items, level) {
  dims <- ncol(parameters) - 1L
  n_options <- lengths(items$options)
  owner <- rep(seq_along(n_options), n_options - 1)
  label <- unlist(lapply(items$options, `[`, -1))
  row <- rep(seq_along(owner), each = dims + 1)
  table <- tibble::tibble(
    item = items$item[owner[row]],
    response = label[row],
    term = rep(c(rep("discrimination", dims), "difficulty"), length(owner)),
    dimension = rep(c(seq_len(dims), NA_integer_), length(owner)),
    estimate = as.vector(t(parameters)),
    std.error = as.vector(t(packed_sd(covariance, dims + 1)))
  )
  table <- with_limits(table, NULL, level)
  table$n_responses <- items$n_responses[owner[row]]
  table
}

# The item parameters of a fit as a matrix with one row per item and non-reference option.
item_matrix <- function(fit) matrix(fit$items$estimate, ncol = fit$dims + 1L, byrow = TRUE)

# The discriminations of all options, the reference's zeros included, less their mean over the options of the item: what an
# item says about the axes, whatever its reference.
centred_discriminations <- function(fit) {
  n_options <- lengths(fit$catalogue$options)
  owner <- rep(seq_along(n_options), n_options)
  gamma <- matrix(0, length(owner), fit$dims)
  gamma[sequence(n_options) > 1, ] <- item_matrix(fit)[, seq_len(fit$dims)]
  gamma - (rowsum(gamma, owner) / n_options)[owner, , drop = FALSE]
}

missing_if_nan <- function(x) {
  x[is.nan(x)] <- NA_real_
  x
}

# The same on the scale on which the posterior means of the respondents have mean 0 and standard deviation 1.
normalised_item_matrix <- function(fit) {
  parameters <- item_matrix(fit)
  gamma <- parameters[, seq_len(fit$dims), drop = FALSE]
  difficulty <- parameters[, fit$dims + 1] - gamma %*% fit$moments$mean
  cbind(gamma * rep(fit$moments$sd, each = nrow(gamma)), difficulty)
}

# Standard deviations from packed lower triangles, one in each row.
packed_sd <- function(covariance, n) missing_if_nan(sqrt(covariance[, cumsum(seq_len(n)), drop = FALSE]))
