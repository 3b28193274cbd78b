#' Figures of a fit
#'
#' Draws the ideal points of one dimension, sorted, with their intervals.
#'
#' @param object A `vae_irt` object.
#' @param type `"ideal_points"`.
#' @param dimension The dimension to draw.
#' @param colour <[`tidy-select`][tidyselect::language]> A metadata column of `$estimates` that colours the points, such as
#'   `party`. Levels that name Democrats and Republicans get blue and red.
#' @param labels Write the respondents' names beside the axis? The default does for up to 120 of them.
#' @param ... Must be empty.
#' @return A ggplot object.
#' @export
#' @examples
#' truth <- simulate_irt(30, 40, seed = 1)
#' fit <- vae_irt(truth$responses, seed = 1, control = vae_control(threads = 1))
#' autoplot(fit)
autoplot.vae_irt <- function(object, type = "ideal_points", dimension = 1, colour = NULL, labels = NULL, ...) {
  check_choice(type, "ideal_points")
  dimension <- check_count(dimension)
  check_no_dots(..., call = rlang::current_env())
  if (dimension > object$dims) {
    abort_vaeirt("{.arg dimension} is {dimension}, and the fit has {object$dims} dimension{?s}.", "argument")
  }
  check_estimated(object)
  column <- select_columns(object$estimates, rlang::enquo(colour), "colour", rlang::current_env())
  if (length(column) > 1) {
    abort_vaeirt("{.arg colour} must select one column, not {length(column)}.", "argument")
  }
  points <- object$estimates[object$estimates$dimension == dimension & !is.na(object$estimates$estimate), ]
  labels <- if (is.null(labels)) nrow(points) <= 120 else check_flag(labels)
  plot_ideal_points(points, names(points)[column], labels, dimension, object$dims, object$control$level)
}

plot_ideal_points <- function(points, column, labels, dimension, dims, level) {
  points$.place <- rank(points$estimate, ties.method = "first")
  points <- points[order(points$.place), ]
  points$.group <- if (length(column) > 0) factor(points[[column[[1]]]]) else factor("all")
  plot <- ggplot2::ggplot(points, ggplot2::aes(x = .data$estimate, y = .data$.place, colour = .data$.group)) +
    ggplot2::geom_segment(
      ggplot2::aes(x = .data$conf.low, xend = .data$conf.high, yend = .data$.place),
      linewidth = 0.4, alpha = 0.6, na.rm = TRUE
    ) +
    ggplot2::geom_point(size = if (labels) 1.2 else 0.5) +
    scale_groups(levels(points$.group), if (length(column) > 0) column[[1]]) +
    ggplot2::labs(
      x = paste0("Ideal point", if (dims > 1) paste0(", dimension ", dimension), " (", format(100 * level), " % interval)"),
      y = NULL
    ) +
    theme_vaeirt(if (length(column) > 0) "top" else "none") +
    ggplot2::theme(
      panel.grid.major.y = ggplot2::element_blank(),
      axis.text.y = ggplot2::element_text(size = if (nrow(points) <= 40) 8 else 5)
    )
  if (labels) {
    plot + ggplot2::scale_y_continuous(breaks = points$.place, labels = points$respondent, expand = ggplot2::expansion(add = 0.8))
  } else {
    plot + ggplot2::scale_y_continuous(breaks = NULL)
  }
}
