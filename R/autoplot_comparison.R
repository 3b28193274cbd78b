#' Scatter plots of compared ideal points
#'
#' Draws the aligned ideal points of every pair of fits, with the line on which they would agree, the correlations, and the
#' names of the respondents who are farthest from the line.
#'
#' @param object A comparison of [compare_ideal_points()].
#' @param dimension The dimension to draw.
#' @param n_labels Number of respondents named in each panel; the default are 3 for two fits, 1 for more.
#' @param ... Must be empty.
#' @return A ggplot object: one square panel for two fits, else a panel for each pair, as wide as the figure allows.
#'   Points have the colour and shape of their group, if there is one (those without are `"(missing)"`, in grey), and
#'   correlations are written for all and for each group.
#' @seealso [compare_ideal_points()]
#' @export
#' @examples
#' truth <- simulate_irt(50, 30, seed = 1)
#' fit <- vae_irt(truth$responses, seed = 1, control = vae_control(threads = 1))
#' autoplot(compare_ideal_points(vaeirt = fit, truth = truth$respondents))
autoplot.ideal_point_comparison <- function(object, dimension = 1, n_labels = NULL, ...) {
  dimension <- check_count(dimension)
  fits <- unique(attr(object, "points")$fit)
  n_labels <- if (is.null(n_labels)) (if (length(fits) == 2) 3 else 1) else check_count(n_labels, min = 0)
  check_no_dots(..., .call = rlang::current_env())
  if (!dimension %in% object$dimension) {
    dims <- length(unique(object$dimension))
    abort_vaeirt("{.arg dimension} is {dimension}, and the comparison has {dims} dimension{?s}.", "argument")
  }
  panels <- lapply(utils::combn(fits, 2, simplify = FALSE), function(pair) {
    points <- pair_points(attr(object, "points"), pair, dimension, attr(object, "group"))
    points$fit_x <- factor(pair[[1]], fits)
    points$fit_y <- factor(pair[[2]], fits)
    off <- rank(-abs(points$y - points$x), ties.method = "first")
    points$label <- ifelse(off <= n_labels, paste0(points$respondent, point_period(points[["period"]])), "")
    points
  })
  about <- object[object$dimension == dimension, ]
  plot_comparison(do.call(rbind, panels), about, fits, attr(object, "reference"), attr(object, "group"))
}

plot_comparison <- function(points, about, fits, reference, column) {
  points$group <- with_missing_group(named_groups(points$group))
  groups <- levels(points$group)
  frames <- unique(points[c("fit_x", "fit_y")])
  range <- range(points$x, points$y) + c(-0.08, 0.08) * diff(range(points$x, points$y))
  single <- length(fits) == 2
  plot <- ggplot2::ggplot(points, ggplot2::aes(x = .data$x, y = .data$y)) +
    ggplot2::geom_rect(
      ggplot2::aes(xmin = -Inf, xmax = Inf, ymin = -Inf, ymax = Inf), frames,
      inherit.aes = FALSE, fill = NA, colour = "grey80", linewidth = 0.4
    ) +
    ggplot2::geom_segment(
      ggplot2::aes(x = range[[1]], y = range[[1]], xend = range[[2]], yend = range[[2]]), frames,
      colour = faint, linewidth = 0.3
    ) +
    ggplot2::geom_point(
      ggplot2::aes(colour = .data$group, shape = .data$group), size = if (single) 1.6 else 1.1, alpha = 0.8
    ) +
    name_layer(points, range, 0.022 * (length(fits) - 1)) +
    correlation_layer(about, fits, range, groups) +
    scale_groups(groups, column) +
    scale_group_shapes(groups, column) +
    (if (single) ggplot2::coord_fixed else ggplot2::coord_cartesian)(xlim = range, ylim = range, expand = FALSE) +
    theme_vaeirt(if (is.null(column)) "none" else "top") +
    ggplot2::theme(panel.grid = ggplot2::element_blank())
  if (single) {
    titles <- paste0(fits, ifelse(fits == reference, "", paste(", aligned to", reference)))
    return(plot + ggplot2::labs(x = titles[[1]], y = titles[[2]]))
  }
  plot +
    ggplot2::facet_grid(ggplot2::vars(.data$fit_y), ggplot2::vars(.data$fit_x), switch = "both") +
    ggplot2::labs(x = paste0("Ideal points, aligned to ", reference), y = NULL) +
    ggplot2::theme(strip.placement = "outside", strip.text = ggplot2::element_text(face = "bold", hjust = 0.5))
}

# Names start on their side of the line, a `line` apart, clear of the line and of the correlations in the corner. Coordinates
# are shares of the panel, which is turned over for the names below the line.
name_layer <- function(points, range, line) {
  size <- diff(range)
  above <- points$y >= points$x
  share <- function(values) ifelse(above, values - range[[1]], range[[2]] - values) / size
  width <- nchar(points$label) * 0.55 * line
  right <- pmax(share(points$x) - 0.03, width + 0.02)
  lowest <- pmax(share(points$y) + 1.2 * line, right + line)
  highest <- ifelse(!above & right - width < 0.36, if (line < 0.03) 0.75 else 0.5, 1 - 0.6 * line)
  height <- share(points$y)
  shown <- points$label != ""
  for (rows in split(which(shown), interaction(points$fit_x, points$fit_y, above)[shown], drop = TRUE)) {
    height[rows] <- stack_names(height[rows], lowest[rows], highest[rows], line)
  }
  turn <- ifelse(above, size, -size)
  nudge_x <- ifelse(shown, turn * (right - width / 2 - share(points$x)), 0)
  nudge_y <- turn * (height - share(points$y))
  # Names keep clear of points too, unless there are so many that it would take minutes.
  kept <- shown | nrow(points) <= 2000
  label_points(
    ggplot2::aes(label = .data$label), points[kept, ], colour = ink, box.padding = 0.1, xlim = range, ylim = range,
    nudge_x = nudge_x[kept], nudge_y = nudge_y[kept]
  )
}

# Heights of the names of points, in the order of the points' own.
stack_names <- function(own, lowest, highest, line) {
  order <- order(own)
  placed <- lowest[order]
  for (k in seq_along(placed)[-1]) placed[[k]] <- max(placed[[k]], placed[[k - 1]] + line)
  placed <- pmin(placed, highest[order])
  for (k in rev(seq_along(placed)[-1])) placed[[k - 1]] <- min(placed[[k - 1]], placed[[k]] - line)
  placed[order(order)]
}

# The correlations in the lower right corner, a line for all and one for each group.
correlation_layer <- function(about, fits, range, groups) {
  about <- about[!is.na(about$pearson), ]
  about$group <- as.character(with_missing_group(named_groups(about$group)))
  n_below <- stats::ave(seq_len(nrow(about)), about$x, about$y, FUN = function(row) length(row) - seq_along(row))
  r <- vapply(about$pearson, format_correlation, character(1))
  text <- data.frame(
    fit_x = factor(about$x, fits), fit_y = factor(about$y, fits),
    label = paste(ifelse(about$group == "all", "r =", about$group), r),
    up = -0.7 - 1.3 * n_below
  )
  ggplot2::geom_text(
    ggplot2::aes(label = .data$label, vjust = .data$up), text,
    x = range[[2]] - 0.03 * diff(range), y = range[[1]], hjust = 1, size = 2.8,
    colour = unname(c(all = ink, group_colours(groups))[about$group])
  )
}
