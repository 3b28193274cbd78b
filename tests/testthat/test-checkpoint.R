# The parts of a fit that say what was estimated.
numbers_of <- function(fit) fit[c("estimates", "items", "training", "model", "parameters", "statistics")]

fit_with <- function(folder, data = truth$responses, ..., seed = 7, restarts = 1, max_epochs = 40) {
  control <- vae_control(
    checkpoint = folder, checkpoint_seconds = 0.02, max_epochs = max_epochs, batch_size = 64, threads = 1, restarts = restarts
  )
  suppressWarnings(vae_irt(data, ..., control = control, seed = seed))
}

truth <- simulate_irt(600, 30, dims = 2, seed = 1)

test_that("a fit that was interrupted or killed goes on and ends with the same numbers", {
  skip_on_cran()
  skip_if_not_installed("callr")
  folder <- file.path(withr::local_tempdir(), "kept")
  expected <- fit_with(NULL, dims = 2)
  last <- file.path(folder, "training.checkpoint")
  for (attempt in 1:4) {
    before <- file.mtime(last)
    child <- callr::r_bg(
      function(fit_with, data, folder) {
        library(vaeirt)
        fit_with(folder, data, dims = 2)
      },
      list(fit_with, truth$responses, folder)
    )
    # Interrupted or killed when it has written a checkpoint.
    for (wait in 1:600) {
      if (!is.na(file.mtime(last)) && !identical(file.mtime(last), before)) break
      Sys.sleep(0.05)
    }
    if (attempt == 1) {
      child$interrupt()
      child$wait(10000)
      expect_false(child$is_alive())
    } else {
      child$kill()
    }
    expect_true(file.exists(last))
  }
  expect_message(found <- fit_with(folder, dims = 2), "Went on from the checkpoint")
  expect_identical(numbers_of(found), numbers_of(expected))
})

test_that("a checkpoint of another fit is refused, and what to do is said", {
  folder <- file.path(withr::local_tempdir(), "kept")
  expect_no_message(fit_with(folder, max_epochs = 3))
  hide <- function(lines) gsub("[^ ]*/kept", "<folder>", lines)
  expect_snapshot(fit_with(folder, max_epochs = 3, seed = 8), error = TRUE, transform = hide)
  expect_snapshot(fit_with(folder, truth$responses[-1, ], max_epochs = 3), error = TRUE, transform = hide)
  error <- expect_error(fit_with(folder, max_epochs = 3, prior = irt_prior(1)), class = "vaeirt_error_checkpoint")
  expect_identical(rlang::call_name(error$call), "vae_irt")
  writeLines("torn", file.path(folder, "training.checkpoint"))
  unlink(file.path(folder, "training.before.checkpoint"))
  expect_snapshot(fit_with(folder, max_epochs = 3), error = TRUE, transform = hide)
  expect_snapshot(vae_control(checkpoint = 1), error = TRUE)
  expect_error(vae_control(checkpoint = file.path(folder, "training.checkpoint")), class = "vaeirt_error_argument")
})

test_that("restarts and folds have folders of their own", {
  folder <- withr::local_tempdir()
  fit_with(folder, max_epochs = 3, restarts = 2)
  expect_setequal(list.files(folder), c("1", "2"))
  folder <- withr::local_tempdir()
  control <- vae_control(checkpoint = folder, max_epochs = 3, threads = 1)
  scores <- suppressWarnings(cv_dims(truth$responses, dims = 1:2, folds = 2, control = control, seed = 1))
  expect_setequal(list.files(folder), c("dims-1-fold-1", "dims-1-fold-2", "dims-2-fold-1", "dims-2-fold-2"))
  again <- suppressMessages(suppressWarnings(cv_dims(truth$responses, dims = 1:2, folds = 2, control = control, seed = 1)))
  expect_identical(again, scores)
})
