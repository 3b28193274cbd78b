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
  limits <- posterior_limits(estimates$estimate, estimates$std.error, by_row(posterior$skewness), level)
  estimates$conf.low <- limits$low
  estimates$conf.high <- limits$high
  estimates$n_responses <- respondents$n_responses[row]
  estimates$pareto_k <- missing_if_nan(posterior$pareto_k[row])
  estimates
}

# Standard deviations from the packed lower triangles.
posterior_sd <- function(posterior) {
  dims <- ncol(posterior$mean)
  diagonal <- cumsum(seq_len(dims))
  sqrt(posterior$covariance[, diagonal, drop = FALSE])
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
  if (length(rows) == n) {
    return(posterior)
  }
  place <- match(seq_len(n), rows)
  lapply(posterior, function(x) if (is.matrix(x)) x[place, , drop = FALSE] else x[place])
}
