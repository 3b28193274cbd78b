# `...` holds what nobody knows.
check_no_dots <- function(..., call) {
  unknown <- names(rlang::enquos(...))
  if (length(unknown) > 0) {
    if (!all(nzchar(unknown))) {
      abort_vaeirt("There is an argument without a name; write {.code name = value}.", "argument", call)
    }
    known <- known_arguments(call)
    near <- unique(unlist(lapply(unknown, similar_arguments, known)))
    settings <- if ("control" %in% known) unlist(lapply(unknown, similar_arguments, names(formals(vae_control))))
    abort_vaeirt(
      c(
        "Unknown argument{?s}: {.arg {shorten(unknown)}}.",
        i = if (length(near) > 0) "Did you mean {.arg {near}}?",
        i = if (length(settings) > 0) {
          "{.arg {settings}} {?is a setting/are settings}: {.code control = vae_control({settings[[1]]} = )}."
        }
      ),
      "argument",
      call
    )
  }
}

# Arguments of the function whose frame is `call`, and of the function that it passes its dots to.
known_arguments <- function(call) {
  frames <- Filter(function(k) identical(sys.frame(k), call), seq_len(sys.nframe()))
  if (length(frames) == 0) {
    return(character())
  }
  known <- names(formals(sys.function(frames[[1]])))
  if ("data" %in% known) known <- c(known, names(formals(irt_responses)))
  if ("newdata" %in% known) known <- c(known, reading_arguments())
  setdiff(known, c("...", ".call"))
}

# Those that look like a name: two letters differ at most, and not half of them.
similar_arguments <- function(name, known) {
  known[utils::adist(shorten(name), known, ignore.case = TRUE) <= min(2, nchar(name) / 2 - 0.5)]
}
