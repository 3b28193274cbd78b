#' @keywords internal
#' @useDynLib vaeirt, .registration = TRUE
#' @importFrom rlang %||% .data caller_env
"_PACKAGE"

#' @importFrom generics tidy
#' @export
generics::tidy

#' @importFrom generics glance
#' @export
generics::glance

#' @importFrom ggplot2 autoplot
#' @export
ggplot2::autoplot
