# A row of item parameters: the discriminations by dimension, then the difficulty. Nothing else in R knows that.
item_terms <- function(dims) {
  list(term = c(rep("discrimination", dims), "difficulty"), dimension = c(seq_len(dims), NA_integer_))
}

item_columns <- function(dims) c(paste0("discrimination_", seq_len(dims)), "difficulty")

discriminations <- function(parameters) parameters[, -ncol(parameters), drop = FALSE]

difficulties <- function(parameters) parameters[, ncol(parameters)]

# What the parameters of a row are multiplied by in its linear predictors, one row per row of `traits`.
predictor_design <- function(traits) cbind(traits, -1)

# The tibble of the item parameters: the one place where it is built.
items_of <- function(fit, level = fit$control$level, scale = "prior") {
  items <- fit$parameters$items
  parameters <- if (scale == "normalised") normalised_item_matrix(fit) else items$values
  covariance <- if (scale == "normalised") items$covariance_normalised else items$covariance
  dims <- fit$dims
  owner <- owners(fit)
  label <- unlist(lapply(items$options, `[`, -1))
  terms <- item_terms(dims)
  row <- rep(seq_along(owner), each = length(terms$term))
  table <- tibble::tibble(
    item = items$item[owner[row]],
    response = label[row],
    term = rep(terms$term, length(owner)),
    dimension = rep(terms$dimension, length(owner)),
    estimate = as.vector(t(parameters)),
    std.error = as.vector(t(packed_sd(covariance, length(terms$term))))
  )
  table <- with_limits(table, NULL, level)
  table$n_responses <- items$n_responses[owner[row]]
  table
}

# The item parameters of a fit: one row per item and option beside the reference, the discriminations by dimension, then the
# difficulty.
item_matrix <- function(fit) unname(fit$parameters$items$values)

# How many options each item has, and the item of each row of item_matrix().
option_counts <- function(fit) lengths(fit$parameters$items$options)
owners <- function(fit) rep(seq_along(fit$parameters$items$options), option_counts(fit) - 1L)

# The discriminations of all options, the reference's zeros included, less their mean over the options of the item: what an
# item says about the axes, whatever its reference.
centred_discriminations <- function(fit) {
  n_options <- option_counts(fit)
  owner <- rep(seq_along(n_options), n_options)
  gamma <- matrix(0, length(owner), fit$dims)
  gamma[sequence(n_options) > 1, ] <- discriminations(item_matrix(fit))
  gamma - (rowsum(gamma, owner) / n_options)[owner, , drop = FALSE]
}

missing_if_nan <- function(x) {
  x[is.nan(x)] <- NA_real_
  x
}

# The same on the scale on which the posterior means of the respondents have mean 0 and standard deviation 1.
normalised_item_matrix <- function(fit) {
  parameters <- item_matrix(fit)
  gamma <- discriminations(parameters)
  difficulty <- difficulties(parameters) - gamma %*% fit$parameters$traits$mean
  cbind(gamma * rep(fit$parameters$traits$sd, each = nrow(gamma)), difficulty)
}

# Standard deviations from packed lower triangles, one in each row.
packed_sd <- function(covariance, n) missing_if_nan(sqrt(covariance[, cumsum(seq_len(n)), drop = FALSE]))
