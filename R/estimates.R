# The tibble of the respondents' estimates: the one place where it is built.
new_estimates <- function(respondents, posterior, level) {
  n <- nrow(respondents)
  dims <- ncol(posterior$mean)
  sd <- posterior_sd(posterior)
  row <- rep(seq_len(n), each = dims)
  by_row <- function(x) as.vector(t(x))
  estimates <- respondents[row, setdiff(names(respondents), "n_responses")]
  estimates$dimension <- rep(seq_len(dims), n)
  estimates$estimate <- by_row(posterior$mean)
  estimates$std.error <- by_row(sd)
  estimates <- with_limits(estimates, posterior, level)
  estimates$n_responses <- respondents$n_responses[row]
  estimates$pareto_k <- missing_if_nan(posterior$pareto_k[row])
  estimates$ess <- missing_if_nan(posterior$effective_draws[row])
  estimates
}

# Standard deviations from the packed lower triangles, with the uncertainty of the items where it is known.
posterior_sd <- function(posterior) {
  dims <- ncol(posterior$mean)
  packed_sd(posterior_covariance(posterior), dims)
}

posterior_covariance <- function(posterior) if (is.null(posterior$joint)) posterior$covariance else posterior$joint

# The posterior moments on the scale on which the means have mean 0 and standard deviation 1. Without the uncertainty of the
# items location and scale count as known.
normalised_posterior <- function(posterior, moments) {
  row <- rep(1, nrow(posterior$mean))
  triangle <- lower_triangle(length(moments$sd))
  products <- moments$sd[triangle[, 1]] * moments$sd[triangle[, 2]]
  posterior$mean <- (posterior$mean - outer(row, moments$mean)) / outer(row, moments$sd)
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

# The moments of those who answered, spread over the rows of all respondents.
fill_rows <- function(posterior, rows, n) {
  posterior <- posterior[vapply(posterior, NROW, numeric(1)) > 0 | length(rows) == 0]
  if (length(rows) == n) {
    return(posterior)
  }
  place <- match(seq_len(n), rows)
  lapply(posterior, function(x) if (is.matrix(x)) x[place, , drop = FALSE] else x[place])
}
