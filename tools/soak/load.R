# Many voters: `Rscript tools/soak/load.R [millions of voters]` (10 unless given; 50 are 1.25 billion responses) simulates so
# many ballots of 5,000 contests, reads them and trains for two passes in a process of its own, and reports seconds by part
# and peak memory. Run it from the root of the repository, with the package installed and the generator built (cargo build
# --release --example ballots, see `make bench`). 1 million voters take 85 MB of disk, and what was written is deleted at the
# end; VAEIRT_BALLOTS names a folder with ballots that are there and stay. It fails where the process took more than 16 GB or
# any swap, or the bound did not rise.
millions <- as.numeric(c(commandArgs(TRUE), "10")[[1]])
generator <- file.path(Sys.getenv("CARGO_TARGET_DIR", ".cache/target"), "release/examples/ballots")
most_mb <- 16000

folder <- Sys.getenv("VAEIRT_BALLOTS")
if (!nzchar(folder)) {
  folder <- tempfile("ballots")
  status <- system2(generator, c(folder, format(millions * 1e6, scientific = FALSE), "5000"))
  if (status != 0) stop("the ballots could not be written")
}

found <- callr::r(
  function(path) {
    library(vaeirt)
    status <- function(key) {
      line <- grep(key, readLines("/proc/self/status"), value = TRUE)
      if (length(line) == 0) 0 else as.numeric(gsub("\\D", "", line)) / 1024
    }
    parts <- list()
    part <- function(name, code) {
      seconds <- system.time(value <- suppressWarnings(suppressMessages(code)))[["elapsed"]]
      parts[[length(parts) + 1]] <<- data.frame(
        part = name, seconds = seconds, peak_mb = status("VmHWM"), now_mb = status("VmRSS"), swap_mb = status("VmSwap")
      )
      value
    }
    ballots <- part("reading", irt_responses(
      path,
      respondent = c("state", "county_name", "cvr_id"), item = "race", response = "candidate", drop = "undervote"
    ))
    control <- vae_control(estimates = FALSE, max_epochs = 2)
    fit <- part("two passes and what follows", vae_irt(ballots, dims = 4, seed = 1, control = control))
    n <- ballots$offsets[[length(ballots$offsets)]]
    list(
      parts = do.call(rbind, parts), timings = fit$timings, n_responses = n, n_voters = fit$n_respondents,
      elbo = fit$training$elbo
    )
  },
  list(file.path(folder, "votes.parquet")),
  libpath = .libPaths(), show = TRUE
)
if (!nzchar(Sys.getenv("VAEIRT_BALLOTS"))) unlink(folder, recursive = TRUE)

cat(sprintf("%.0f voters, %.0f responses, %d threads\n", found$n_voters, found$n_responses, parallel::detectCores()))
cat(sprintf("%-30s %9s %9s %9s %9s\n", "", "seconds", "peak MB", "now MB", "swap MB"))
parts <- found$parts
cat(sprintf(
  "%-30s %9.1f %9.0f %9.0f %9.0f\n", parts$part, parts$seconds, parts$peak_mb, parts$now_mb, parts$swap_mb
), sep = "")
cat(sprintf("  %-28s %9.1f\n", found$timings$part, found$timings$seconds), sep = "")
cat("bound of the passes:", format(found$elbo, big.mark = ","), "\n")
good <- max(parts$peak_mb) < most_mb && all(parts$swap_mb == 0) && all(is.finite(found$elbo)) && diff(found$elbo) > 0
quit(status = if (good) 0 else 1)
