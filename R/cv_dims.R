#' Choose the number of dimensions by cross-validation
#'
#' Leaves out a part of every respondent's responses, fits models with several numbers of dimensions to the rest, and
#' predicts what was left out. Dimensions that describe noise make the predictions worse.
#'
#' @param data As for [vae_irt()].
#' @param dims Numbers of dimensions to compare.
#' @param ... Passed to [irt_responses()]; for `autoplot()` it must be empty.
#' @param folds Number of folds: each response is left out in one of them.
#' @param link,prior,control,seed As for [vae_irt()]; `std_errors` is that of each fit.
#' @return A tibble with one row per element of `dims`: `dims`, `log_score` (mean logarithm of the probability of the
#'   responses left out, averaged over the respondent's posterior given the others and over the items' parameters: higher is
#'   better), `difference` (to the best one) with its `std.error` (over respondents), `gmp` (geometric mean probability),
#'   `classification` (share of the responses left out that are the most probable option), `nobs`.
#' @export
#' @examples
#' truth <- simulate_irt(300, 30, seed = 1)
#' scores <- cv_dims(truth$responses, dims = 1:2, folds = 2, seed = 1, control = vae_control(threads = 1))
#' scores
#' autoplot(scores)
cv_dims <- function(data, dims = 1:4, ..., folds = 5L, link = c("logit", "probit"), prior = irt_prior(),
                    control = vae_control(), seed = NULL) {
  check_reading(..., .call = rlang::current_env())
  check_given(data)
  link <- check_choice(link, c("logit", "probit"))
  check_settings(prior, "irt_prior")
  check_settings(control, "vae_control")
  folds <- check_count(folds, min = 2, max = 100)
  call <- rlang::current_env()
  dims <- check_several_dims(dims, call)
  responses <- irt_responses(data, ..., threads = control$threads, .call = call)
  seed <- check_seed(seed)
  control$estimates <- TRUE
  folder <- control$checkpoint
  n <- responses_given(responses)
  fold <- deal_folds(n, folds, seed)
  scores <- lapply(dims, function(d) {
    log_probability <- numeric(sum(n))
    correct <- logical(sum(n))
    for (k in seq_len(folds)) {
      if (!is.null(folder)) control$checkpoint <- file.path(folder, sprintf("dims-%d-fold-%d", d, k))
      fit <- vae_irt(keep_responses(responses, fold != k), d, link = link, prior = prior, control = control, seed = seed)
      found <- predictive(fit, fit$responses, keep_responses(responses, fold == k))
      log_probability[fold == k] <- found$log_probability
      correct[fold == k] <- found$correct
    }
    list(log_probability = log_probability, correct = correct)
  })
  compare_scores(scores, dims, respondent = rep(seq_along(n), n), responses)
}

check_several_dims <- function(dims, call) {
  if (!is.numeric(dims) || length(dims) == 0 || anyDuplicated(dims)) {
    twice <- if (is.numeric(dims)) dims[anyDuplicated(dims)]
    abort_vaeirt(
      c(
        "{.arg dims} must be different whole numbers, such as {.code 1:4}, not {describe(dims)}.",
        x = if (length(twice) > 0) "{.val {twice}} occurs more than once."
      ),
      "argument",
      call
    )
  }
  vapply(dims, check_count, integer(1), arg = "dims", call = call)
}

# The table of the scores, one for each of `dims`, of responses that are those of `respondent`, and count with the weight.
compare_scores <- function(scores, dims, respondent, responses) {
  weight <- respondent_weights(responses, respondent)
  average <- function(x) sum(x * weight) / sum(weight)
  own <- weight[!duplicated(respondent)]
  mean_score <- vapply(scores, function(x) average(x$log_probability), numeric(1))
  best <- scores[[which.max(mean_score)]]$log_probability
  error <- vapply(scores, function(x) {
    by_respondent <- rowsum(x$log_probability - best, respondent, reorder = FALSE)[, 1]
    deviation <- by_respondent - sum(by_respondent * own) / sum(own)
    people <- if (are_frequencies(responses)) own else own^2
    n <- n_people(responses)
    sqrt(sum(people * deviation^2) * n / (n - 1)) / sum(weight)
  }, numeric(1))
  table <- tibble::tibble(
    dims = dims, log_score = mean_score, difference = mean_score - max(mean_score), std.error = error, gmp = exp(mean_score),
    classification = vapply(scores, function(x) average(x$correct), numeric(1)), nobs = length(best)
  )
  tibble::new_tibble(table, class = "cv_dims")
}

#' @rdname cv_dims
#' @param object The value of `cv_dims()`.
#' @return `autoplot()`: a ggplot object, the scree plot of the cross-validated scores: by how much each number of dimensions
#'   falls short of the best one, with 95 % intervals.
#' @export
autoplot.cv_dims <- function(object, ...) {
  check_no_dots(..., .call = rlang::current_env())
  ggplot2::ggplot(object, ggplot2::aes(.data$dims, .data$difference)) +
    ggplot2::geom_line(colour = palette_vaeirt[[1]], linewidth = 0.6) +
    ggplot2::geom_linerange(
      ggplot2::aes(
        ymin = .data$difference - stats::qnorm(0.975) * .data$std.error,
        ymax = .data$difference + stats::qnorm(0.975) * .data$std.error
      ),
      colour = palette_vaeirt[[1]]
    ) +
    ggplot2::geom_point(colour = palette_vaeirt[[1]], size = 2) +
    ggplot2::scale_x_continuous(breaks = object$dims) +
    ggplot2::labs(x = "Dimensions", y = "Log score per response left out,\ndifference to the best") +
    theme_vaeirt("none") +
    ggplot2::theme(panel.grid.major.x = ggplot2::element_blank())
}

# The fold of every response: those of a respondent are spread evenly over the folds.
deal_folds <- function(n, folds, seed) {
  respondent <- rep(seq_along(n), n)
  seed_for_now(seed)
  shuffled <- order(respondent, stats::runif(length(respondent)))
  start <- sample.int(folds, length(n), replace = TRUE)
  fold <- integer(length(respondent))
  fold[shuffled] <- (sequence(n) + start[respondent]) %% folds + 1L
  fold
}

# The responses at some places, of the same respondents to the same items.
keep_responses <- function(responses, kept) {
  bytes <- matrix(responses$options, nrow = responses$option_size)
  responses$options <- as.vector(bytes[, kept])
  responses$offsets <- c(0, cumsum(kept))[responses$offsets + 1]
  responses
}
