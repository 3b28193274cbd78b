# Ctrl-C at work of every kind: back at the prompt, with an interrupt and no other condition, and a session that goes on.
# The times are measured on large data by tools/soak/interrupt.R; the bound here is wide: the machines of tests are slow.
skip_on_cran()
skip_on_os("windows")
skip_if_not_installed("callr")

expect_prompt <- function(result, most_seconds = 3) {
  expect_identical(result$outcome, rep("interrupt", nrow(result)))
  expect_lt(max(result$seconds), most_seconds)
  expect_true(all(result$same))
}

test_that("ingestion can be interrupted", {
  result <- press_ctrl_c(
    quote({
      n <- 30000
      long <- data.frame(voter = rep(seq_len(n), each = 20), race = rep(1:20, n), choice = seq_len(20 * n) %% 3L)
      wide <- matrix(seq_len(1e7) %% 3L, ncol = 100)
      path <- tempfile(fileext = ".parquet")
      vaeirt:::write_parquet_table(long, path)
      turn <- 0
      work <- list(
        quote(irt_responses(path, respondent = voter, item = race, response = choice)),
        quote(irt_responses(long, respondent = voter, item = race, response = choice)),
        quote(irt_responses(wide))
      )
    }),
    # Over and over: one of them is over before the key is found.
    quote({
      turn <- turn + 1
      while (TRUE) eval(work[[turn]])
    }),
    c(0.4, 0.5, 0.6)
  )
  expect_prompt(result)
})

test_that("training, refinement and standard errors can be interrupted", {
  training <- press_ctrl_c(
    quote(data <- irt_responses(simulate_irt(60000, 60, seed = 1)$responses)),
    quote(vae_irt(data, seed = 1)),
    c(0.05, 0.4)
  )
  expect_prompt(training)
  refinement <- press_ctrl_c(
    quote(data <- irt_responses(simulate_irt(2000, 300, dims = 3, seed = 1)$responses)),
    quote(vae_irt(data, dims = 3, seed = 1, control = vae_control(draws = 10000, max_epochs = 1))),
    c(0.5, 1.5)
  )
  expect_prompt(refinement)
})

test_that("predictions can be interrupted and leave no torn file", {
  result <- press_ctrl_c(
    quote({
      truth <- simulate_irt(4000, 60, dims = 3, seed = 1)
      fit <- vae_irt(truth$responses, dims = 3, seed = 1, control = vae_control(max_epochs = 3, refine = FALSE))
      fit$refined <- TRUE
      fit$draws <- 20000L
      folder <- tempfile()
      dir.create(folder)
      to <- file.path(folder, "scores.parquet")
      writeLines("there before", to)
      options(vaeirt.part_size = 500)
    }),
    quote({
      stopifnot(identical(list.files(folder, all.files = TRUE, no.. = TRUE), "scores.parquet"))
      stopifnot(identical(readLines(to), "there before"))
      predict(fit, truth$responses, to = to)
    }),
    c(0.3, 1, 1)
  )
  expect_prompt(result)
})

test_that("what follows a fit can be interrupted", {
  result <- press_ctrl_c(
    quote({
      truth <- simulate_irt(1500, 100, dims = 3, seed = 1)
      fit <- vae_irt(truth$responses, dims = 3, seed = 1, control = vae_control(max_epochs = 3, refine = FALSE))
      fit$refined <- TRUE
      fit$draws <- 50000L
      turn <- 0
      work <- list(
        quote(cv_dims(truth$responses, dims = 1:3, seed = 1)),
        quote(posterior::as_draws_df(fit)),
        quote(rotate(fit, "varimax")),
        quote(while (TRUE) write_estimates(fit, tempfile())),
        quote(while (TRUE) simulate(fit)),
        quote(simulate_irt(1e5, 1e4, seed = 1))
      )
    }),
    quote({
      turn <- turn + 1
      eval(work[[turn]])
    }),
    rep(0.4, 6)
  )
  expect_prompt(result)
})
