# R sessions in which somebody presses Ctrl-C.

# Evaluates `setup` in a fresh session, then `job` once for each of the `delays`, after which Ctrl-C is pressed. Returns one
# row for each: `outcome` (the class of the condition, or "finished"), `seconds` from the key to the prompt, `left_mb`
# (resident memory afterwards less that before), and `same`: did a fit afterwards give the numbers of one before?
press_ctrl_c <- function(setup, job, delays) {
  folder <- tempfile()
  dir.create(folder)
  on.exit(unlink(folder, recursive = TRUE))
  at <- function(what, k) file.path(folder, paste(what, k))
  now <- function() as.numeric(Sys.time())
  session <- callr::r_bg(victim, list(setup, job, length(delays), folder), libpath = .libPaths())
  on.exit(session$kill(), add = TRUE)
  pressed <- vapply(seq_along(delays), function(k) {
    give_up <- now() + 300
    while (!file.exists(at("ready", k)) && session$is_alive() && now() < give_up) Sys.sleep(0.01)
    Sys.sleep(delays[[k]])
    if (!session$is_alive() || file.exists(at("done", k))) {
      return(NA_real_)
    }
    pressed <- now()
    session$interrupt()
    pressed
  }, numeric(1))
  session$wait(300000)
  result <- session$get_result()
  result$seconds <- result$returned - pressed
  result$returned <- NULL
  result
}

victim <- function(setup, job, n, folder) {
  suppressMessages(library(vaeirt))
  options(vaeirt.threads = 2L)
  resident_mb <- function() {
    gc()
    status <- "/proc/self/status"
    if (!file.exists(status)) return(NA_real_)
    as.numeric(gsub("\\D", "", grep("VmRSS", readLines(status), value = TRUE))) / 1024
  }
  at <- function(what, k) file.path(folder, paste(what, k))
  truth <- simulate_irt(50, 20, seed = 1)
  fit <- function() vae_irt(truth$responses, seed = 1)[c("estimates", "items", "model")]
  before <- fit()
  frame <- new.env()
  eval(setup, frame)
  rows <- lapply(seq_len(n), function(k) {
    mb <- resident_mb()
    file.create(at("ready", k))
    ended_by <- function(cnd) class(cnd)[[1]]
    outcome <- tryCatch(
      {
        suppressWarnings(suppressMessages(eval(job, frame)))
        "finished"
      },
      interrupt = ended_by,
      error = ended_by
    )
    returned <- as.numeric(Sys.time())
    file.create(at("done", k))
    data.frame(outcome = outcome, returned = returned, left_mb = resident_mb() - mb, same = identical(fit(), before))
  })
  do.call(rbind, rows)
}
