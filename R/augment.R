#' Fitted probabilities and residuals of the responses
#'
#' `augment()` gives one row per observed response with the model's probability, the residual and the prediction;
#' `fitted()` and `residuals()` give its columns as vectors.
#'
#' @param x,object A `vae_irt` object.
#' @param newdata Responses in any form that [irt_responses()] accepts; `NULL` for the responses of the fit.
#' @param ... For `newdata`, as for [predict.vae_irt()]; otherwise it must be empty.
#' @param type `"response"`: observed minus fitted; `"pearson"`: divided by the standard deviation `sqrt(p (1 - p))`;
#'   `"deviance"`: with the sign of the response residual, `sqrt(-2 log p)` of the observed response's probability `p`.
#'   On items with more than two options all residuals are positive. The mean square of Pearson's is then expected to be
#'   the number of options minus 1.
#' @return
#' `augment()`: a tibble with one row per observed response to an item of the model, respondent by respondent (missing
#' responses have no row): `respondent`, `item`, `response` (the label of the observed response),
#'   * `.fitted`: a probability, between 0 and 1, at the posterior mean of the ideal point. On items with two options it is
#'     the probability of the option that is not the reference (of a yea, say), as in a logistic regression; on items with
#'     more options the probability of the observed response;
#'   * `.resid`: observed minus fitted, between -1 and 1. On items with two options the observed value is 1 for the option
#'     that is not the reference and 0 for the reference. On items with more options it is 1, so `.resid` is `1 - .fitted`;
#'   * `.pred_class`: the label of the most probable option;
#'
#'   and the metadata columns of the respondents.
#'
#' `fitted()` and `residuals()`: numeric vectors with one element per row of `augment()`, in the same order.
#' @seealso [response_fit()] for sums by respondent, item or group.
#' @export
#' @examples
#' truth <- simulate_irt(100, 20, seed = 1)
#' fit <- vae_irt(truth$responses, seed = 1, control = vae_control(threads = 1))
#' augment(fit)
#' mean(residuals(fit, "pearson")^2)
augment.vae_irt <- function(x, newdata = NULL, ...) {
  check_fit(x, "x")
  check_reading(..., .call = rlang::current_env(), .read = if (!is.null(newdata)) reading_arguments())
  scores <- find_scores(
    fit = x, newdata = newdata, refine = x$refined, level = x$control$level, ..., call = rlang::current_env()
  )
  observed <- observe(x, scores)
  respondents <- new_respondent_table(scores$responses$respondents, responses_given(scores$responses))
  labels <- unlist(x$parameters$items$options)
  metadata <- respondents[observed$respondent, setdiff(names(respondents), c("respondent", "n_responses"))]
  tibble::tibble(
    respondent = respondents$respondent[observed$respondent],
    item = x$parameters$items$item[observed$item],
    response = labels[observed$option],
    .fitted = observed$fitted,
    .resid = (2 * observed$outcome - 1) * observed$other,
    .pred_class = labels[observed$predicted],
    metadata
  )
}

#' @rdname augment.vae_irt
#' @export
fitted.vae_irt <- function(object, ...) {
  check_fit(object, "object")
  check_no_dots(..., .call = rlang::current_env())
  observe_own(object)$fitted
}

#' @rdname augment.vae_irt
#' @export
residuals.vae_irt <- function(object, type = c("response", "pearson", "deviance"), ...) {
  check_fit(object, "object")
  type <- check_choice(type, c("response", "pearson", "deviance"))
  check_no_dots(..., .call = rlang::current_env())
  observed <- observe_own(object)
  sign <- 2 * observed$outcome - 1
  # By both probabilities: one less a probability near 1 has no digits left.
  switch(type,
    response = sign * observed$other,
    pearson = sign * sqrt(observed$other / observed$own),
    deviance = sign * sqrt(-2 * ifelse(observed$other < 0.5, log1p(-observed$other), log(observed$own)))
  )
}

observe_own <- function(fit, call = caller_env()) {
  observe(fit, find_scores(fit = fit, newdata = NULL, refine = fit$refined, level = fit$control$level, call = call))
}

# The observed responses, respondent by respondent: places of `respondent`, `item`, the `option` and the one that is
# `predicted`, counted through the options of all items; the `fitted` probability, and the `outcome`, 1 or 0, that it is
# the probability of; the probabilities of the observed option, its `own`, and of all `other` options.
observe <- function(fit, scores) {
  responses <- scores$responses
  n_options <- option_counts(fit)
  first <- cumsum(c(0L, n_options))
  option <- option_ids(responses) + 1L
  respondent <- rep(seq_len(length(responses$offsets) - 1), responses_given(responses))
  item <- rep(seq_along(n_options), n_options)[option]
  traits <- unname(scores$posterior$mean)
  probabilities <- response_functions(fit)
  fitted <- outcome <- own <- other <- numeric(length(option))
  predicted <- integer(length(option))
  for (rows in split(seq_along(option), item)) {
    j <- item[[rows[[1]]]]
    prob <- probabilities[[j]](traits[respondent[rows], , drop = FALSE])
    chosen <- option[rows] - first[[j]]
    at <- cbind(seq_along(rows), chosen)
    binary <- n_options[[j]] == 2
    own[rows] <- prob[at]
    fitted[rows] <- if (binary) prob[, 2] else own[rows]
    outcome[rows] <- if (binary) chosen - 1 else 1
    predicted[rows] <- first_of_largest(prob) + first[[j]]
    prob[at] <- 0
    other[rows] <- rowSums(prob)
  }
  list(
    respondent = respondent, item = item, option = option, predicted = predicted, fitted = fitted, outcome = outcome,
    own = own, other = other
  )
}
