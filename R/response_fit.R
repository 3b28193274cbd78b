#' How well respondents or items fit
#'
#' Averages the probabilities of the observed responses over the posterior of each respondent, by respondent or by item.
#'
#' @param fit A `vae_irt` object.
#' @param by `"respondents"` or `"items"`.
#' @return A tibble with one row per respondent or item: `respondent` or `item`, `n_responses`, `log_likelihood` (sum of the
#'   logarithms of the probabilities), `gmp` (geometric mean probability), `classification` (share of the responses that are
#'   the most probable option), and for items `pre`, the proportional reduction in error: by how much the model lowers the share
#'   of wrong classifications below that of always taking the most frequent option (Poole and Rosenthal 1997).
#' @export
#' @examples
#' truth <- simulate_irt(200, 30, seed = 1)
#' fit <- vae_irt(truth$responses, seed = 1, control = vae_control(threads = 1))
#' response_fit(fit, "items")
response_fit <- function(fit, by = c("respondents", "items")) {
  check_class(fit, "vae_irt", "vae_irt")
  by <- check_choice(by, c("respondents", "items"))
  check_estimated(fit)
  responses <- fit$responses
  found <- predictive(fit, responses, responses)
  n_options <- lengths(fit$catalogue$options)
  option <- option_ids(responses) + 1L
  item <- rep(seq_along(n_options), n_options)[option]
  names <- if (by == "items") fit$catalogue$item else respondent_names(responses$respondents)
  group <- if (by == "items") item else rep(seq_along(names), responses_given(responses))
  n <- tabulate(group, length(names))
  total <- function(x) {
    sums <- numeric(length(names))
    by_group <- rowsum(as.numeric(x), group)
    sums[as.integer(rownames(by_group))] <- by_group[, 1]
    sums
  }
  log_likelihood <- total(found$log_probability)
  correct <- total(found$correct)
  table <- tibble::tibble(
    name = names, n_responses = n, log_likelihood = log_likelihood, gmp = missing_if_nan(exp(log_likelihood / n)),
    classification = missing_if_nan(correct / n)
  )
  names(table)[[1]] <- if (by == "items") "item" else "respondent"
  if (by == "items") {
    most <- vapply(split(tabulate(option, sum(n_options)), rep(seq_along(n_options), n_options)), max, numeric(1))
    table$pre <- missing_if_nan(1 - (n - correct) / (n - unname(most)))
  }
  table
}

# Probabilities of the responses `asked` by a fit, given others of the same respondents.
predictive <- function(fit, given, asked) {
  settings <- list(refine = fit$refined, draws = fit$draws, seed = fit$seed, threads = fit$control$threads)
  unwrap_rust(rust_predictive(fit$model, rust_responses(fit, given), rust_responses(fit, asked), settings))
}

# The option ids of responses, from 0.
option_ids <- function(responses) {
  size <- responses$option_size
  readBin(responses$options, "integer", length(responses$options) %/% size, size, signed = size > 2, endian = "little")
}
