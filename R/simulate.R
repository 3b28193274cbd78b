#' Simulate responses from a fit
#'
#' Draws new responses to the items that the respondents of the fit responded to, for posterior predictive checks and the
#' parametric bootstrap. Each simulation draws the ideal points from their posterior distributions (posterior means vary
#' less than ideal points), and the responses from the model with the estimated items.
#'
#' @param object A `vae_irt` object.
#' @param nsim Number of simulations.
#' @param seed A whole number that fixes the simulations and leaves the state of R's generator as it was; `NULL` continues
#'   from that state.
#' @param ... Must be empty.
#' @return A tibble with one row per observed response, in the order of [augment.vae_irt()]: `respondent`, `item`, and one
#'   column `sim_1`, `sim_2`, ... per simulation with the labels of the responses: ordered factors where all items are graded with
#'   the same options, else text.
#' @export
#' @examples
#' truth <- simulate_irt(100, 20, seed = 1)
#' fit <- vae_irt(truth$responses, seed = 1, control = vae_control(threads = 1))
#' again <- simulate(fit, nsim = 2, seed = 1)
#' again
#' # The same model, fitted to the first simulation:
#' vae_irt(again, respondent = respondent, item = item, response = sim_1, seed = 1, control = vae_control(threads = 1))
simulate.vae_irt <- function(object, nsim = 1, seed = NULL, ...) {
  check_fit(object, "object")
  nsim <- check_count(nsim)
  check_no_dots(..., .call = rlang::current_env())
  check_estimated(object)
  if (!is.null(seed)) {
    seed_for_now(check_count(seed, min = -.Machine$integer.max))
  }
  observed <- observe_own(object)
  labels <- simulated_labels(object$parameters$items)
  table <- tibble::tibble(
    respondent = rownames(object$parameters$respondents$mean)[observed$respondent],
    item = object$parameters$items$item[observed$item]
  )
  for (k in seq_len(nsim)) {
    table[[paste0("sim_", k)]] <- labels[draw_options(object, observed, draw_traits(object))]
  }
  table
}

# The labels of all options, item by item: an ordered factor where all items are graded with the same options, so that the
# simulations are read as the data were.
simulated_labels <- function(items) {
  labels <- unlist(items$options)
  if (!all(has_order(models_of(items))) || length(unique(items$options)) > 1) {
    return(labels)
  }
  factor(labels, items$options[[1]], ordered = TRUE)
}

# A draw of everybody's traits from the normal distributions with the posterior moments.
draw_traits <- function(fit) {
  mean <- unname(fit$parameters$respondents$mean)
  normal <- matrix(stats::rnorm(length(mean)), ncol = fit$dims)
  mean + multiply_rows(cholesky_rows(fit$parameters$respondents$covariance, fit$dims), normal)
}

# A draw of an option, counted through the options of all items, for every observed response.
draw_options <- function(fit, observed, traits) {
  first <- cumsum(c(0L, option_counts(fit)))
  probabilities <- response_functions(fit)
  chosen <- integer(length(observed$item))
  for (rows in split(seq_along(chosen), observed$item)) {
    j <- observed$item[[rows[[1]]]]
    prob <- probabilities[[j]](traits[observed$respondent[rows], , drop = FALSE])
    below <- t(apply(prob, 1, cumsum))[, -ncol(prob), drop = FALSE]
    chosen[rows] <- first[[j]] + 1L + as.integer(rowSums(stats::runif(length(rows)) > below))
  }
  chosen
}

# Seeds R's generator for the calling function; when that ends, the generator is what it was. The seed gives the same numbers
# whatever generator the user has chosen.
seed_for_now <- function(seed, frame = parent.frame()) {
  state <- get0(".Random.seed", globalenv(), inherits = FALSE)
  kinds <- RNGkind()
  restore <- function() {
    if (is.null(state)) {
      suppressWarnings(RNGkind(kinds[[1]], kinds[[2]], kinds[[3]]))
      rm(".Random.seed", envir = globalenv())
    } else {
      assign(".Random.seed", state, globalenv())
      # R reads the kind of the generator from the state.
      RNGkind()
    }
  }
  do.call(on.exit, list(as.call(list(restore)), add = TRUE), envir = frame)
  set.seed(seed %% .Machine$integer.max, kind = "Mersenne-Twister", normal.kind = "Inversion", sample.kind = "Rejection")
}
