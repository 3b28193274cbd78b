# The figure of sorted ideal points, and that of their density.

plot_ideal_points <- function(fit, dimension, column, labels, scale = "prior", most = 5000, call = caller_env()) {
  points <- drawn_points(fit, dimension, column, scale, call)
  points <- points[order(points$estimate), ]
  points$.named <- named_points(points, labels, most = 120, call)
  n_all <- nrow(points)
  points <- points[unique(round(seq(1, n_all, length.out = min(n_all, most)))), ]
  points$.place <- seq_len(nrow(points))
  plot <- ggplot2::ggplot(points, ggplot2::aes(x = .data$estimate, y = .data$.place, colour = .data$.group)) +
    ggplot2::geom_segment(
      ggplot2::aes(x = .data$conf.low, xend = .data$conf.high, yend = .data$.place),
      linewidth = 0.4, alpha = 0.6, na.rm = TRUE
    ) +
    ggplot2::geom_point(ggplot2::aes(shape = .data$.group), size = if (nrow(points) <= 200) 1.3 else 0.5) +
    scale_groups(levels(points$.group), if (length(column) > 0) column) +
    scale_group_shapes(levels(points$.group), if (length(column) > 0) column) +
    ggplot2::labs(
      x = paste0(axis_title(fit, dimension), " (", format(100 * fit$control$level), " % interval)"), y = NULL,
      caption = if (n_all > most) paste(format_count(most), "of", format_count(n_all), "respondents")
    ) +
    theme_vaeirt(if (length(column) > 0) "top" else "none") +
    ggplot2::theme(
      panel.grid.major.y = ggplot2::element_blank(),
      axis.text.y = ggplot2::element_text(size = if (sum(points$.named) <= 40) 8 else 5)
    )
  named <- points[points$.named, ]
  if (nrow(named) == 0 || is.character(labels)) {
    # A few names stand beside their intervals, where neighbours do not write over each other.
    beside <- label_points(ggplot2::aes(x = .data$conf.high, label = .data$respondent), named, hjust = 0, nudge_x = 0.05)
    return(plot + list(ggplot2::scale_y_continuous(breaks = NULL), if (nrow(named) > 0) beside))
  }
  plot + ggplot2::scale_y_continuous(breaks = named$.place, labels = named$respondent, expand = ggplot2::expansion(add = 0.8))
}

plot_density <- function(fit, dimension, column, scale = "prior", most = 10000, call = caller_env()) {
  points <- drawn_points(fit, dimension, column, scale, call)
  weight <- given_weights(fit$responses, match(points$respondent, respondent_names(fit$responses$respondents)))
  points$.weight <- rep(weight, length.out = nrow(points))
  points$std.error <- conditional_sd(fit, dimension, scale)
  share <- tapply(points$.weight, points$.group, sum) / sum(points$.weight)
  points <- points[unique(round(seq(1, nrow(points), length.out = min(nrow(points), most)))), ]
  wide <- 3 * max(points$std.error)
  grid <- seq(min(points$estimate) - wide, max(points$estimate) + wide, length.out = 400)
  curves <- lapply(levels(points$.group), function(group) {
    own <- points[points$.group == group, ]
    height <- stats::dnorm(outer(grid, own$estimate, "-") / rep(own$std.error, each = length(grid)))
    height <- height %*% (own$.weight / own$std.error) / sum(own$.weight)
    tibble::tibble(estimate = grid, density = height[, 1] * share[[group]], .group = factor(group, levels(points$.group)))
  })
  curves <- do.call(rbind, curves)
  ggplot2::ggplot(curves, ggplot2::aes(.data$estimate, .data$density, colour = .data$.group, fill = .data$.group)) +
    ggplot2::geom_area(alpha = 0.2, position = "identity", linewidth = 0.6) +
    scale_groups(levels(curves$.group), if (length(column) > 0) column, c("colour", "fill")) +
    ggplot2::scale_y_continuous(expand = ggplot2::expansion(c(0, 0.05))) +
    ggplot2::labs(x = axis_title(fit, dimension), y = "Density") +
    theme_vaeirt(if (length(column) > 0) "top" else "none")
}

# Standard deviations of the posteriors given the items, of those who have one. The population is as spread out as these are
# together; what its location, scale and axes add to the uncertainty of each is no part of that.
conditional_sd <- function(fit, dimension, scale) {
  posterior <- fit$parameters$respondents
  if (scale == "normalised") posterior <- normalised_posterior(posterior, fit$parameters$traits)
  posterior_sd(posterior[c("mean", "covariance")])[!is.na(posterior$mean[, dimension]), dimension]
}
