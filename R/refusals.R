# Functions of package stats that a fit cannot answer, or would answer wrongly by default: they say why, and what does.

#' @export
anova.vae_irt <- function(object, ...) {
  abort_vaeirt(
    c(
      "{.fn anova} has no test for fits of {.fn vae_irt}.",
      x = "The items have priors, and with one dimension less the model lies at the edge of the larger one, where
           likelihood ratios have no chi-squared distribution.",
      i = "Compare numbers of dimensions with {.fn cv_dims}, or fits to the same data with {.fn AIC} and {.fn BIC}."
    ),
    "refused"
  )
}

#' @export
model.frame.vae_irt <- function(formula, ...) {
  abort_vaeirt(
    c(
      "A fit of {.fn vae_irt} has no model frame.",
      i = "{.code $responses} are its data, {.code augment()} gives them one row a response."
    ),
    "refused"
  )
}

#' @export
formula.vae_irt <- function(x, ...) {
  abort_vaeirt(
    c("A fit of {.fn vae_irt} has no formula.", i = "Its call is {.code $call}; the model is described in {.fn vae_irt}."),
    "refused"
  )
}
