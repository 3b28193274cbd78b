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

# What follows the first n of a vector in a message.
more_than <- function(x, n) if (length(x) > n) ", ..." else ""

shorten <- function(x, most = 80) {
  long <- which(nchar(x, "bytes") > most & Encoding(x) != "bytes")
  text <- iconv(enc2utf8(x[long]), "UTF-8", "UTF-8", sub = "byte")
  x[long] <- ifelse(nchar(text) > most, paste0(substr(text, 1, most - 3), "..."), text)
  x
}
