#' Posterior draws of the ideal points
#'
#' Draws from the normal distribution with the posterior means and covariances of the fit. With joint standard errors (see
#' [vae_control()]) a draw takes item parameters from their distribution and moves all respondents with them, so that
#' differences and ranks of respondents carry the uncertainty of the items; otherwise the respondents are independent.
#'
#' @param x A `vae_irt` object.
#' @param n Number of draws.
#' @param ... Must be empty.
#' @return A `draws_df` of package posterior with one column `theta[i,d]` per respondent (by row of the data) with a response
#'   and dimension, on the scale of `$estimates`. The same fit gives the same draws.
#' @name as_draws_df.vae_irt
#' @exportS3Method posterior::as_draws_df
#' @examplesIf requireNamespace("posterior", quietly = TRUE)
#' truth <- simulate_irt(50, 30, seed = 1)
#' fit <- vae_irt(truth$responses, seed = 1, control = vae_control(threads = 1))
#' draws <- posterior::as_draws_df(fit, n = 200)
#' mean(draws$`theta[1,1]` > draws$`theta[2,1]`)
as_draws_df.vae_irt <- function(x, n = 1000, ...) {
  check_fit(x, "x")
  n <- check_count(n)
  check_no_dots(..., call = rlang::current_env())
  check_estimated(x)
  drawn <- unwrap_rust(rust_draws(x$model, !x$rotated, n, rust_responses(x, x$responses), settings_of(x)))
  draws <- drawn$draws
  colnames(draws) <- sprintf("theta[%d,%d]", rep(drawn$respondents, each = x$dims), seq_len(x$dims))
  posterior::as_draws_df(draws)
}
