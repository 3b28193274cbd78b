# The tibble of the respondents' estimates: the one place where it is built. What is estimated comes before the metadata.
new_estimates <- function(respondents, posterior, level) {
  n <- nrow(respondents)
  dims <- ncol(posterior$mean)
  row <- rep(seq_len(n), each = dims)
  by_row <- function(x) as.vector(t(x))
  estimates <- tibble::tibble(
    respondent = respondents$respondent[row],
    dimension = rep(seq_len(dims), n),
    estimate = by_row(posterior$mean),
    std.error = by_row(posterior_sd(posterior))
  )
  estimates <- with_limits(estimates, posterior, level)
  estimates$n_responses <- respondents$n_responses[row]
  estimates$pareto_k <- missing_if_nan(posterior$pareto_k[row])
  estimates$ess <- missing_if_nan(posterior$effective_draws[row])
  add_metadata(estimates, respondents[row, ])
}

# Those of a fit, of all respondents or some rows of the data.
estimates_of <- function(fit, level = fit$control$level, scale = "prior", rows = NULL) {
  posterior <- fit$parameters$respondents
  if (scale == "normalised") posterior <- normalised_posterior(posterior, fit$parameters$traits)
  if (nrow(posterior$mean) == 0) {
    return(new_estimates(tibble::tibble(respondent = character(), n_responses = integer()), posterior, level))
  }
  if (!is.null(rows)) posterior <- lapply(posterior, function(x) if (is.matrix(x)) x[rows, , drop = FALSE] else x[rows])
  new_estimates(respondent_table(fit$responses, rows, rownames(posterior$mean)), posterior, level)
}

# Standard deviations from the packed lower triangles, with the uncertainty of the items where it is known.
posterior_sd <- function(posterior) {
  dims <- ncol(posterior$mean)
  packed_sd(posterior_covariance(posterior), dims)
}

posterior_covariance <- function(posterior) if (is.null(posterior$joint)) posterior$covariance else posterior$joint

# The posterior moments on the scale on which the means have mean 0 and standard deviation 1. Without the uncertainty of the
# items location and scale count as known.
normalised_posterior <- function(posterior, traits) {
  row <- rep(1, nrow(posterior$mean))
  triangle <- lower_triangle(length(traits$sd))
  products <- traits$sd[triangle[, 1]] * traits$sd[triangle[, 2]]
  posterior$mean <- (posterior$mean - outer(row, traits$mean)) / outer(row, traits$sd)
  posterior$covariance <- posterior$covariance / outer(row, products)
  posterior$joint <- posterior$joint_normalised
  posterior
}

# A table with the limits of its intervals: of respondents with the moments of their posterior, or of items, without.
with_limits <- function(table, posterior, level) {
  skewness <- if (is.null(posterior)) 0 else as.vector(t(posterior$skewness))
  limits <- posterior_limits(table$estimate, table$std.error, skewness, level)
  table$conf.low <- limits$low
  table$conf.high <- limits$high
  table
}

# Quantiles of a distribution from its first three moments: the Cornish-Fisher expansion to the skewness (Cornish and
# Fisher 1938, https://doi.org/10.2307/1400905). The skewness is bounded where the expansion stops rising.
posterior_limits <- function(mean, sd, skewness, level) {
  q <- stats::qnorm((1 + level) / 2)
  bend <- pmax(pmin(skewness, 3 / q), -3 / q) * (q^2 - 1) / 6
  list(low = mean + sd * (bend - q), high = mean + sd * (bend + q))
}
