# Every error of the package has the class "vaeirt_error" and a class that names what is wrong.
abort_vaeirt <- function(message, kind, call = caller_env(), envir = parent.frame(), ...) {
  shorten_values()
  cli::cli_abort(
    message,
    class = c(paste0("vaeirt_error_", kind), "vaeirt_error"),
    call = call,
    .envir = envir,
    ...
  )
}

# Warnings likewise: "vaeirt_warning".
warn_vaeirt <- function(message, kind, call = NULL, envir = parent.frame()) {
  shorten_values()
  cli::cli_warn(message, class = c(paste0("vaeirt_warning_", kind), "vaeirt_warning"), call = call, .envir = envir)
}

inform_vaeirt <- function(message, envir = parent.frame()) {
  shorten_values()
  cli::cli_inform(message, .envir = envir)
}

# Long labels are shown by their beginning in the messages that the calling function makes.
shorten_values <- function(frame = parent.frame()) {
  value <- function(x, ...) cli::cli_format(if (is.character(x)) shorten(x) else x, ...)
  cli::cli_div(theme = list(span.val = list(transform = value)), .envir = frame)
}

shorten <- function(x, most = 80) {
  long <- which(nchar(x, "bytes") > most & Encoding(x) != "bytes")
  text <- iconv(enc2utf8(x[long]), "UTF-8", "UTF-8", sub = "byte")
  x[long] <- ifelse(nchar(text) > most, paste0(substr(text, 1, most - 3), "..."), text)
  x
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
  failure$message <- shorten(failure$message, 500)
  message <- switch(failure$kind,
    not_finite = c(
      "Training did not stay finite: {failure$message}.",
      i = "Lower {.code learning_rate} in {.fn vae_control}, or tighten {.arg prior}."
    ),
    checkpoint = c(
      "The checkpoint cannot be used. {failure$message}.",
      i = "Repeat the call that wrote it to go on; for another fit take another folder, or delete this one."
    ),
    device = c(
      "No GPU can be used: {failure$message}.",
      i = if (rust_info()$cuda) {
        "Does {.code nvidia-smi} list a GPU? {.code device = \"auto\"} uses the processor where there is none."
      } else {
        "Install the package with {.code VAEIRT_CUDA=1 R CMD INSTALL .}, or take {.code device = \"cpu\"} in {.fn vae_control}."
      }
    ),
    internal = c("{failure$message}", i = "This is a bug in {.pkg vaeirt}; please report it."),
    "{failure$message}."
  )
  abort_vaeirt(message, failure$kind, call = call)
}
