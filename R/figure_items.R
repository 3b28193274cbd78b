# The figures of the items: discrimination by difficulty, and response curves.

plot_items <- function(fit, items, n = 10) {
  parameters <- item_matrix(fit)
  owner <- owners(fit)
  dims <- seq_len(fit$dims)
  points <- tibble::tibble(
    item = rep(owner, fit$dims),
    label = rep(rownames(fit$parameters$items$values), fit$dims),
    difficulty = rep(parameters[, fit$dims + 1], fit$dims),
    discrimination = as.vector(parameters[, dims]),
    panel = rep(paste("Dimension", dims), each = nrow(parameters))
  )
  points$named <- if (is.null(items)) {
    stats::ave(-abs(points$discrimination), points$panel, FUN = rank) <= n
  } else {
    fit$parameters$items$item[points$item] %in% items
  }
  points$shown <- ifelse(points$named, points$label, "")
  # Names keep away from points without one as well, unless these are too many to be avoided.
  labelled <- if (nrow(points) <= 600) points else points[points$named, ]
  ggplot2::ggplot(points, ggplot2::aes(.data$difficulty, .data$discrimination)) +
    ggplot2::geom_hline(yintercept = 0, colour = faint, linewidth = 0.3) +
    ggplot2::geom_point(ggplot2::aes(colour = .data$named), size = 1, alpha = if (nrow(points) > 200) 0.5 else 0.8) +
    ggplot2::scale_colour_manual(values = c(`FALSE` = ink, `TRUE` = palette_vaeirt[[1]])) +
    label_points(ggplot2::aes(label = .data$shown), labelled, colour = palette_vaeirt[[1]]) +
    ggplot2::facet_wrap("panel", labeller = if (fit$dims == 1) function(x) list("") else "label_value") +
    ggplot2::labs(x = "Difficulty", y = "Discrimination") +
    theme_vaeirt("none") +
    if (fit$dims == 1) ggplot2::theme(strip.text = ggplot2::element_blank())
}

plot_response_curves <- function(fit, dimension, items, call = caller_env()) {
  check_estimated(fit, call = call)
  chosen <- if (is.null(items)) spread_over(items_by_strength(fit, dimension), 4) else match(items, fit$parameters$items$item)
  if (length(chosen) == 0) {
    abort_vaeirt("{.arg items} names no item to draw.", "argument", call)
  }
  observed <- observe_own(fit)
  parts <- lapply(chosen, function(j) response_shares(fit, observed, j, dimension))
  shares <- do.call(rbind, lapply(parts, `[[`, "shares"))
  curves <- do.call(rbind, lapply(parts, `[[`, "curve"))
  levels <- in_natural_order(unique(shares$response))
  in_order <- function(table) {
    table$item <- factor(table$item, fit$parameters$items$item[chosen])
    table$response <- factor(table$response, levels)
    table
  }
  curves <- in_order(curves)
  ggplot2::ggplot(in_order(shares), ggplot2::aes(.data$estimate, .data$share, colour = .data$response)) +
    ggplot2::geom_line(ggplot2::aes(y = .data$probability), curves, linewidth = 0.7) +
    ggplot2::geom_linerange(ggplot2::aes(ymin = .data$low, ymax = .data$high), linewidth = 0.3, alpha = 0.7) +
    ggplot2::geom_point(ggplot2::aes(shape = .data$response), size = 1.5) +
    ggplot2::facet_wrap("item") +
    scale_groups(levels, "Response") +
    scale_group_shapes(levels, "Response") +
    ggplot2::scale_y_continuous(limits = c(0, 1)) +
    ggplot2::labs(
      x = axis_title(fit, dimension),
      y = paste0("Probability (curve) and share (points)", if (length(levels) == 1) paste0(" of \"", levels, "\""))
    ) +
    theme_vaeirt(if (length(levels) == 1) "none" else "top")
}

# Labels that are numbers by their size, others as they are.
in_natural_order <- function(labels) {
  numbers <- suppressWarnings(as.numeric(labels))
  if (anyNA(numbers)) labels else labels[order(numbers)]
}

# Some elements of a vector, from near its beginning to near its end.
spread_over <- function(x, n) x[unique(round(seq(0.1, 0.9, length.out = n) * (length(x) - 1)) + 1)]

# The shares of an item's options among respondents of neighbouring ideal points, and the model's curve.
response_shares <- function(fit, observed, j, dimension) {
  rows <- observed$item == j
  traits <- unname(fit$parameters$respondents$mean[observed$respondent[rows], , drop = FALSE])
  position <- traits[, dimension]
  n_bins <- max(2, min(10, length(position) %/% 10))
  bin <- ceiling(rank(position, ties.method = "first") * n_bins / length(position))
  center <- tapply(position, bin, mean)
  labels <- fit$parameters$items$options[[j]]
  parameters <- parameters_by_item(fit)[[j]]
  if (fit$dims == 1) {
    at <- seq(min(position), max(position), length.out = 100)
    prob <- option_probabilities(parameters, matrix(at), fit$link)
  } else {
    at <- as.vector(center)
    prob <- rowsum(option_probabilities(parameters, traits, fit$link), bin) / as.vector(table(bin))
  }
  # Where a binary item has two options that mirror each other, one is enough.
  drawn <- if (length(labels) == 2) 2L else seq_along(labels)
  chosen <- observed$option[rows] - cumsum(c(0L, option_counts(fit)))[[j]]
  shares <- lapply(drawn, function(k) {
    limits <- wilson(tapply(chosen == k, bin, sum), tapply(chosen, bin, length))
    tibble::tibble(item = fit$parameters$items$item[[j]], response = labels[[k]], estimate = as.vector(center), !!!limits)
  })
  curve <- tibble::tibble(
    item = fit$parameters$items$item[[j]], response = rep(labels[drawn], each = length(at)),
    estimate = rep(at, length(drawn)), probability = as.vector(prob[, drawn])
  )
  list(shares = do.call(rbind, shares), curve = curve)
}

# A share and its 95 % interval (Wilson 1927, https://doi.org/10.1080/01621459.1927.10502953).
wilson <- function(n_chosen, n) {
  z2 <- stats::qnorm(0.975)^2
  n_chosen <- as.vector(n_chosen)
  n <- as.vector(n)
  share <- n_chosen / n
  center <- (n_chosen + z2 / 2) / (n + z2)
  half <- sqrt(z2) * sqrt(n * share * (1 - share) + z2 / 4) / (n + z2)
  list(share = share, low = center - half, high = center + half)
}
