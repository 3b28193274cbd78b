#' @details
#' The way in is [vae_irt()]. What comes out is described in [`vaeirt-columns`], our words and those of other packages in the
#' [glossary][vaeirt-glossary], and the method in `vignette("how-it-works")`.
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
