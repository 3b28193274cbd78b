#' @details
#' Start with [vae_irt()]. [`vaeirt-columns`] describes what the tables hold, the [glossary][vaeirt-glossary] translates our
#' words into those of other packages, and `vignette("how-it-works")` describes the method.
#' @keywords internal
#' @examples
#' votes <- simulate_irt(100, 20, seed = 1)$responses
#' fit <- vae_irt(votes, seed = 1, control = vae_control(threads = 1))
#' tidy(fit)
#' autoplot(fit)
#' @useDynLib vaeirt, .registration = TRUE
#' @importFrom rlang %||% .data caller_env
#' @importFrom stats anova coef confint deviance fitted formula logLik model.frame nobs residuals simulate update vcov weights
"_PACKAGE"

#' @importFrom generics tidy
#' @export
generics::tidy

#' @importFrom generics glance
#' @export
generics::glance

#' @importFrom generics augment
#' @export
generics::augment

#' @importFrom ggplot2 autoplot
#' @export
ggplot2::autoplot
