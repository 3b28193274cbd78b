# Progress bars of cli.

# A bar is for a person who waits: not in scripts, and not in a document that is being knit, which rlang knows.
default_progress <- function() rlang::is_interactive()

# A function that moves a progress bar, one for each part of the work, or NULL. It gives FALSE where the computation is to
# stop.
progress_reporter <- function(show, frame = caller_env()) {
  if (!show) {
    return(NULL)
  }
  bar <- NULL
  shown <- ""
  start <- function(part) {
    if (!is.null(bar)) cli::cli_progress_done(id = bar, .envir = frame)
    label <- paste0(toupper(substr(part, 1, 1)), substring(part, 2))
    bar <<- cli::cli_progress_bar(
      label,
      total = 100, format = "{cli::pb_name}{cli::pb_bar} {cli::pb_percent}{cli::pb_extra$bound} {cli::pb_eta_str}",
      extra = list(bound = ""), .envir = frame
    )
    shown <<- part
  }
  function(part, progress, bound) {
    news <- list(bound = if (is.na(bound)) "" else paste0(" | ELBO ", format(round(bound), big.mark = ",")))
    # A bar that cannot be drawn is no reason to stop.
    tryCatch(
      {
        if (part != shown) start(part)
        cli::cli_progress_update(set = 100 * progress, id = bar, extra = news, .envir = frame)
        TRUE
      },
      error = function(cnd) TRUE,
      interrupt = function(cnd) FALSE
    )
  }
}
