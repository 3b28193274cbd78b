#' Tidy results of a fit
#'
#' `tidy()` gives the estimates of the respondents or of the items as a tibble, `glance()` one row about the whole fit.
#'
#' @param x A `vae_irt` object.
#' @param component `"respondents"` or `"items"`.
#' @param conf.int Keep the columns `conf.low` and `conf.high`?
#' @param conf.level Level of the intervals.
#' @param ... Must be empty.
#' @return
#' `tidy()`: the columns of `$estimates` or `$items`, which [vae_irt()] describes.
#'
#' `glance()`: a tibble with one row: `dims`, `link`, `n_respondents` (with at least one response), `n_items`, `nobs`
#' (observed responses), `logLik` (importance-sampling estimate of the marginal log-likelihood of the item parameters, with
#' standard normal traits, on the scale of estimation), `classification` (share of responses classified correctly at the
#' posterior means), `apre` (aggregate proportional reduction in error), `gmp` (geometric mean probability of the observed
#' responses), `max_pareto_k` (`NA` without importance sampling), `converged`, `epochs`, `seconds`.
#' @export
#' @examples
#' truth <- simulate_irt(200, 30, seed = 1)
#' fit <- vae_irt(truth$responses, seed = 1, control = vae_control(threads = 1))
#' tidy(fit, conf.level = 0.8)
#' tidy(fit, "items", conf.int = FALSE)
#' glance(fit)
tidy.vae_irt <- function(x, component = c("respondents", "items"), conf.int = TRUE, conf.level = 0.95, ...) {
  component <- check_choice(component, c("respondents", "items"))
  check_flag(conf.int)
  level <- check_share(conf.level)
  check_no_dots(..., call = rlang::current_env())
  table <- if (component == "items") x$items else x$estimates
  if (!conf.int) {
    return(table[setdiff(names(table), c("conf.low", "conf.high"))])
  }
  skewness <- if (component == "items") 0 else as.vector(t(x$posterior$skewness))
  limits <- posterior_limits(table$estimate, table$std.error, skewness, level)
  table$conf.low <- limits$low
  table$conf.high <- limits$high
  table
}

#' @rdname tidy.vae_irt
#' @export
glance.vae_irt <- function(x, ...) {
  check_no_dots(..., call = rlang::current_env())
  tibble::tibble(
    dims = x$dims,
    link = x$link,
    n_respondents = x$n_respondents,
    n_items = nrow(x$catalogue),
    nobs = sum(as.double(x$catalogue$n_responses)),
    logLik = if (all(is.na(x$posterior$log_evidence))) NA_real_ else sum(x$posterior$log_evidence, na.rm = TRUE),
    classification = x$statistics$classification,
    apre = x$statistics$apre,
    gmp = x$statistics$gmp,
    max_pareto_k = if (all(is.na(x$posterior$pareto_k))) NA_real_ else max(x$posterior$pareto_k, na.rm = TRUE),
    converged = x$converged,
    epochs = nrow(x$training),
    seconds = x$seconds
  )
}
