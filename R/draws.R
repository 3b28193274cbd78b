#' Posterior draws of the ideal points
#'
#' Draws from the normal distribution with the posterior means and covariances of the fit, in any of the formats of package
#' posterior. With joint standard errors (see [vae_control()]) a draw takes item parameters from their distribution and moves
#' all respondents with them, so that differences and ranks of respondents carry the uncertainty of the items; otherwise the
#' respondents are independent.
#'
#' @param x A `vae_irt` object.
#' @param n Number of draws.
#' @param ... Must be empty.
#' @return Draws on the scale of `$estimates`, of every respondent with a response. The same fit gives the same draws.
#'   * `as_draws_df()`, `as_draws()`: a `draws_df` with one column `theta[name,d]` per respondent and dimension, such as
#'     `theta[FRIST (R TN),1]`; `as_draws_matrix()`, `as_draws_array()` and `as_draws_list()` have variables of these names;
#'   * `as_draws_rvars()`: one variable `theta`, a matrix with a row for each respondent and a column for each dimension, so
#'     that `theta["FRIST (R TN)", 1]` is a respondent's.
#' @name as_draws_df.vae_irt
#' @exportS3Method posterior::as_draws_df
#' @examplesIf requireNamespace("posterior", quietly = TRUE)
#' votes <- simulate_irt(50, 30, seed = 1)$responses
#' rownames(votes) <- paste("Member", 1:50)
#' fit <- vae_irt(votes, seed = 1, control = vae_control(threads = 1))
#' draws <- posterior::as_draws_df(fit, n = 200)
#' mean(draws$`theta[Member 1,1]` > draws$`theta[Member 2,1]`)
#' theta <- posterior::as_draws_rvars(fit, n = 200)$theta
#' posterior::Pr(theta["Member 1", 1] > theta["Member 2", 1])
as_draws_df.vae_irt <- function(x, n = 1000, ...) posterior::as_draws_df(as_draws_matrix.vae_irt(x, n, ...))

#' @rdname as_draws_df.vae_irt
#' @exportS3Method posterior::as_draws
as_draws.vae_irt <- as_draws_df.vae_irt

#' @rdname as_draws_df.vae_irt
#' @exportS3Method posterior::as_draws_matrix
as_draws_matrix.vae_irt <- function(x, n = 1000, ...) {
  check_no_dots(..., .call = rlang::current_env())
  drawn <- draw_ideal_points(x, n)
  colnames(drawn$draws) <- sprintf("theta[%s,%d]", rep(drawn$names, each = x$dims), seq_len(x$dims))
  posterior::as_draws_matrix(drawn$draws)
}

#' @rdname as_draws_df.vae_irt
#' @exportS3Method posterior::as_draws_array
as_draws_array.vae_irt <- function(x, n = 1000, ...) posterior::as_draws_array(as_draws_matrix.vae_irt(x, n, ...))

#' @rdname as_draws_df.vae_irt
#' @exportS3Method posterior::as_draws_list
as_draws_list.vae_irt <- function(x, n = 1000, ...) posterior::as_draws_list(as_draws_matrix.vae_irt(x, n, ...))

#' @rdname as_draws_df.vae_irt
#' @exportS3Method posterior::as_draws_rvars
as_draws_rvars.vae_irt <- function(x, n = 1000, ...) {
  check_no_dots(..., .call = rlang::current_env())
  drawn <- draw_ideal_points(x, n)
  # Dimensions vary fastest in the columns. Names with a comma would be taken for two indices by as_draws_rvars() itself.
  draws <- aperm(array(drawn$draws, c(nrow(drawn$draws), x$dims, length(drawn$names))), c(1, 3, 2))
  dimnames(draws) <- list(NULL, drawn$names, seq_len(x$dims))
  posterior::draws_rvars(theta = posterior::rvar(draws))
}

# A matrix with a row for each draw, and the names of the respondents whose dimensions are its columns.
draw_ideal_points <- function(fit, n, call = caller_env()) {
  check_fit(fit, "x", call)
  n <- check_count(n, call = call)
  check_estimated(fit, call = call)
  drawn <- unwrap_rust(
    rust_draws(
      fit$model, !fit$rotated, n, fit$parameters$respondents$mean, rust_responses(fit$responses), settings_of(fit)
    ),
    call
  )
  list(draws = drawn$draws, names = rownames(fit$parameters$respondents$mean)[drawn$respondents])
}
