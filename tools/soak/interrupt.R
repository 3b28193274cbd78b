# How long Ctrl-C takes on large data, and what memory it leaves: every kind of work is interrupted at moments spread over
# it. Run it from the root of the repository, with the package installed; about 30 minutes. Arguments choose among the
# jobs by their names. It fails where the prompt was not there within `bound` seconds (VAEIRT_BOUND; the aim is half a second
# on an idle machine), something else than an interrupt was raised, more than 100 MB stayed, or a fit afterwards gave other
# numbers.
source("tests/testthat/helper-sessions.R")
bound <- as.numeric(Sys.getenv("VAEIRT_BOUND", "1"))

long <- quote({
  n <- 200000
  voters <- data.frame(voter = rep(seq_len(n), each = 25), race = rep(1:25, n), choice = rep_len(c(0L, 1L, 2L, 1L), 25 * n))
})
jobs <- list(
  `Parquet file, 20 million rows` = list(
    quote({
      n <- 100000
      part <- function(k) {
        voter <- rep(seq_len(n) + n * (k - 1), each = 25)
        county <- list(codes = as.integer(voter %% 50) + 1L, labels = paste("county", 1:50))
        list(county = county, voter = as.double(voter), race = rep(1:25, n), choice = rep_len(c(0L, 1L, 2L, 1L, 0L, 1L, 0L), 25 * n))
      }
      path <- tempfile(fileext = ".parquet")
      writer <- vaeirt:::unwrap_rust(vaeirt:::rust_parquet_begin(part(1), path, "snappy"))$writer
      for (k in 2:8) vaeirt:::unwrap_rust(vaeirt:::rust_parquet_append(writer, part(k)))
      vaeirt:::unwrap_rust(vaeirt:::rust_parquet_end(writer, TRUE))
    }),
    quote(irt_responses(
      path,
      respondent = c(county, voter), item = race, response = choice, duplicates = "drop_item", min_responses = 3, drop = "2"
    )),
    seq(0.1, 4, length.out = 20)
  ),
  `matrix, 200,000 x 500` = list(
    quote(votes <- matrix(sample.int(3L, 1e8, TRUE), 2e5)), quote(irt_responses(votes)), seq(0.05, 1.5, length.out = 12)
  ),
  `data frame, one row per response, 5 million rows` = list(
    long, quote(irt_responses(voters, respondent = voter, item = race, response = choice)), seq(0.05, 3, length.out = 12),
    # match() and paste() of R itself cannot be interrupted.
    4
  ),
  `starting values and training, 300,000 x 100, 4-D` = list(
    quote(data <- irt_responses(simulate_irt(3e5, 100, dims = 4, seed = 1)$responses)),
    quote(vae_irt(data, dims = 4, seed = 1)), c(seq(0.1, 6, length.out = 15), 10)
  ),
  `items at their maximum, 3,900 parameters, 4-D` = list(
    quote({
      data <- irt_responses(simulate_irt(3000, 780, dims = 4, seed = 1)$responses)
      control <- vae_control(max_epochs = 1, draws = 100)
    }),
    quote(vae_irt(data, dims = 4, seed = 1, control = control)), seq(1, 60, length.out = 25)
  ),
  `standard errors, 3,900 parameters, 4-D` = list(
    quote({
      data <- irt_responses(simulate_irt(3000, 780, dims = 4, seed = 1)$responses)
      fit <- vae_irt(data, dims = 4, seed = 1, control = vae_control(max_epochs = 1, refine = FALSE))
    }),
    quote(rotate(fit, "varimax")), seq(0.2, 20, length.out = 15)
  ),
  `draws, 3,900 parameters, 4-D` = list(
    quote({
      data <- irt_responses(simulate_irt(3000, 780, dims = 4, seed = 1)$responses)
      fit <- vae_irt(data, dims = 4, seed = 1, control = vae_control(max_epochs = 1, refine = FALSE))
    }),
    quote(posterior::as_draws_df(fit, n = 2000)), seq(0.5, 25, length.out = 15)
  ),
  `predict(to =), 400,000 x 60, 4-D` = list(
    quote({
      truth <- simulate_irt(4e5, 60, dims = 4, seed = 1)
      fit <- vae_irt(truth$responses[1:2000, ], dims = 4, seed = 1)
      options(vaeirt.part_size = 50000)
    }),
    quote(predict(fit, truth$responses, to = tempfile(fileext = ".parquet"))), seq(0.1, 15, length.out = 15)
  ),
  `cv_dims(), 20,000 x 60` = list(
    quote(data <- irt_responses(simulate_irt(2e4, 60, dims = 2, seed = 1)$responses)),
    quote(cv_dims(data, dims = 1:4, seed = 1)), seq(0.1, 12, length.out = 12)
  ),
  `write_estimates(), 1 million rows` = list(
    quote({
      control <- vae_control(max_epochs = 1, refine = FALSE)
      fit <- vae_irt(simulate_irt(1e6, 10, seed = 1)$responses, seed = 1, control = control)
    }),
    quote(while (TRUE) write_estimates(fit, tempfile())), seq(0.1, 4, length.out = 10)
  ),
  `simulate_irt(), 10 million cells` = list(
    quote(NULL), quote(while (TRUE) simulate_irt(1e5, 100, seed = 1)), seq(0.1, 2, length.out = 6)
  )
)
asked <- commandArgs(TRUE)
if (length(asked) > 0) jobs <- jobs[grepl(paste(asked, collapse = "|"), names(jobs))]

failed <- FALSE
cat(sprintf("%-52s %6s %9s %9s %8s  %s\n", "interrupted", "times", "median s", "most s", "left MB", "verdict"))
for (name in names(jobs)) {
  job <- jobs[[name]]
  found <- press_ctrl_c(job[[1]], job[[2]], job[[3]])
  hit <- found$outcome != "finished" & !is.na(found$seconds)
  good <- all(found$outcome %in% c("interrupt", "finished")) && any(hit) && all(found$same) &&
    max(found$seconds[hit]) < bound * (if (length(job) > 3) job[[4]] else 1) && stats::median(found$left_mb) < 100
  failed <- failed || !good
  cat(sprintf(
    "%-52s %6d %9.2f %9.2f %8.0f  %s\n", name, sum(hit), stats::median(found$seconds[hit]), max(found$seconds[hit]),
    utils::tail(found$left_mb, 1), if (good) "good" else paste("NOT GOOD:", paste(unique(found$outcome), collapse = ", "))
  ))
}
quit(status = as.integer(failed))
