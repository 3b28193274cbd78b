#' Fit again with other arguments
#'
#' Evaluates the call of a fit with some of its arguments changed. If the data stay the same, the fit's own responses
#' are used: the objects of the call need not exist any more, and nothing is read again.
#'
#' @param object A `vae_irt` object.
#' @param ... Named arguments of [vae_irt()] to change or add; `NULL` restores a default.
#' @param evaluate Fit, or only return the call?
#' @return A `vae_irt` object, or a call with `evaluate = FALSE`. Without `seed` in the call the fit draws a new one.
#' @export
#' @examples
#' truth <- simulate_irt(100, 20, seed = 1)
#' fit <- vae_irt(truth$responses, seed = 1, control = vae_control(threads = 1))
#' update(fit, link = "probit")
#' update(fit, dims = 2, evaluate = FALSE)
update.vae_irt <- function(object, ..., evaluate = TRUE) {
  check_fit(object, "object")
  changes <- as.list(match.call(expand.dots = FALSE)$...)
  if (length(changes) > 0 && (is.null(names(changes)) || !all(nzchar(names(changes))))) {
    abort_vaeirt("Arguments to change must be named, as in {.code update(fit, dims = 2)}.", "argument")
  }
  if (is.null(object$call)) {
    abort_vaeirt("The fit was read from a model file and has no data to be fitted again.", "argument")
  }
  call <- object$call
  # One by one: an argument that is NULL is left out of the call.
  for (name in names(changes)) call[[name]] <- changes[[name]]
  if (!check_flag(evaluate)) {
    return(call)
  }
  of_model <- names(formals(vae_irt))
  same_data <- all(names(changes) %in% setdiff(of_model, c("data", "...")))
  now <- call
  if (same_data && !is.null(object$responses)) {
    now <- call[c(TRUE, names(call)[-1] %in% of_model)]
    now$data <- object$responses
  }
  fit <- eval(now, parent.frame())
  fit$call <- call
  fit
}
