# `...` holds what nobody knows. `.known`: the arguments of the function that asks, one of which may be meant.
check_no_dots <- function(..., .call, .known = names(formals(sys.function(sys.parent())))) {
  unknown <- names(rlang::enquos(...))
  if (length(unknown) > 0) {
    if (!all(nzchar(unknown))) {
      abort_vaeirt("There is an argument without a name; write {.code name = value}.", "argument", .call)
    }
    known <- setdiff(.known, c("...", ".call"))
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
      .call
    )
  }
}

# The dots of a function that passes them to irt_responses(): what that does not know is unknown. `.read`: which of its
# arguments are passed on.
check_reading <- function(..., .call, .read = setdiff(names(formals(irt_responses)), c("x", "...", "threads", ".call")),
                          .known = names(formals(sys.function(sys.parent())))) {
  given <- rlang::enquos(...)
  check_no_dots(!!!given[!names(given) %in% .read], .call = .call, .known = c(.known, .read))
}

# Those that look like a name: two letters differ at most, and not half of them.
similar_arguments <- function(name, known) {
  known[utils::adist(shorten(name), known, ignore.case = TRUE) <= min(2, nchar(name) / 2 - 0.5)]
}
