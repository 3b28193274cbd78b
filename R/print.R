#' @export
print.vae_irt <- function(x, n = 6, ...) {
  about <- glance(x)
  cli::cat_line(
    "Item response model, ", x$link, " link, ", x$dims, if (x$dims == 1) " dimension" else " dimensions"
  )
  cli::cat_line(
    format_count(about$n_respondents), " respondents, ", format_count(about$n_items), " items, ", format_count(about$nobs),
    " responses"
  )
  cli::cat_line(
    if (x$converged) "Converged" else "Did NOT converge", " in ", about$epochs, " epochs (",
    format(round(x$seconds, 1), nsmall = 1), " s)"
  )
  cli::cat_line(
    "Correctly classified ", percent(about$classification), ", APRE ", format(about$apre, digits = 3),
    ", GMP ", format(about$gmp, digits = 3)
  )
  threshold <- x$statistics$pareto_threshold
  unreliable <- sum(x$posterior$pareto_k > threshold, na.rm = TRUE)
  if (unreliable > 0) {
    cli::cat_line(
      "Not reliable (Pareto k > ", format(threshold, digits = 2), "): ", format_count(unreliable), " respondent",
      if (unreliable > 1) "s"
    )
  }
  cli::cat_line()
  if (nrow(x$estimates) == 0) {
    cli::cat_line("No estimates of the respondents; score them with predict(fit, newdata, to = ).")
    return(invisible(x))
  }
  print(x$estimates[shown_columns], n = n)
  invisible(x)
}

#' Summary of a fit
#'
#' @param object A `vae_irt` object.
#' @param n Number of respondents shown at each end of each dimension.
#' @param ... Must be empty.
#' @return A list of class `summary.vae_irt`: `glance` (see [glance.vae_irt()]), `extremes` (the rows of `$estimates` at
#'   the ends of each dimension, in rising order), `items` (tibble of quantiles of the item parameters by `term` and
#'   `dimension`), `separated` (names of the items whose absolute reported discrimination is more than 1.5 prior
#'   standard deviations in some dimension: little but the prior holds these), `dropped`. It is printed.
#' @export
#' @examples
#' truth <- simulate_irt(200, 30, seed = 1)
#' summary(vae_irt(truth$responses, seed = 1, control = vae_control(threads = 1)), n = 2)
summary.vae_irt <- function(object, n = 5, ...) {
  n <- check_count(n)
  check_no_dots(..., call = rlang::current_env())
  extremes <- lapply(seq_len(object$dims), function(d) {
    own <- object$estimates[object$estimates$dimension == d & !is.na(object$estimates$estimate), ]
    own <- own[order(own$estimate), ]
    own[unique(c(utils::head(seq_len(nrow(own)), n), utils::tail(seq_len(nrow(own)), n))), ]
  })
  key <- unique(object$items[c("term", "dimension")])
  quantiles <- lapply(seq_len(nrow(key)), function(k) {
    own <- object$items$term == key$term[[k]] & object$items$dimension %in% key$dimension[[k]]
    stats::quantile(object$items$estimate[own], c(0, 0.25, 0.5, 0.75, 1), names = FALSE)
  })
  quantiles <- do.call(rbind, quantiles)
  colnames(quantiles) <- c("min", "q25", "median", "q75", "max")
  steep <- object$items$term == "discrimination" & abs(object$items$estimate) > 1.5 * object$prior$discrimination
  structure(
    list(
      glance = glance(object),
      extremes = do.call(rbind, extremes),
      items = tibble::as_tibble(cbind(key, quantiles)),
      separated = unique(object$items$item[steep]),
      dropped = object$dropped
    ),
    class = "summary.vae_irt"
  )
}

#' @export
print.summary.vae_irt <- function(x, ...) {
  cli::cat_line("Fit")
  about <- x$glance
  about$classification <- percent(about$classification)
  cli::cat_line("  ", format(names(about)), "  ", vapply(about, format, character(1), digits = 4))
  if (nrow(x$extremes) > 0) {
    cli::cat_line("\nRespondents at the ends of each dimension")
    print(as.data.frame(x$extremes[shown_columns]), digits = 3, row.names = FALSE)
  }
  cli::cat_line("\nItem parameters")
  print(as.data.frame(x$items), digits = 3, row.names = FALSE)
  if (length(x$separated) > 0) {
    cli::cat_line(
      "\nHeld by the prior, since the respondents separate (almost) perfectly: ", length(x$separated), " item",
      if (length(x$separated) > 1) "s"
    )
  }
  if (nrow(x$dropped) > 0) {
    cli::cat_line("\nSet aside: ", paste(count_dropped(x$dropped), collapse = ", "))
  }
  invisible(x)
}

# The columns of the estimates that are printed; metadata would push them off the screen.
shown_columns <- c("respondent", "dimension", "estimate", "std.error", "conf.low", "conf.high", "n_responses")

# Counts in full, never as 1e+06.
format_count <- function(n) format(n, big.mark = ",", trim = TRUE, scientific = FALSE)

percent <- function(share) paste0(format(round(100 * share, 1), nsmall = 1), " %")
