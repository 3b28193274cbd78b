#' Prior distributions of the item parameters
#'
#' What is known of discriminations and difficulties before the responses. The latent traits always have the standard normal
#' prior. Both refer to the scale on which the model is estimated: see the section on location and scale in [vae_irt()].
#'
#' @section Numbers:
#' Discriminations and difficulties are independent and normal with mean 0 and these standard deviations. 5 is the prior
#' variance of 25 that `pscl::ideal()` uses. Where one number is given, the other is 5.
#'
#' @section Without numbers:
#' The items themselves tell how items are distributed, and their prior is estimated (empirical Bayes). `glance()` and `print()`
#' say how large discriminations and difficulties are under it.
#'
#' With few respondents and many items (as many items as respondents times dimensions, and at most 1,000 of these: courts,
#' committees, most chambers) the items are integrated out. Discriminations and difficulties of items that are alike (a kind and
#' a number of options) have one normal distribution with a covariance, which does not depend on which option is the reference;
#' where there are 50 of them, a mixture of two such that each stand for a pair of mirror images, since the discriminations of
#' party-line votes lie around two values, not around 0.
#'
#' With more respondents discriminations and difficulties are independent and normal with mean 0, and their standard deviations
#' are estimated: from .1 to 5, in turn with the items, by the items' normal posteriors (Tierney and Kadane 1986), with one item
#' more whose parameters are 2.5, so that four or five items alone do not say how large others are. Where the prior that is
#' found would move the items by less than a quarter of a standard error (root mean squared), they stay where a prior of 5 has
#' them: this takes no time with large data. The standard deviations are 5 where the items are left as the training finds them
#' (`refine = FALSE`), and with so many respondents and items that the prior says nothing (more than 200 million numbers are
#' needed to hold what respondents say between items).
#'
#' @section What it does:
#' The data settle items with many responses whatever the prior. Where few respondents answered an item, or where it separates
#' them perfectly (a party-line vote), the likelihood knows no maximum, and the prior alone says how steep the item is. An
#' estimated one says what items with other responses say of it: an item with nine responses is rightly pulled towards the
#' others.
#'
#' With numbers and more than two options the prior is not exchangeable over them: every option beside the reference has
#' parameters with this prior, so that two of these differ by root two times the standard deviation, and a fit with another
#' `reference` is another one where responses are few. So is the prior that is estimated for more respondents; the one with
#' which items
#' are integrated out is exchangeable.
#'
#' @references
#' Tierney, L. and Kadane, J. B. (1986) Accurate approximations for posterior moments and marginal densities. *Journal of the
#' American Statistical Association* 81, 82-86. \doi{10.1080/01621459.1986.10478240}
#'
#' @param discrimination,difficulty Standard deviations, from 1e-6 to 1e6, or `NULL`.
#' @return A list of class `irt_prior` with the elements `discrimination` and `difficulty`.
#' @export
#' @examples
#' irt_prior()
#' irt_prior(discrimination = 2.5)
irt_prior <- function(discrimination = NULL, difficulty = NULL) {
  given <- !is.null(discrimination) || !is.null(difficulty)
  sd <- function(x, arg, call) if (given) check_positive(x %||% default_prior_sd, 1e6, arg, call)
  call <- rlang::current_env()
  structure(
    list(discrimination = sd(discrimination, "discrimination", call), difficulty = sd(difficulty, "difficulty", call)),
    class = "irt_prior"
  )
}

# Where the prior cannot be estimated.
default_prior_sd <- 5

# Is it to be estimated?
is_open <- function(prior) is.null(prior$discrimination)

# Were the items integrated out?
is_integrated <- function(fit) isTRUE(fit$parameters$items$prior$integrated)

# The sizes (root mean squares) of discriminations and of difficulties that a fit assumed, and whether it found them.
prior_of_fit <- function(fit) {
  found <- fit$parameters$items$prior
  estimated <- is_open(fit$prior) && isTRUE(found$estimated)
  list(
    estimated = estimated,
    discrimination = if (estimated) found$prior_discrimination else rep(fit$prior$discrimination %||% default_prior_sd, fit$dims),
    difficulty = if (estimated) found$prior_difficulty else fit$prior$difficulty %||% default_prior_sd
  )
}

# A sentence about it.
describe_prior <- function(fit) {
  prior <- prior_of_fit(fit)
  if (prior$estimated) {
    paste0(
      "The prior of the items is estimated: discriminations of about ",
      paste(three_digits(prior$discrimination), collapse = ", "), ", difficulties of about ", three_digits(prior$difficulty)
    )
  }
}

#' @export
print.irt_prior <- function(x, ...) {
  if (is_open(x)) {
    cat("Prior of the items: estimated\n")
  } else {
    cat(
      "Prior standard deviations: discrimination ", format(x$discrimination), ", difficulty ", format(x$difficulty), "\n",
      sep = ""
    )
  }
  invisible(x)
}
