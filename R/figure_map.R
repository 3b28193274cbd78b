# The figure of two dimensions, with cutting lines.

plot_map <- function(fit, dimension, groups, labels, items, most = 10000, call = caller_env()) {
  points <- drawn_points(fit, dimension[[1]], groups, call = call)
  points$.other <- fit$parameters$respondents$mean[points$.row, dimension[[2]]]
  points$.named <- named_points(points, labels, most = 40, call)
  points$.label <- ifelse(points$.named, wrap_names(points$respondent), "")
  lines <- cutting_segments(fit, dimension, items, range(points$estimate), range(points$.other))
  n_all <- nrow(points)
  even <- unique(round(seq(1, n_all, length.out = min(n_all, most))))
  points <- points[sort(unique(c(even, if (is.character(labels)) which(points$.named)))), ]
  levels <- levels(points$.group)
  title <- groups$title
  many <- nrow(points) > 1000
  ggplot2::ggplot(points, ggplot2::aes(.data$estimate, .data$.other)) +
    # Many points would hide the lines.
    (if (!many) draw_cutting_lines(lines, faint)) +
    ggplot2::geom_point(
      ggplot2::aes(colour = .data$.group, shape = .data$.group),
      size = if (many) 0.7 else 1.4, alpha = if (many) 0.4 else 0.9
    ) +
    (if (many) draw_cutting_lines(lines, ink)) +
    # Those that were asked for are marked: many points look alike.
    (if (is.character(labels)) ggplot2::geom_point(data = points[points$.named, ], shape = 1, size = 3, colour = ink)) +
    label_points(
      ggplot2::aes(label = .data$.label), points[near_names(points$estimate, points$.other, points$.named), ], colour = ink
    ) +
    scale_groups(levels, title) +
    scale_group_shapes(levels, title) +
    ggplot2::guides(colour = solid_keys(levels, title)) +
    ggplot2::labs(
      x = axis_title(fit, dimension[[1]]), y = axis_title(fit, dimension[[2]]),
      caption = left_out(n_all, most, is.null(labels) && n_all > 40, lines_left_out(fit, lines))
    ) +
    theme_vaeirt(if (is.null(groups$values)) "none" else "top")
}

# What a figure of respondents does not show, in words; nothing where it shows all.
left_out <- function(n_all, most, names, more = NULL) {
  lines <- c(
    paste0(
      if (n_all > most) paste(format_count(most), "of "), if (n_all > most || names) counted(n_all, "respondent"),
      if (names) "; no names drawn, `labels` adds some"
    ),
    more
  )
  if (any(nzchar(lines))) paste(lines[nzchar(lines)], collapse = "\n")
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

# The parts of some items' cutting lines that lie in a box, and where their arrows end. Of an item with several lines those
# are drawn that divide most.
cutting_segments <- function(fit, dimension, items, x, y) {
  chosen <- if (is.null(items)) dividing_items(fit, dimension) else match(items, fit$parameters$items$item)
  owner <- owners(fit)
  rows <- owner %in% chosen
  names <- list(label = rownames(fit$parameters$items$values), name = wrapped_labels(fit))
  lines <- tibble::tibble(!!!names, owner, !!!cutting_lines(fit, dimension))[rows, ]
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
  # Near the name, where the arrow can be told from those of other lines.
  middle <- at + along * (0.15 * from + 0.85 * to)
  arrow <- arrow_vectors(cbind(lines$normal_1, lines$normal_2), c(diff(x), diff(y)))
  segments <- tibble::tibble(
    label = lines$label, name = lines$name, owner = lines$owner, size = lines$discrimination,
    x = at[, 1] + along[, 1] * from, y = at[, 2] + along[, 2] * from,
    xend = at[, 1] + along[, 1] * to, yend = at[, 2] + along[, 2] * to,
    arrow_x = middle[, 1], arrow_y = middle[, 2],
    arrow_xend = middle[, 1] + arrow[, 1], arrow_yend = middle[, 2] + arrow[, 2]
  )
  segments <- segments[which(from < to), ]
  rank <- stats::ave(-segments$size, segments$owner, FUN = function(size) rank(size, ties.method = "first"))
  segments[rank <= if (is.null(items)) 1 else 2, ]
}

# Two items for each dimension, those that divide the respondents most on it.
dividing_items <- function(fit, dimension) {
  chosen <- integer()
  for (d in dimension) chosen <- c(chosen, utils::head(setdiff(items_by_information(fit, d), chosen), 2))
  chosen
}

# Arrows at right angles to the lines as they are seen: the axes have units of their own. The panel is taken for 1.6 times as
# wide as high, the length of an arrow is 5 % of its height.
arrow_vectors <- function(normal, size) {
  unit <- size / c(1.6, 1)
  length <- sqrt(normal[, 1]^2 * unit[[1]]^2 + normal[, 2]^2 * unit[[2]]^2)
  0.05 * cbind(normal[, 1] * unit[[1]]^2, normal[, 2] * unit[[2]]^2) / length
}

lines_left_out <- function(fit, lines) {
  n_drawn <- nrow(lines)
  n_all <- sum(owners(fit) %in% lines$owner)
  if (n_drawn < n_all) paste(n_drawn, "of the", n_all, "cutting lines of these items: the options that divide most")
}

draw_cutting_lines <- function(lines, colour) {
  list(
    ggplot2::geom_segment(
      ggplot2::aes(.data$x, .data$y, xend = .data$xend, yend = .data$yend), lines,
      colour = colour, linewidth = 0.4
    ),
    ggplot2::geom_segment(
      ggplot2::aes(.data$arrow_x, .data$arrow_y, xend = .data$arrow_xend, yend = .data$arrow_yend), lines,
      colour = colour, linewidth = 0.4, arrow = grid::arrow(length = grid::unit(0.08, "inches"))
    ),
    label_points(ggplot2::aes(.data$xend, .data$yend, label = .data$name), lines, colour = ink, fontface = "italic")
  )
}
