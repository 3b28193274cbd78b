# Probabilities of response options at given traits.

# The item parameters by item: a list of matrices with one row per option beside the reference, the discriminations by
# dimension, then the difficulty; or another matrix with such rows.
parameters_by_item <- function(fit, parameters = item_matrix(fit)) {
  rows <- split(seq_len(nrow(parameters)), owners(fit))
  unname(lapply(rows, function(own) parameters[own, , drop = FALSE]))
}

# The linear predictors of an item's options, the reference first: one row per row of `traits`.
linear_predictors <- function(parameters, traits) unwrap_rust(rust_predictors(parameters, traits))$predictors

# Probabilities of the options of an item: one row per row of `traits`, the reference first. `form` is one of response_forms().
option_probabilities <- function(parameters, traits, form) to_probabilities(linear_predictors(parameters, traits), form)

# Those of each item of a fit as a function of `traits`.
response_functions <- function(fit) {
  of_item <- function(parameters, form) function(traits) option_probabilities(parameters, traits, form)
  Map(of_item, parameters_by_item(fit), response_forms(fit))
}

# Probabilities of options from their linear predictors, the reference first.
to_probabilities <- function(predictors, form) {
  unwrap_rust(rust_probabilities(predictors, form$link, form$model))$probabilities
}

row_max <- function(x) do.call(pmax, lapply(seq_len(ncol(x)), function(k) x[, k]))

# For each item the probabilities of its options, averaged over traits that are normal, with Cholesky factors that are packed row
# by row, and over the parameters of every option as well: one row per respondent. `known` as uncertain_items() has it.
mean_probabilities <- function(known, threads) {
  dims <- ncol(known$posterior$mean)
  n_rows <- vapply(known$items, function(item) nrow(item$parameters), integer(1))
  several <- unique(n_rows[n_rows > 1])
  # With two options there is no need of any.
  points <- list(matrix(0, 0, 0))
  points[several] <- lapply(dims + several, normal_points)
  items <- lapply(known$items, function(item) {
    c(item[c("parameters", "covariance")], item$form, list(points = points[[nrow(item$parameters)]]))
  })
  found <- unwrap_rust(rust_averaged_probabilities(items, known$posterior$mean, known$posterior$factors, threads))
  lapply(found$probabilities, missing_if_nan)
}

# The limits of those of an item: matrices `low` and `high` like those of the probabilities. With two options the linear
# predictor is taken for normal; with more the limits are the quantiles over evenly spread points, in which those of options in
# order keep it.
probability_limits <- function(item, posterior, level) {
  parameters <- item$parameters
  form <- item$form
  traits <- posterior$mean
  predictors <- linear_predictors(parameters, traits)
  of_item <- predictor_variance(item$covariance, traits)
  if (ncol(predictors) == 2) {
    variance <- rowSums(turned_slopes(parameters, posterior$factors, nrow(traits))^2) + of_item[, 1]
    width <- stats::qnorm((1 + level) / 2) * sqrt(variance)
    low <- to_probabilities(cbind(0, predictors[, 2] - width), form)
    high <- to_probabilities(cbind(0, predictors[, 2] + width), form)
    return(list(low = cbind(high[, 1], low[, 2]), high = cbind(low[, 1], high[, 2])))
  }
  dims <- ncol(traits)
  points <- normal_points(dims + nrow(parameters))
  drawn <- vapply(seq_len(nrow(points)), function(s) {
    moved <- linear_predictors(parameters, traits + multiply_rows(posterior$factors, points[s, seq_len(dims)]))
    moved[, -1] <- moved[, -1] + sqrt(of_item) * rep(points[s, -seq_len(dims)], each = nrow(traits))
    if (has_order(form$model)) moved[, -1] <- falling(moved[, -1])
    as.vector(to_probabilities(moved, form))
  }, numeric(length(predictors)))
  limits <- row_quantiles(matrix(drawn, ncol = nrow(points)), c((1 - level) / 2, (1 + level) / 2))
  list(low = matrix(limits[, 1], nrow = nrow(traits)), high = matrix(limits[, 2], nrow = nrow(traits)))
}

# The columns of a matrix, none above the one before it.
falling <- function(x) {
  for (k in seq_len(ncol(x))[-1]) x[, k] <- pmin(x[, k], x[, k - 1])
  x
}

# What the uncertainty of its parameters adds to the variance of every option's linear predictor, in one column each; nothing
# where it is not known.
predictor_variance <- function(covariance, traits) {
  design <- predictor_design(traits)
  triangle <- lower_triangle(ncol(design))
  twice <- ifelse(triangle[, 1] == triangle[, 2], 1, 2)
  products <- design[, triangle[, 1], drop = FALSE] * design[, triangle[, 2], drop = FALSE]
  covariance[is.na(covariance)] <- 0
  pmax(products %*% (twice * t(covariance)), 0)
}

# What the factors transposed make of the discriminations of a binary item: its squares sum to the predictor's variance.
turned_slopes <- function(parameters, factors, n) {
  gamma <- discriminations(parameters)
  triangle <- lower_triangle(ncol(gamma))
  turned <- matrix(0, n, ncol(gamma))
  for (k in seq_len(nrow(triangle))) {
    turned[, triangle[k, 2]] <- turned[, triangle[k, 2]] + factors[, k] * gamma[1, triangle[k, 1]]
  }
  turned
}

# Points spread evenly over the standard normal distribution: the additive recurrence with the generalised golden ratio, the
# positive solution of x^(d + 1) = x + 1 (Roberts 2018, https://extremelearning.com.au), and their mirror images, which leave
# averages a half to a third of the error.
normal_points <- function(dims, n = 256) {
  ratio <- stats::uniroot(function(x) x^(dims + 1) - x - 1, c(1, 2), tol = 1e-12)$root
  points <- stats::qnorm((0.5 + outer(seq_len(n / 2), ratio^-seq_len(dims))) %% 1)
  rbind(points, -points)
}

# Quantiles of every row, one in each column; NA where the row has any.
row_quantiles <- function(x, shares) {
  known <- !is.na(x[, 1])
  sorted <- matrix(x[known, ][order(rep(seq_len(sum(known)), ncol(x)), x[known, ])], nrow = ncol(x))
  quantiles <- matrix(NA_real_, nrow(x), length(shares))
  for (k in seq_along(shares)) {
    place <- 1 + shares[[k]] * (ncol(x) - 1)
    below <- sorted[floor(place), ]
    quantiles[known, k] <- below + (place - floor(place)) * (sorted[ceiling(place), ] - below)
  }
  quantiles
}

# Rows and columns of a lower triangle that is packed row by row.
lower_triangle <- function(dims) {
  triangle <- which(lower.tri(diag(dims), diag = TRUE), arr.ind = TRUE)
  unname(triangle[order(triangle[, 1], triangle[, 2]), , drop = FALSE])
}

# The lower Cholesky factors of packed covariances, packed alike, one in each row.
cholesky_rows <- function(covariance, dims) {
  at <- function(i, j) i * (i - 1) / 2 + j
  factor <- covariance
  for (i in seq_len(dims)) {
    for (j in seq_len(i)) {
      rest <- covariance[, at(i, j)]
      for (k in seq_len(j - 1)) rest <- rest - factor[, at(i, k)] * factor[, at(j, k)]
      factor[, at(i, j)] <- if (i == j) sqrt(pmax(rest, 0)) else ifelse(factor[, at(j, j)] > 0, rest / factor[, at(j, j)], 0)
    }
  }
  factor
}

# Each of the packed lower triangles times a vector, or times the row of a matrix.
multiply_rows <- function(factors, x) {
  x <- if (is.matrix(x)) x else matrix(x, nrow(factors), length(x), byrow = TRUE)
  triangle <- lower_triangle(ncol(x))
  product <- matrix(0, nrow(factors), ncol(x))
  for (k in seq_len(nrow(triangle))) {
    product[, triangle[k, 1]] <- product[, triangle[k, 1]] + factors[, k] * x[, triangle[k, 2]]
  }
  product
}
