#' @keywords internal
#' @useDynLib vaeirt, .registration = TRUE
#' @importFrom rlang %||% .data caller_env
#' @importFrom stats coef confint fitted logLik nobs residuals simulate update
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
