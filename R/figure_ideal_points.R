# The figure of sorted ideal points with their intervals.

# From so many respondents on intervals are too near each other to be told apart: they are drawn as one ribbon.
ribbon_from <- 300

plot_ideal_points <- function(fit, dimension, groups, labels, scale = "prior", most = 5000, call = caller_env()) {
  points <- drawn_points(fit, dimension, groups, scale, call)
  points <- points[order(points$estimate), ]
  n_all <- nrow(points)
  points$.named <- named_points(points, labels, most = ribbon_from - 1, call)
  chosen <- is.character(labels)
  even <- unique(round(seq(1, n_all, length.out = min(n_all, most))))
  points <- points[sort(unique(c(even, if (chosen) which(points$.named)))), ]
  points$.place <- seq_len(nrow(points))
  points$.label <- ifelse(points$.named, cut_names(points$respondent), "")
  points$.low <- ifelse(is.na(points$conf.low), points$estimate, points$conf.low)
  points$.high <- ifelse(is.na(points$conf.high), points$estimate, points$conf.high)
  levels <- levels(points$.group)
  beside <- room_for_names(points$.low, points$.high, points$.label)
  ggplot2::ggplot(points, ggplot2::aes(x = .data$estimate, y = .data$.place, colour = .data$.group)) +
    (if (nrow(points) < ribbon_from) interval_layers(points) else ribbon_layers(points, groups$title)) +
    (if (chosen) mark_points(points[points$.named, ])) +
    (if (any(points$.named)) names_layer(points, moved = chosen)) +
    scale_groups(levels, groups$title) +
    scale_group_shapes(levels, groups$title) +
    ggplot2::scale_x_continuous(expand = ggplot2::expansion(max(0.05, beside))) +
    ggplot2::scale_y_continuous(breaks = NULL, expand = ggplot2::expansion(0.02, 0.5)) +
    ggplot2::labs(
      x = paste0(axis_title(fit, dimension), " (", format(100 * fit$control$level), " % interval)"), y = NULL,
      caption = left_out(n_all, most, is.null(labels) && n_all >= ribbon_from)
    ) +
    theme_vaeirt(if (is.null(groups$values)) "none" else "top")
}

interval_layers <- function(points) {
  list(
    ggplot2::geom_segment(
      ggplot2::aes(x = .data$conf.low, xend = .data$conf.high, yend = .data$.place),
      linewidth = 0.4, alpha = 0.6, na.rm = TRUE
    ),
    ggplot2::geom_point(ggplot2::aes(shape = .data$.group), size = if (nrow(points) <= 200) 1.3 else 0.8)
  )
}

# One ribbon, with the posterior means as a line. Points on it would hide each other: each group has a row of ticks below.
ribbon_layers <- function(points, title) {
  n_groups <- nlevels(points$.group)
  height <- min(0.06, 0.3 / n_groups) * nrow(points)
  points$.lane <- -height * (as.integer(points$.group) - 0.5)
  list(
    ggplot2::geom_ribbon(
      ggplot2::aes(y = .data$.place, xmin = .data$.low, xmax = .data$.high), points,
      inherit.aes = FALSE, orientation = "y", fill = "grey85"
    ),
    ggplot2::geom_path(colour = ink, linewidth = 0.7),
    if (n_groups > 1) {
      ggplot2::geom_segment(
        ggplot2::aes(y = .data$.lane, xend = .data$estimate, yend = .data$.lane - 0.8 * height), points,
        linewidth = 0.3, alpha = if (nrow(points) <= 1000) 0.7 else 0.2,
        key_glyph = ggplot2::draw_key_rect
      )
    },
    ggplot2::guides(colour = solid_keys(levels(points$.group), title))
  )
}

# Those whose names were asked for stand out.
mark_points <- function(named) {
  list(
    ggplot2::geom_segment(
      ggplot2::aes(x = .data$.low, xend = .data$.high, yend = .data$.place), named,
      linewidth = 0.7, show.legend = FALSE
    ),
    ggplot2::geom_point(ggplot2::aes(shape = .data$.group), named, size = 2, show.legend = FALSE)
  )
}
