# Every error of the package has the class "vaeirt_error" and a class that names what is wrong.
abort_vaeirt <- function(message, kind, call = caller_env(), envir = parent.frame(), ...) {
  cli::cli_abort(
    message,
    class = c(paste0("vaeirt_error_", kind), "vaeirt_error"),
    call = call,
    .envir = envir,
    ...
  )
}

# The value of a call into Rust, or its error as an R condition. `list(error =)` comes from src/rust/src/answer.rs.
unwrap_rust <- function(answer, call = caller_env()) {
  failure <- answer[["error"]]
  if (is.null(failure)) {
    return(answer[["value"]])
  }
  if (identical(failure$kind, "interrupted")) {
    rlang::interrupt()
  }
  message <- switch(failure$kind,
    not_finite = c(
      "Training did not stay finite: {failure$message}.",
      i = "Lower {.code learning_rate} in {.fn vae_control}, or tighten {.arg prior}."
    ),
    checkpoint = c(
      "The checkpoint cannot be used. {failure$message}.",
      i = "Repeat the call that wrote it to go on; for another fit take another folder, or delete this one."
    ),
    internal = c("{failure$message}", i = "This is a bug in {.pkg vaeirt}; please report it."),
    "{failure$message}."
  )
  abort_vaeirt(message, failure$kind, call = call)
}
