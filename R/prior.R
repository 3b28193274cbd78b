#' Prior distributions of the item parameters
#'
#' Discriminations and difficulties have independent normal priors with mean 0. The latent traits always have the
#' standard normal prior. Both refer to the scale on which the model is estimated: see the section on location and scale in
#' [vae_irt()].
#'
#' The data settle items with many responses whatever the prior. Where few respondents answered an item, or where it separates
#' them perfectly (a party-line vote), the likelihood knows no maximum, and the prior alone says how steep the item is.
#'
#' With more than two options the prior is not exchangeable over them: every option beside the reference has parameters with this
#' prior, so that two of these differ by root two times the standard deviation, and a fit with another `reference` is another one
#' where responses are few.
#'
#' @param discrimination,difficulty Standard deviations, from 1e-6 to 1e6. The default, 5, is the prior variance of
#'   25 that `pscl::ideal()` uses.
#' @return A list of class `irt_prior` with the elements `discrimination` and `difficulty`.
#' @export
#' @examples
#' irt_prior(discrimination = 2.5)
irt_prior <- function(discrimination = 5, difficulty = 5) {
  structure(
    list(discrimination = check_positive(discrimination, 1e6), difficulty = check_positive(difficulty, 1e6)),
    class = "irt_prior"
  )
}

#' @export
print.irt_prior <- function(x, ...) {
  cat("Prior standard deviations: discrimination ", format(x$discrimination), ", difficulty ", format(x$difficulty),
    "\n",
    sep = ""
  )
  invisible(x)
}
