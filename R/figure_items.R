# The figure of the items: discrimination by difficulty. Of each item the option that discriminates most is named.

plot_items <- function(fit, items, n = if (fit$dims == 1) 10 else max(3, 12 %/% fit$dims)) {
  parameters <- item_matrix(fit)
  owner <- owners(fit)
  dims <- seq_len(fit$dims)
  width <- max(12, 24 %/% fit$dims)
  points <- tibble::tibble(
    item = rep(owner, fit$dims),
    label = rep(wrapped_labels(fit, width), fit$dims),
    difficulty = rep(difficulties(parameters), fit$dims),
    discrimination = as.vector(discriminations(parameters)),
    panel = rep(paste("Dimension", dims), each = nrow(parameters))
  )
  points <- points[order(-abs(points$discrimination)), ]
  best <- !duplicated(points[c("item", "panel")])
  points$named <- if (is.null(items)) {
    best & stats::ave(best, points$panel, FUN = cumsum) <= n
  } else {
    fit$parameters$items$item[points$item] %in% items
  }
  points$shown <- ifelse(points$named, points$label, "")
  near <- unlist(lapply(split(seq_len(nrow(points)), points$panel), function(rows) {
    own <- points[rows, ]
    rows[near_names(own$difficulty, own$discrimination, own$named, most = 100 %/% fit$dims)]
  }))
  n_all <- length(fit$parameters$items$item)
  ggplot2::ggplot(points, ggplot2::aes(.data$difficulty, .data$discrimination)) +
    ggplot2::geom_hline(yintercept = 0, colour = faint, linewidth = 0.3) +
    ggplot2::geom_point(ggplot2::aes(colour = .data$named), size = 1, alpha = if (nrow(points) > 200) 0.5 else 0.8) +
    ggplot2::scale_colour_manual(values = c(`FALSE` = ink, `TRUE` = palette_vaeirt[[1]]), guide = "none") +
    label_points(ggplot2::aes(label = .data$shown), points[near, ], colour = palette_vaeirt[[1]]) +
    ggplot2::facet_wrap("panel", labeller = if (fit$dims == 1) function(x) list("") else "label_value") +
    # Names are as wide in a narrow panel as in a wide one.
    ggplot2::scale_x_continuous(expand = ggplot2::expansion(0.05 * fit$dims)) +
    ggplot2::labs(
      x = "Difficulty", y = "Discrimination",
      caption = if (is.null(items) && n_all > n) {
        where <- if (fit$dims > 1) " on each dimension"
        paste0(n, " of ", format_count(n_all), " items are named", where, ": those that discriminate most")
      }
    ) +
    theme_vaeirt("none") +
    if (fit$dims == 1) ggplot2::theme(strip.text = ggplot2::element_blank())
}
