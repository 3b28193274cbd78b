#' Control of the estimation
#'
#' The defaults are meant to work unattended; `threads` is the setting to know.
#'
#' @section Convergence:
#' The learning rate rises over the first 20 steps and then stays until the bound, averaged over windows of 40 steps, has
#' improved by less than `tolerance` times its size, or by less than the standard error of the difference, in two windows
#' running. (With up to 20 batches a window is made of whole epochs.) Then it falls to 0 along a cosine, over 0.6 times as
#' many steps again (at least 100), up to the end of an epoch and at least of the second, so that the noise of the gradients
#' averages out. Training has converged when the bound stopped improving before 70 % of `max_epochs` were over; otherwise
#' `$converged` is `FALSE` and [vae_irt()] warns.
#'
#' @param hidden Width of the response embeddings and of the network's hidden layer: at least `dims`, at most 4,096.
#' @param importance_samples Samples in the importance-weighted bound, at most 1,024. With 1 it is the evidence lower bound; more
#'   samples make it tighter, which reduces the variational shrinkage of the discriminations (by trials in one dimension:
#'   6 % with 1 sample, 3 % with 4, 1 % with 8).
#' @param max_epochs Most passes over the data.
#' @param batch_size Respondents in a minibatch; `NULL` takes everybody up to 512 respondents and then a fiftieth
#'   of them, at least 512 and at most 4,096, and fewer where these have very many responses.
#' @param learning_rate Highest learning rate of the item parameters (optimiser Adam); those of the network and the embeddings
#'   follow it.
#' @param tolerance Relative improvement of the bound below which training has converged; see the section below.
#' @param refine Refine the network's posterior of every respondent: in one or two dimensions by adaptive quadrature, else by
#'   Newton's method and importance sampling? `NULL`: yes, but not with more than 2 million responses in three or more
#'   dimensions, where it takes longer than the training. Without, the estimates are the network's: nearly as accurate,
#'   with intervals that are normal, and without `pareto_k` and log-likelihood.
#' @param std_errors `"conditional"`: standard errors of the respondents treat the item parameters as known, and those
#'   of the items come from each item's own observed information (Louis' identity), the other items held fixed. With more
#'   than about 5 million responses the information is extrapolated from an evenly spaced sample of them, at least 1,000 to each
#'   item that has them; items with more than 600 parameters have no standard errors. `"none"`: none for the items.
#' @param estimates `FALSE`: return no estimates of the respondents, for more of them than R should hold; score them into a
#'   file with `predict(fit, newdata, to = )`. Scale, axes, standard errors and statistics then come from
#'   100,000 of them, evenly spaced over the data, and `$estimates` and `$posterior` are empty.
#' @param level Level of the intervals `conf.low` to `conf.high`.
#' @param threads Worker threads. The default is the option `vaeirt.threads` or, without it, all processors but
#'   never more than 2 under `R CMD check`. The results do not depend on it.
#' @param progress Show a progress bar?
#' @return A list of class `vae_control`.
#' @export
#' @examples
#' vae_control(threads = 1, level = 0.9)
vae_control <- function(hidden = 64L,
                        importance_samples = 4L,
                        max_epochs = 2000L,
                        batch_size = NULL,
                        learning_rate = 0.05,
                        tolerance = 1e-3,
                        refine = NULL,
                        std_errors = c("conditional", "none"),
                        estimates = TRUE,
                        level = 0.95,
                        threads = getOption("vaeirt.threads", default_threads()),
                        progress = interactive()) {
  structure(
    list(
      hidden = check_count(hidden, max = 4096),
      importance_samples = check_count(importance_samples, max = 1024),
      max_epochs = check_count(max_epochs),
      batch_size = if (!is.null(batch_size)) check_count(batch_size),
      learning_rate = check_positive(learning_rate),
      tolerance = check_positive(tolerance),
      refine = if (!is.null(refine)) check_flag(refine),
      std_errors = check_choice(std_errors, c("conditional", "none")),
      estimates = check_flag(estimates),
      level = check_share(level),
      threads = check_count(threads, max = 1024),
      progress = check_flag(progress)
    ),
    class = "vae_control"
  )
}

#' @export
print.vae_control <- function(x, ...) {
  shown <- vapply(x, function(value) if (is.null(value)) "automatic" else format(value), character(1))
  cat("Control of vae_irt():\n", paste0("  ", format(names(shown)), "  ", shown, "\n"), sep = "")
  invisible(x)
}

# Are the posteriors to be refined? With many responses the draws of importance sampling take longer than the training.
wants_refinement <- function(control, dims, responses) {
  control$refine %||% (dims <= 2 || utils::tail(responses$offsets, 1) <= 2e6)
}

# R CMD check allows two processes; it sets this variable.
default_threads <- function(processors = rust_info()$processors) {
  limited <- nzchar(Sys.getenv("_R_CHECK_LIMIT_CORES_")) && !identical(Sys.getenv("_R_CHECK_LIMIT_CORES_"), "false")
  if (limited) min(2L, processors) else processors
}
