test_that("progress is told part by part", {
  withr::local_options(cli.progress_handlers_only = "logger", cli.progress_show_after = 0)
  truth <- simulate_irt(3000, 60, dims = 3, seed = 1)
  control <- vae_control(threads = 1, max_epochs = 30, progress = TRUE)
  log <- testthat::capture_output(fit <- suppressWarnings(vae_irt(truth$responses, dims = 3, seed = 1, control = control)))
  expect_match(log, "created")
  expect_match(log, "[0-9]+/100")
  silent <- testthat::capture_output(suppressWarnings(update(fit, control = vae_control(threads = 1, max_epochs = 2))))
  expect_identical(silent, "")
})

test_that("the bar names the part and the bound", {
  withr::local_options(cli.progress_handlers_only = "logger", cli.progress_show_after = 0)
  log <- testthat::capture_output({
    report <- vaeirt:::progress_reporter(TRUE)
    expect_true(report("training", 0.25, -1234.5))
    expect_true(report("posteriors", 0.5, NA_real_))
  })
  # Two bars, one for each part.
  expect_length(regmatches(log, gregexpr("0/100 created", log))[[1]], 2)
  expect_match(log, "25/100")
  expect_null(vaeirt:::progress_reporter(FALSE))
})

test_that("there is a bar for a person, not in scripts and documents", {
  rlang::with_interactive(expect_true(vae_control()$progress), TRUE)
  rlang::with_interactive(expect_false(vae_control()$progress), FALSE)
  skip_if_not_installed("knitr")
  withr::local_options(knitr.in.progress = TRUE, rlang_interactive = NULL)
  expect_false(vae_control()$progress)
})
