# The figure of the probabilities of options along a dimension, with the data.

plot_response_curves <- function(fit, dimension, items, call = caller_env()) {
  check_estimated(fit, call = call)
  chosen <- if (is.null(items)) example_items(fit, dimension) else match(items, fit$parameters$items$item)
  if (length(chosen) == 0) {
    abort_vaeirt("{.arg items} names no item to draw.", "argument", call)
  }
  option <- option_ids(fit$responses) + 1L
  parts <- lapply(chosen, function(j) response_shares(fit, option, j, dimension))
  shares <- do.call(rbind, lapply(parts, `[[`, "shares"))
  curves <- do.call(rbind, lapply(parts, `[[`, "curve"))
  levels <- in_natural_order(unique(shares$response))
  in_order <- function(table) {
    table$item <- factor(table$item, fit$parameters$items$item[chosen])
    table$response <- factor(table$response, levels)
    table
  }
  single <- length(levels) == 1
  ggplot2::ggplot(in_order(shares), ggplot2::aes(.data$estimate, .data$share, colour = .data$response)) +
    ggplot2::geom_line(ggplot2::aes(y = .data$probability), in_order(curves), linewidth = 0.7) +
    ggplot2::geom_linerange(ggplot2::aes(ymin = .data$low, ymax = .data$high), linewidth = 0.3, alpha = 0.7) +
    ggplot2::geom_point(ggplot2::aes(shape = .data$response), size = 1.5) +
    ggplot2::facet_wrap("item", labeller = ggplot2::as_labeller(if (length(chosen) <= 4) wrap_names else wrap_narrow)) +
    scale_groups(levels, "Response") +
    scale_group_shapes(levels, "Response") +
    (if (single) ggplot2::guides(colour = "none", shape = "none")) +
    ggplot2::scale_y_continuous(limits = c(0, 1)) +
    ggplot2::labs(
      x = axis_title(fit, dimension),
      y = paste0("Probability (curve) and share (points)", if (single) paste0("\nof \"", shorten(levels, 40), "\"")),
      caption = options_left_out(fit, chosen)
    ) +
    theme_vaeirt(if (single) "none" else "top")
}

wrap_narrow <- function(x) wrap_names(x, 22)

# Four of the items that tell most, from those where few chose the reference to those where most did.
example_items <- function(fit, dimension, n = 4) {
  first <- cumsum(c(0L, option_counts(fit)))
  best <- items_by_information(fit, dimension)
  best <- utils::head(best, max(2 * n, length(best) %/% 10))
  share <- option_totals(fit)[first[best] + 1L] / fit$parameters$items$n_responses[best]
  evenly_chosen(best[order(share)], n)
}

# The options of an item that are drawn, by their places: of two that mirror each other one is enough, of many those that
# were chosen most.
drawn_options <- function(n_chosen, most = length(palette_vaeirt)) {
  if (length(n_chosen) == 2) {
    return(2L)
  }
  sort(utils::head(order(-n_chosen), most))
}

options_left_out <- function(fit, chosen) {
  n_options <- max(option_counts(fit)[chosen])
  most <- length(palette_vaeirt)
  if (n_options > most) paste("Of items with more than", most, "options those that were chosen most")
}

# Labels that are numbers by their size, others as they are.
in_natural_order <- function(labels) {
  numbers <- suppressWarnings(as.numeric(labels))
  if (anyNA(numbers)) labels else labels[order(numbers)]
}

# Some elements of a vector at even distances, from near its beginning to near its end.
evenly_chosen <- function(x, n) x[unique(round(seq(0.1, 0.9, length.out = n) * (length(x) - 1)) + 1)]

# The shares of an item's options among respondents of neighbouring ideal points, and the model's curve. `option`: the
# chosen ones, counted from 1 through the options of all items.
response_shares <- function(fit, option, j, dimension) {
  labels <- fit$parameters$items$options[[j]]
  before <- cumsum(c(0L, option_counts(fit)))[[j]]
  rows <- which(option > before & option <= before + length(labels))
  chosen <- option[rows] - before
  traits <- unname(fit$parameters$respondents$mean)[findInterval(rows - 1, fit$responses$offsets), , drop = FALSE]
  position <- traits[, dimension]
  n_bins <- max(2, min(10, length(position) %/% 10))
  bin <- ceiling(rank(position, ties.method = "first") * n_bins / length(position))
  in_bin <- tabulate(bin, n_bins)
  center <- rowsum(position, bin)[, 1] / in_bin
  probabilities <- response_functions(fit)[[j]]
  if (fit$dims == 1) {
    at <- seq(min(position), max(position), length.out = 100)
    prob <- probabilities(matrix(at))
  } else {
    at <- center
    prob <- rowsum(probabilities(traits), bin) / in_bin
  }
  n_chosen <- matrix(tabulate(bin + n_bins * (chosen - 1), n_bins * length(labels)), n_bins)
  drawn <- drawn_options(colSums(n_chosen))
  shares <- lapply(drawn, function(k) {
    limits <- wilson(n_chosen[, k], in_bin)
    tibble::tibble(item = fit$parameters$items$item[[j]], response = labels[[k]], estimate = unname(center), !!!limits)
  })
  curve <- tibble::tibble(
    item = fit$parameters$items$item[[j]], response = rep(labels[drawn], each = length(at)),
    estimate = rep(unname(at), length(drawn)), probability = as.vector(prob[, drawn])
  )
  list(shares = do.call(rbind, shares), curve = curve)
}

# A share and its 95 % interval (Wilson 1927, https://doi.org/10.1080/01621459.1927.10502953).
wilson <- function(n_chosen, n) {
  z2 <- stats::qnorm(0.975)^2
  share <- n_chosen / n
  center <- (n_chosen + z2 / 2) / (n + z2)
  half <- sqrt(z2) * sqrt(n * share * (1 - share) + z2 / 4) / (n + z2)
  list(share = share, low = pmax(center - half, 0), high = pmin(center + half, 1))
}
