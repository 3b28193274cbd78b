# The figure of two dimensions, with cutting lines.

plot_map <- function(fit, dimension, column, labels, items, call = caller_env()) {
  points <- drawn_points(fit, dimension[[1]], column, call = call)
  points$.other <- fit$parameters$respondents$mean[points$respondent, dimension[[2]]]
  points$.named <- named_points(points, labels, most = 40, call)
  points$.label <- ifelse(points$.named, points$respondent, "")
  # Names keep away from points without one, unless these are too many to be avoided.
  labelled <- if (nrow(points) <= 600) points else points[points$.named, ]
  lines <- cutting_segments(fit, dimension, items, range(points$estimate), range(points$.other))
  levels <- levels(points$.group)
  name <- if (length(column) > 0) column
  ggplot2::ggplot(points, ggplot2::aes(.data$estimate, .data$.other)) +
    draw_cutting_lines(lines) +
    ggplot2::geom_point(
      ggplot2::aes(colour = .data$.group, shape = .data$.group),
      size = if (nrow(points) > 1000) 0.7 else 1.4, alpha = if (nrow(points) > 1000) 0.4 else 0.9
    ) +
    label_points(ggplot2::aes(label = .data$.label, colour = .data$.group), labelled) +
    scale_groups(levels, name) +
    scale_group_shapes(levels, name) +
    ggplot2::coord_equal() +
    ggplot2::labs(x = axis_title(fit, dimension[[1]]), y = axis_title(fit, dimension[[2]])) +
    theme_vaeirt(if (length(column) > 0) "top" else "none")
}

# Which points get their names.
named_points <- function(points, labels, most, call) {
  if (is.null(labels)) {
    return(rep(nrow(points) <= most, nrow(points)))
  }
  if (!is.character(labels)) {
    return(rep(check_flag(labels, call = call), nrow(points)))
  }
  check_rows(labels, points$respondent, call = call)
  points$respondent %in% as_names(labels)
}

# The parts of some items' cutting lines that lie in a box, and where their arrows end.
cutting_segments <- function(fit, dimension, items, x, y) {
  owner <- owners(fit)
  # The two that each dimension divides most.
  chosen <- if (is.null(items)) {
    unlist(lapply(dimension, function(d) utils::head(items_by_strength(fit, d), 2)))
  } else {
    match(items, fit$parameters$items$item)
  }
  lines <- tibble::tibble(label = rownames(fit$parameters$items$values), !!!cutting_lines(fit, dimension))[owner %in% chosen, ]
  along <- cbind(-lines$normal_2, lines$normal_1)
  at <- cbind(lines$midpoint_1, lines$midpoint_2)
  # Where the line enters and leaves the box, in steps along it from its midpoint.
  steps <- function(limits, k) {
    ends <- cbind(limits[[1]] - at[, k], limits[[2]] - at[, k]) / along[, k]
    list(from = pmin(ends[, 1], ends[, 2]), to = pmax(ends[, 1], ends[, 2]))
  }
  across <- steps(x, 1)
  up <- steps(y, 2)
  from <- pmax(across$from, up$from)
  to <- pmin(across$to, up$to)
  arrow <- 0.05 * max(diff(x), diff(y))
  # Near the name, where the arrow can be told from those of other lines.
  middle <- at + along * (0.15 * from + 0.85 * to)
  segments <- tibble::tibble(
    label = lines$label,
    x = at[, 1] + along[, 1] * from, y = at[, 2] + along[, 2] * from,
    xend = at[, 1] + along[, 1] * to, yend = at[, 2] + along[, 2] * to,
    arrow_x = middle[, 1], arrow_y = middle[, 2],
    arrow_xend = middle[, 1] + arrow * lines$normal_1, arrow_yend = middle[, 2] + arrow * lines$normal_2
  )
  segments[which(from < to), ]
}

draw_cutting_lines <- function(lines) {
  list(
    ggplot2::geom_segment(
      ggplot2::aes(.data$x, .data$y, xend = .data$xend, yend = .data$yend), lines,
      colour = faint, linewidth = 0.4
    ),
    ggplot2::geom_segment(
      ggplot2::aes(.data$arrow_x, .data$arrow_y, xend = .data$arrow_xend, yend = .data$arrow_yend), lines,
      colour = faint, linewidth = 0.4, arrow = grid::arrow(length = grid::unit(0.08, "inches"))
    ),
    label_points(ggplot2::aes(.data$xend, .data$yend, label = .data$label), lines, colour = ink)
  )
}
