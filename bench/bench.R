# Speed, memory and accuracy, in one run. Every job runs in an R process of its own and is reported as elapsed seconds, as a
# ratio to a yardstick (500 iterations of pscl::ideal on the 109th Senate) and with the peak memory of its process. Peers
# that are not installed are left out: MCMCpack; emIRT (to be built from its sources); PyTorch, for which VAEIRT_PYTHON names a
# Python that has it. VAEIRT_BENCH=quick leaves the largest data out, =full adds 5 million voters and emIRT at 1 million.
# Writes bench/results.csv. bench/large.csv keeps figures of runs of their own; the README takes those that results.csv lacks.
generator <- file.path(Sys.getenv("CARGO_TARGET_DIR", "src/rust/target"), "release/examples/ballots")
size <- Sys.getenv("VAEIRT_BENCH", "usual")
work <- file.path(tempdir(), "bench")
dir.create(work)

# Runs `job(...)`, which returns list(seconds =, accuracy =), in a fresh process.
run <- function(job, ...) {
  callr::r(
    function(job, arguments) {
      status <- function(key) {
        line <- grep(key, readLines("/proc/self/status"), value = TRUE)
        as.numeric(gsub("\\D", "", line)) / 1024
      }
      value <- suppressMessages(do.call(job, arguments))
      value$memory <- status("VmHWM")
      value
    },
    list(job = job, arguments = list(...)),
    libpath = .libPaths()
  )
}

yardstick <- NA
report <- function(label, result) {
  if (is.na(yardstick)) yardstick <<- result$seconds
  row <- data.frame(
    job = label, seconds = round(result$seconds, 2), ratio = round(result$seconds / yardstick, 2),
    memory_mb = round(result$memory), accuracy = result$accuracy
  )
  cat(sprintf("%-58s %8.2f s %8.2f %7.0f MB  %s\n", row$job, row$seconds, row$ratio, row$memory_mb, row$accuracy))
  rows[[length(rows) + 1]] <<- row
}
rows <- list()

# The 109th Senate -----------------------------------------------------------------------------------------------------

report("pscl::ideal, s109, 500 iterations (the yardstick)", run(function() {
  data(s109, package = "pscl", envir = environment())
  seconds <- system.time(pscl::ideal(s109, d = 1, maxiter = 500, burnin = 100, thin = 10, store.item = FALSE))
  list(seconds = seconds[["elapsed"]], accuracy = "")
}))

if (requireNamespace("MCMCpack", quietly = TRUE)) {
  report("MCMCpack::MCMCirt1d, s109, 1,000 iterations", run(function() {
    data(s109, package = "pscl", envir = environment())
    votes <- ifelse(s109$votes %in% 1:3, 1, ifelse(s109$votes %in% 4:6, 0, NA))
    votes <- matrix(votes, nrow(s109$votes), dimnames = dimnames(s109$votes))
    votes <- votes[, apply(votes, 2, function(x) length(unique(x[!is.na(x)])) == 2)]
    seconds <- system.time(MCMCpack::MCMCirt1d(
      votes, theta.constraints = list("BOXER (D CA)" = "-"), burnin = 100, mcmc = 900, AB0 = 0.04
    ))
    list(seconds = seconds[["elapsed"]], accuracy = "")
  }))
}

senate <- function(link, dims, reference) {
  data(s109, package = "pscl", envir = environment())
  seconds <- system.time(fit <- vaeirt::vae_irt(s109, link = link, dims = dims, seed = 1))[["elapsed"]]
  accuracy <- sprintf("%.1f %% classified", 100 * fit$statistics$classification)
  if (link == "probit" && dims == 1) {
    ours <- fit$estimates$estimate[match(reference$respondent, fit$estimates$respondent)]
    ours <- (ours - mean(ours)) / sd(ours) * sign(cor(ours, reference$mean))
    accuracy <- sprintf(
      "r with MCMC %.5f, median |difference| %.2f posterior SD, %s", cor(ours, reference$mean),
      median(abs(ours - reference$mean) / reference$sd), accuracy
    )
  }
  list(seconds = seconds, accuracy = accuracy)
}
reference <- read.csv("tests/testthat/senate_mcmc.csv")
report("vaeirt, s109, probit, 1-D", run(senate, "probit", 1, reference))
report("vaeirt, s109, probit, 2-D", run(senate, "probit", 2, reference))
report("vaeirt, s109, logit, 1-D", run(senate, "logit", 1, reference))

# Complete binary data, one dimension ----------------------------------------------------------------------------------

binary <- function(n_respondents, n_items, peer = TRUE) {
  path <- file.path(work, sprintf("%d.rds", n_respondents))
  run(function(n_respondents, n_items, path) {
    truth <- vaeirt::simulate_irt(n_respondents, n_items, seed = 1)
    storage.mode(truth$responses) <- "integer"
    saveRDS(truth, path, compress = FALSE)
    list(seconds = 0)
  }, n_respondents, n_items, path)
  ours <- run(function(path) {
    truth <- readRDS(path)
    seconds <- system.time(fit <- vaeirt::vae_irt(truth$responses, seed = 1))[["elapsed"]]
    r <- cor(fit$estimates$estimate, truth$respondents$estimate)
    true <- matrix(truth$items$estimate, ncol = 2, byrow = TRUE)[, 1]
    slope <- sign(r) * sum(matrix(fit$items$estimate, ncol = 2, byrow = TRUE)[, 1] * true) / sum(true^2)
    passes <- nrow(fit$training) / sum(fit$timings$seconds[grepl("bound|update", fit$timings$part)])
    list(seconds = seconds, accuracy = sprintf(
      "r with the truth %.5f, discrimination slope %.3f, %.2f passes per second", abs(r), slope, passes
    ))
  }, path)
  shape <- sprintf("%s x %d", format(n_respondents, big.mark = ",", scientific = FALSE), n_items)
  report(paste0("vaeirt, ", shape, ", logit, 1-D"), ours)
  if (peer && requireNamespace("emIRT", quietly = TRUE)) {
    report(paste0("emIRT::binIRT, ", shape), run(function(path) {
      truth <- readRDS(path)
      votes <- truth$responses * 2L - 1L
      n <- dim(votes)
      seconds <- system.time(fit <- emIRT::binIRT(
        .rc = list(votes = votes), .starts = emIRT::getStarts(n[[1]], n[[2]], 1),
        .priors = emIRT::makePriors(n[[1]], n[[2]], 1), .control = list(threads = 1, verbose = FALSE, thresh = 1e-6)
      ))[["elapsed"]]
      list(seconds = seconds, accuracy = sprintf(
        "r with the truth %.5f", abs(cor(fit$means$x[, 1], truth$respondents$estimate))
      ))
    }, path))
  }
  unlink(path)
}
binary(10000, 100)
binary(100000, 100)
if (size != "quick") binary(1000000, 50, peer = size == "full")

# Cast vote records ----------------------------------------------------------------------------------------------------

# From the Parquet file to the tibble; R^2 of the truth on the estimates, in each dimension, as shares of what the true item
# parameters allow, for the voters for whom that is known.
ballots <- function(n_voters, n_contests, label, options = character(), refine = NULL) {
  folder <- file.path(work, "ballots")
  stopifnot(system2(generator, c(folder, format(c(n_voters, n_contests), scientific = FALSE, trim = TRUE), options)) == 0)
  result <- run(function(folder, refine) {
    said <- character()
    seconds <- system.time(fit <- withCallingHandlers(
      vaeirt::vae_irt(
        file.path(folder, "votes.parquet"), dims = 4, seed = 1, drop = "undervote",
        respondent = c("state", "county_name", "cvr_id"), item = "race", response = "candidate",
        control = vaeirt::vae_control(refine = refine)
      ),
      vaeirt_warning = function(cnd) {
        said <<- c(said, class(cnd)[[1]])
        invokeRestart("muffleWarning")
      }
    ))[["elapsed"]]
    file <- file(file.path(folder, "truth.bin"), "rb")
    size <- readBin(file, "double", 3)
    read <- function(n) matrix(readBin(file, "double", n * size[[2]]), ncol = size[[2]], byrow = TRUE)
    truth <- read(size[[1]])
    known <- read(size[[3]])
    close(file)
    estimates <- matrix(fit$estimates$estimate, ncol = size[[2]], byrow = TRUE)
    voter <- as.integer(sub("cvr ", "", fit$estimates$cvr_id[fit$estimates$dimension == 1]))
    use <- voter <= size[[3]] & !is.na(estimates[, 1])
    if (nrow(fit$groups) > 1) {
      # Counties that share no contest with the others have axes of their own.
      county <- fit$estimates$county_name[fit$estimates$dimension == 1]
      number <- as.integer(sub("County ", "", county))
      use <- use & number != max(number)
    }
    explained <- function(x) {
      fits <- summary(stats::lm(truth[voter[use], ] ~ x))
      vapply(fits, function(x) x$r.squared, numeric(1))
    }
    ours <- explained(estimates[use, ])
    allowed <- explained(known[voter[use], ])
    parts <- fit$timings$seconds / sum(fit$timings$seconds)
    of <- function(pattern) 100 * sum(parts[grepl(pattern, fit$timings$part)])
    training <- sum(fit$timings$seconds[grepl("bound|update", fit$timings$part)])
    accuracy <- sprintf(
      paste(
        "R^2 %s, true items allow %s, worst share %.3f; %d passes, %.2f per second; start %.0f %%, bound and gradients %.0f %%,",
        "embeddings %.0f %%, items %.0f %%, posteriors %.0f %%, standard errors %.0f %%%s"
      ),
      paste(sprintf("%.3f", ours), collapse = " "), paste(sprintf("%.3f", allowed), collapse = " "), min(ours / allowed),
      nrow(fit$training), nrow(fit$training) / training, of("start"), of("bound"), of("embeddings"), of("update of the items"),
      of("posteriors"), of("errors|information"), if (length(said) > 0) paste0("; ", paste(said, collapse = ", ")) else ""
    )
    saveRDS(fit, file.path(folder, "fit.rds"), compress = FALSE)
    list(seconds = seconds, accuracy = accuracy)
  }, folder, refine)
  report(paste0("vaeirt, ", label, ", 4-D, file to tibble", if (isFALSE(refine)) ", not refined"), result)
  invisible(folder)
}

ballots(200000, 1000, "200,000 x 1,000 ballots")
ballots(200000, 1000, "200,000 x 1,000 ballots", refine = FALSE)
ballots(200000, 1000, "200,000 x 1,000 ballots, 2 shared contests", c("2", "hard"))
if (size != "quick") {
  ballots(1000000, 5000, "1,000,000 x 5,000 ballots")
  folder <- ballots(1000000, 5000, "1,000,000 x 5,000 ballots", refine = FALSE)
  score <- function(folder, tibble) {
    fit <- readRDS(file.path(folder, "fit.rds"))
    votes <- vaeirt::irt_responses(
      file.path(folder, "votes.parquet"), drop = "undervote",
      respondent = c("state", "county_name", "cvr_id"), item = "race", response = "candidate"
    )
    seconds <- system.time(
      if (tibble) {
        predict(fit, votes, refine = FALSE)
      } else {
        vaeirt:::rust_score(
          fit$model, vaeirt:::rust_responses(votes, fit$parameters$items), vaeirt:::scoring_of(fit, FALSE), NULL
        )
      }
    )[["elapsed"]]
    list(seconds = seconds, accuracy = sprintf("%.2f million respondents per second", 1 / seconds))
  }
  report("vaeirt, scoring 1,000,000 ballots, the network", run(score, folder, FALSE))
  report("vaeirt, scoring 1,000,000 ballots, predict() to tibble", run(score, folder, TRUE))
}
if (size == "full") ballots(5000000, 5000, "5,000,000 x 5,000 ballots", refine = FALSE)

# Cost of a pass -------------------------------------------------------------------------------------------------------

# 10,000 voters x 300 binary contests, 20 % missing, 4 dimensions, one sample, one thread: CPU seconds of one pass.
report("vaeirt, one pass at 10,000 x 300 x 4-D, 1 thread", run(function() {
  votes <- vaeirt::irt_responses(vaeirt::simulate_irt(10000, 300, dims = 4, missing = 0.2, seed = 1)$responses)
  control <- vaeirt::vae_control(
    importance_samples = 1, batch_size = 256, max_epochs = 20, tolerance = 1e-9, refine = FALSE, std_errors = "none", threads = 1
  )
  fit <- suppressWarnings(vaeirt::vae_irt(votes, dims = 4, seed = 1, control = control))
  training <- sum(fit$timings$seconds[grepl("bound|update", fit$timings$part)])
  list(seconds = training / nrow(fit$training), accuracy = "batches of 256, 1 sample")
}))
python <- Sys.getenv("VAEIRT_PYTHON")
if (nzchar(python)) {
  for (mode in c("dense", "cells")) {
    seconds <- as.numeric(strsplit(system2(python, c("bench/pytorch_pass.py", mode), stdout = TRUE), " ")[[1]])
    report(
      paste0("PyTorch, the same, ", if (mode == "dense") "loop over the items" else "observed cells alone"),
      list(seconds = seconds[[1]], memory = NA, accuracy = "CPU seconds")
    )
  }
}

write.csv(do.call(rbind, rows), "bench/results.csv", row.names = FALSE)
