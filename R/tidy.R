#' Tidy results of a fit
#'
#' `tidy()` gives the estimates of the respondents or of the items as a tibble, `glance()` one row about the whole fit.
#'
#' @param x A `vae_irt` object.
#' @param component `"respondents"` or `"items"`.
#' @param scale `"prior"`: the scale of the traits' prior, on which the population has mean 0 and covariance I.
#'   `"normalised"`: the traits of the respondents at hand have mean 0 and standard deviation 1 in every dimension, as in a
#'   chain whose draws are each normalised, and the item parameters are those of these traits. A fit has the same estimates
#'   on both, until [rotate()] takes them to anchors; the standard errors differ, see that section of [vae_control()]. The
#'   posterior means themselves vary less than the traits: their standard deviation is the root of the reliability.
#' @param conf.int Keep the columns `conf.low` and `conf.high`?
#' @param conf.level Level of the intervals; `NULL`: that of the fit, see [vae_control()].
#' @param ... Must be empty.
#' @return
#' `tidy()`: the columns of `$estimates` or `$items`, which [vae_irt()] describes.
#'
#' `as.data.frame()`: the same as `tidy()` with its defaults, as a data frame.
#'
#' `glance()`: a tibble with one row: `dims`, `link`, `n_respondents` (with at least one response), `sum_of_weights` (theirs;
#' `NA` without weights), `n_items`, `nobs` (observed responses, [nobs()]), `logLik` (importance-sampling estimate of the marginal
#' log-likelihood of the item parameters, with standard normal traits), `df` (number of free item parameters less that of
#' rotations: the rows of a graded item share one discrimination), `AIC` and `BIC` (with the number of respondents, where
#' weights are frequencies their sum),
#' `classification` (share of responses classified correctly at the posterior means), `apre` (aggregate proportional reduction
#' in error), `gmp` (geometric mean probability of the observed responses), `max_pareto_k` (`NA` without importance sampling),
#' `amortisation_gap` (mean divergence of the network's posteriors from the refined ones, in nats), `std_errors` (see
#' [vae_control()]), `prior` (`"estimated"` or `"given"`, see [irt_prior()]), `prior_discrimination` and `prior_difficulty` (the
#' root mean squares of discriminations, over all dimensions, and of difficulties under it), `converged`, `epochs`, `seconds`.
#' With weights every response counts with that of its respondent in `logLik`, `classification`, `apre` and `gmp`; where they are
#' frequencies, also in `nobs` and in the penalty of `BIC`. `n_respondents` is the number of rows.
#' @export
#' @examples
#' truth <- simulate_irt(200, 30, seed = 1)
#' fit <- vae_irt(truth$responses, seed = 1, control = vae_control(threads = 1))
#' tidy(fit, conf.level = 0.8)
#' tidy(fit, "items", conf.int = FALSE)
#' glance(fit)
tidy.vae_irt <- function(x, component = c("respondents", "items"), scale = c("prior", "normalised"), conf.int = TRUE,
                         conf.level = NULL, ...) {
  check_fit(x, "x")
  component <- check_choice(component, c("respondents", "items"))
  scale <- check_choice(scale, c("prior", "normalised"))
  check_flag(conf.int)
  level <- if (is.null(conf.level)) x$control$level else check_share(conf.level)
  check_no_dots(..., .call = rlang::current_env())
  if (component == "respondents") check_estimated(x)
  table <- if (component == "items") items_of(x, level, scale) else estimates_of(x, level, scale)
  if (conf.int) table else table[setdiff(names(table), c("conf.low", "conf.high"))]
}

#' @rdname tidy.vae_irt
#' @param row.names,optional Not used.
#' @export
as.data.frame.vae_irt <- function(x, row.names = NULL, optional = FALSE, ...) as.data.frame(tidy.vae_irt(x, ...))

#' @rdname tidy.vae_irt
#' @export
glance.vae_irt <- function(x, ...) {
  check_fit(x, "x")
  check_no_dots(..., .call = rlang::current_env())
  log_likelihood <- logLik.vae_irt(x)
  k <- x$parameters$respondents$pareto_k
  assumed <- prior_of_fit(x)
  tibble::tibble(
    dims = x$dims,
    link = x$link,
    n_respondents = x$n_respondents,
    sum_of_weights = sum_of_weights(x),
    n_items = length(x$parameters$items$item),
    nobs = nobs.vae_irt(x),
    logLik = as.numeric(log_likelihood),
    df = attr(log_likelihood, "df"),
    AIC = stats::AIC(log_likelihood),
    BIC = stats::BIC(log_likelihood),
    classification = x$statistics$classification,
    apre = x$statistics$apre,
    gmp = x$statistics$gmp,
    max_pareto_k = if (all(is.na(k))) NA_real_ else max(k, na.rm = TRUE),
    amortisation_gap = mean_or_missing(x$parameters$respondents$amortisation_gap),
    std_errors = x$std_errors,
    prior = if (assumed$estimated) "estimated" else "given",
    prior_discrimination = sqrt(mean(assumed$discrimination^2)),
    prior_difficulty = assumed$difficulty,
    converged = x$converged,
    epochs = if (nrow(x$training) > 0) nrow(x$training) else NA_integer_,
    seconds = x$seconds
  )
}

mean_or_missing <- function(x) if (all(is.na(x))) NA_real_ else mean(x, na.rm = TRUE)

sum_of_weights <- function(fit) {
  weights <- fit$responses$weights
  if (is.null(weights)) NA_real_ else sum(weights_of_answering(fit$responses))
}
