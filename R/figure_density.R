# The figure of the density of the ideal points.

plot_density <- function(fit, dimension, groups, scale = "prior", most = 10000, call = caller_env()) {
  points <- drawn_points(fit, dimension, groups, scale, call)
  points$.weight <- respondent_weights(fit$responses, points$.row)
  share <- tapply(points$.weight, points$.group, sum) / sum(points$.weight)
  points$.sd <- conditional_sd(fit, dimension, scale)[points$.row]
  points <- points[unique(round(seq(1, nrow(points), length.out = min(nrow(points), most)))), ]
  points[c("estimate", ".sd")] <- smooth_posteriors(points$estimate, points$.sd, points$.weight)
  wide <- 3 * max(points$.sd)
  grid <- seq(min(points$estimate) - wide, max(points$estimate) + wide, length.out = 400)
  levels <- levels(points$.group)
  curves <- lapply(levels, function(group) {
    own <- points[points$.group == group, ]
    height <- stats::dnorm(outer(grid, own$estimate, "-") / rep(own$.sd, each = length(grid)))
    height <- height %*% (own$.weight / own$.sd) / sum(own$.weight)
    tibble::tibble(estimate = grid, density = height[, 1] * share[[group]], .group = factor(group, levels))
  })
  curves <- do.call(rbind, curves)
  ggplot2::ggplot(curves, ggplot2::aes(.data$estimate, .data$density, colour = .data$.group, fill = .data$.group)) +
    ggplot2::geom_area(alpha = 0.2, position = "identity", linewidth = 0.6) +
    scale_groups(levels, groups$title, c("colour", "fill")) +
    ggplot2::scale_y_continuous(expand = ggplot2::expansion(c(0, 0.05))) +
    ggplot2::labs(x = axis_title(fit, dimension), y = "Density") +
    theme_vaeirt(if (is.null(groups$values)) "none" else "top")
}

# Standard deviations of the posteriors given the items. The population is as spread out as these are together; what its
# location, scale and axes add to the uncertainty of each is no part of that.
conditional_sd <- function(fit, dimension, scale) {
  posterior <- fit$parameters$respondents
  if (scale == "normalised") posterior <- normalised_posterior(posterior, fit$parameters$traits)
  posterior_sd(posterior[c("mean", "covariance")])[, dimension]
}

# Posteriors as kernels of a density: where they are narrow, their average would show every respondent as a spike, so none is
# narrower than the kernels of an estimate from the means alone. The means are moved towards the middle by as much as leaves
# the variance of the population as it is (Jones 1991, Computational Statistics and Data Analysis 11, 3-15).
smooth_posteriors <- function(mean, sd, weight) {
  wider <- pmax(sd, bandwidth(mean))
  middle <- stats::weighted.mean(mean, weight)
  added <- stats::weighted.mean(wider^2 - sd^2, weight)
  between <- stats::weighted.mean((mean - middle)^2, weight)
  if (added > 0) mean <- middle + (mean - middle) * sqrt(max(1 - added / between, 0))
  list(mean, wider)
}

# The bandwidth that follows several modes (Sheather and Jones 1991,
# https://doi.org/10.1111/j.2517-6161.1991.tb01857.x); where the means are too few or alike for it, Silverman's rule.
bandwidth <- function(means) {
  if (length(unique(means)) < 2) {
    return(0)
  }
  tryCatch(suppressWarnings(stats::bw.SJ(means)), error = function(cnd) stats::bw.nrd0(means))
}
