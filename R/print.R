#' @export
print.vae_irt <- function(x, n = 6, ...) {
  check_fit(x, "x")
  about <- glance(x)
  cli::cat_line(
    "Item response model, ", x$link, " link, ", x$dims, if (x$dims == 1) " dimension" else " dimensions"
  )
  cli::cat_line(
    counted(about$n_respondents, "respondent"), ", ", counted(about$n_items, "item"), describe_models(x), ", ",
    format_count(about$nobs), " responses"
  )
  cli::cat_line(
    if (x$converged) "Converged" else "Did NOT converge", if (!is.na(about$epochs)) paste(" in", about$epochs, "epochs"),
    " (", format(round(x$seconds, 1), nsmall = 1), " s)"
  )
  cli::cat_line(
    "Correctly classified ", percent(about$classification), ", APRE ", three_digits(about$apre), ", GMP ",
    three_digits(about$gmp)
  )
  cat_sentences(c(diagnose(x), describe_axes(x)))
  cli::cat_line()
  if (nrow(x$parameters$respondents$mean) == 0) {
    cli::cat_line("No estimates of the respondents; score them with predict(fit, newdata).")
    return(invisible(x))
  }
  print(estimates_of(x)[shown_columns], n = n)
  invisible(x)
}

# Which items are graded, where some are.
describe_models <- function(fit) {
  graded <- has_order(models_of(fit$parameters$items))
  if (any(graded)) paste0(" (", if (!all(graded)) paste(sum(graded), ""), "graded)")
}

# Sentences on lines that fit the console.
cat_sentences <- function(sentences, indent = 0) {
  cli::cat_line(strwrap(sentences, getOption("width"), indent = indent, exdent = indent + 2))
}

three_digits <- function(x) format(round(x, 3), nsmall = 3)

# What a reader has to know before the numbers are believed, one sentence each.
diagnose <- function(fit) {
  sentences <- c(
    joint = "Standard errors carry the uncertainty of respondents and items together",
    items = "Standard errors of the items are joint; those of the respondents treat the items as known, with little loss",
    blocks = "Standard errors of the respondents carry the uncertainty of the items, which count as independent",
    conditional = "Standard errors treat the items as known",
    none = "No standard errors of the items"
  )
  c(
    paste0(sentences[[fit$std_errors]], "; ", format(100 * fit$control$level), " % intervals"),
    describe_prior(fit),
    diagnose_few(fit),
    describe_weights(fit),
    if (isFALSE(fit$polished)) "The items did NOT reach the maximum of their marginal posterior",
    diagnose_weights(fit),
    diagnose_restarts(fit)
  )
}

diagnose_weights <- function(fit) {
  k <- fit$parameters$respondents$pareto_k
  if (all(is.na(k))) {
    return(NULL)
  }
  high <- mean(k > 0.7, na.rm = TRUE)
  unreliable <- sum(k > fit$statistics$pareto_threshold, na.rm = TRUE)
  paste0(
    "Pareto k above 0.7 for ", if (high == 0) "none" else percent(high), " of the respondents",
    if (unreliable > 0) {
      paste0(
        "; not reliable (above ", format(fit$statistics$pareto_threshold, digits = 2), "): ", format_count(unreliable),
        " respondent", if (unreliable > 1) "s"
      )
    }
  )
}

diagnose_restarts <- function(fit) {
  others <- fit$restarts$agreement[-which.max(fit$restarts$logLik)]
  if (length(others) == 0) {
    return(NULL)
  }
  agree <- sum(others > 0.99)
  paste0(
    agree, " of ", length(others), " other restart", if (length(others) > 1) "s",
    " agree with the best one (R^2 above 0.99 in every dimension)",
    if (agree < length(others)) ": the estimates depend on the start, see $restarts"
  )
}

#' Summary of a fit
#'
#' @param object A `vae_irt` object.
#' @param n Number of respondents shown at each end of each dimension.
#' @param ... Must be empty.
#' @return A list of class `summary.vae_irt`: `glance` (see [glance.vae_irt()]), `extremes` (the rows of `$estimates` at
#'   the ends of each dimension, in rising order), `items` (tibble of quantiles of the item parameters by `term` and
#'   `dimension`), `separated` (names of the items whose absolute reported discrimination is more than 1.5 prior
#'   standard deviations, and more than 3 if the prior is estimated, in some dimension: little but the prior holds
#'   these), `diagnosis` (sentences: how the standard errors were found, the share of respondents whose importance weights
#'   are not to be trusted, whether the restarts agree, how far the network is from the refined posteriors), `dropped`. It
#'   is printed.
#' @export
#' @examples
#' truth <- simulate_irt(200, 30, seed = 1)
#' summary(vae_irt(truth$responses, seed = 1, control = vae_control(threads = 1)), n = 2)
summary.vae_irt <- function(object, n = 5, ...) {
  check_fit(object, "object")
  n <- check_count(n)
  check_no_dots(..., .call = rlang::current_env())
  estimates <- estimates_of(object)
  items <- items_of(object)
  extremes <- lapply(seq_len(object$dims), function(d) {
    own <- estimates[estimates$dimension == d & !is.na(estimates$estimate), ]
    own <- own[order(own$estimate), ]
    own[unique(c(utils::head(seq_len(nrow(own)), n), utils::tail(seq_len(nrow(own)), n))), ]
  })
  key <- unique(items[c("term", "dimension")])
  quantiles <- lapply(seq_len(nrow(key)), function(k) {
    own <- items$term == key$term[[k]] & items$dimension %in% key$dimension[[k]]
    stats::quantile(items$estimate[own], c(0, 0.25, 0.5, 0.75, 1), names = FALSE)
  })
  quantiles <- do.call(rbind, quantiles)
  colnames(quantiles) <- c("min", "q25", "median", "q75", "max")
  # Where items are gentle, and the prior says so, one and a half times as steep is no separation.
  prior <- prior_of_fit(object)
  bound <- max(1.5 * prior$discrimination, if (prior$estimated) 3)
  steep <- items$term == "discrimination" & abs(items$estimate) > bound
  structure(
    list(
      glance = glance(object),
      extremes = do.call(rbind, extremes),
      items = tibble::as_tibble(cbind(key, quantiles)),
      separated = unique(items$item[steep]),
      diagnosis = c(diagnose(object), diagnose_network(object)),
      dropped = object$dropped
    ),
    class = "summary.vae_irt"
  )
}

diagnose_network <- function(fit) {
  gap <- mean_or_missing(fit$parameters$respondents$amortisation_gap)
  if (is.na(gap)) {
    return(NULL)
  }
  paste0(
    "The network alone is ", format(gap, digits = 2), " nats per respondent from the refined posteriors",
    if (gap > 0.5) ": predict() with refine = FALSE is not to be recommended"
  )
}

#' @export
print.summary.vae_irt <- function(x, ...) {
  cli::cat_line("Fit")
  about <- x$glance
  about$classification <- percent(about$classification)
  cli::cat_line("  ", format(names(about)), "  ", vapply(about, format, character(1), digits = 4))
  cli::cat_line("\nDiagnosis")
  cli::cat_line("  ", if (about$converged) "Training converged" else "Training did NOT converge")
  cat_sentences(x$diagnosis, indent = 2)
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

# The columns of the estimates that are printed.
shown_columns <- c("respondent", "dimension", "estimate", "std.error", "conf.low", "conf.high", "n_responses")

# Counts in full, never as 1e+06.
format_count <- function(n) format(n, big.mark = ",", trim = TRUE, scientific = FALSE)

# "1 item", "2 items".
counted <- function(n, what) paste0(format_count(n), " ", what, ifelse(n == 1, "", "s"))

percent <- function(share) paste0(format(round(100 * share, 1), nsmall = 1, trim = TRUE), " %")
