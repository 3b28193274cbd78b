# The figures of the estimation: training, Pareto k, and what each dimension explains.

plot_training <- function(fit, call = caller_env()) {
  if (nrow(fit$training) == 0) {
    abort_vaeirt("The fit was read from a model file, which has no trace of the training.", "argument", call)
  }
  panels <- c(elbo = "Evidence lower bound", learning_rate = "Learning rate")
  trace <- do.call(rbind, lapply(names(panels), function(column) {
    tibble::tibble(
      epoch = fit$training$epoch, value = fit$training[[column]], phase = fit$training$phase,
      panel = factor(panels[[column]], panels)
    )
  }))
  ggplot2::ggplot(trace, ggplot2::aes(.data$epoch, .data$value, colour = .data$phase)) +
    ggplot2::geom_line(ggplot2::aes(group = 1), linewidth = 0.6, na.rm = TRUE) +
    ggplot2::facet_wrap("panel", ncol = 1, scales = "free_y") +
    ggplot2::scale_colour_manual(
      values = c(search = palette_vaeirt[[1]], descent = palette_vaeirt[[2]]), limits = c("search", "descent"), name = "Phase"
    ) +
    ggplot2::labs(x = "Epoch", y = NULL) +
    theme_vaeirt()
}

plot_pareto_k <- function(fit, most = 10000, call = caller_env()) {
  points <- drawn_points(fit, 1, call = call)
  points <- points[!is.na(points$pareto_k), ]
  if (nrow(points) == 0) {
    abort_vaeirt(
      c(
        "The fit has no Pareto k.",
        i = if (fit$dims <= 2) {
          "In one and two dimensions the posteriors come from quadrature, which needs no such diagnostic."
        } else {
          "Its posteriors were not refined: see {.arg refine} in {.fn vae_control}."
        }
      ),
      "argument",
      call
    )
  }
  threshold <- fit$statistics$pareto_threshold
  points$.high <- points$pareto_k > threshold
  # Equal importance weights have a k of minus infinity.
  points$pareto_k <- pmax(points$pareto_k, min(0, points$pareto_k[is.finite(points$pareto_k)]) - 0.1)
  worst <- points[points$.high & rank(-points$pareto_k, ties.method = "first") <= 10, ]
  n_all <- nrow(points)
  n_high <- sum(points$.high)
  # Of the good ones a sample will do.
  even <- unique(round(seq(1, n_all, length.out = min(n_all, most))))
  points <- points[sort(unique(c(even, utils::head(which(points$.high), most)))), ]
  ggplot2::ggplot(points, ggplot2::aes(.data$n_responses, .data$pareto_k)) +
    ggplot2::geom_hline(yintercept = threshold, colour = palette_vaeirt[[2]], linewidth = 0.4, linetype = 2) +
    ggplot2::geom_point(ggplot2::aes(colour = .data$.high), size = 0.8, alpha = if (nrow(points) > 1000) 0.3 else 0.7) +
    ggplot2::scale_colour_manual(values = c(`FALSE` = ink, `TRUE` = palette_vaeirt[[2]]), guide = "none") +
    label_points(ggplot2::aes(label = .data$respondent), worst, colour = palette_vaeirt[[2]]) +
    ggplot2::labs(
      x = "Responses of the respondent", y = "Pareto k",
      caption = paste0(
        format_count(n_high), " of ", counted(n_all, "respondent"), " above the threshold of ",
        format(threshold, digits = 2),
        if (n_all > nrow(points)) paste0("; ", format_count(nrow(points)), " are drawn")
      )
    ) +
    theme_vaeirt("none")
}

plot_dimensions <- function(fit, call = caller_env()) {
  if (fit$dims == 1) {
    abort_vaeirt(
      c(
        "The fit has one dimension, which explains all that is explained.",
        i = "Whether more dimensions predict better is told by {.code autoplot(cv_dims(data, dims = 1:3))}."
      ),
      "argument",
      call
    )
  }
  bars <- explained_variance(fit)
  ggplot2::ggplot(bars, ggplot2::aes(factor(.data$dimension), .data$share)) +
    ggplot2::geom_col(fill = palette_vaeirt[[1]], width = 0.6) +
    ggplot2::geom_text(ggplot2::aes(label = percent(.data$share)), vjust = -0.5, size = 3, colour = ink) +
    ggplot2::scale_y_continuous(labels = percent, limits = c(0, 1), expand = ggplot2::expansion(c(0, 0.05))) +
    ggplot2::labs(x = "Dimension", y = "Share of the explained variance") +
    theme_vaeirt("none")
}

# The shares of the dimensions in the variance of the linear predictors, summed over items by their numbers of responses,
# where the population has covariance I, or the variances that anchors gave it.
explained_variance <- function(fit) {
  n <- rep(fit$parameters$items$n_responses, option_counts(fit))
  variance <- colSums(centred_discriminations(fit)^2 * n) * population_variance(fit)
  tibble::tibble(dimension = seq_len(fit$dims), share = variance / sum(variance))
}

# The variances of the traits in the population, 1 until anchors change the scale.
population_variance <- function(fit) if (fit$rotated) fit$parameters$traits$sd^2 else rep(1, fit$dims)
