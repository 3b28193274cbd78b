# Files and folders that are not what they should be, and what has to hold whatever the data.
votes <- simulate_irt(40, 12, missing = 0.1, seed = 1)$responses
dimnames(votes) <- list(paste("v", 1:40), paste("i", 1:12))
quick <- vae_control(max_epochs = 20, hidden = 8)
long_votes <- function(rows) {
  at <- which(!is.na(votes[rows, ]), arr.ind = TRUE)
  data.frame(
    voter = rownames(votes)[rows][at[, 1]], race = colnames(votes)[at[, 2]], choice = as.character(votes[rows, ][at])
  )
}

write_votes <- function(path, rows) vaeirt:::write_parquet_table(long_votes(rows), path)

read_votes <- function(paths) irt_responses(paths, respondent = voter, item = race, response = choice)

fit_votes <- function(x) suppressWarnings(vae_irt(x, control = quick, seed = 1))

test_that("files in a folder are one table, whatever their names, and links do not lead out of it", {
  folder <- withr::local_tempdir()
  elsewhere <- withr::local_tempdir()
  whole <- file.path(elsewhere, "whole.parquet")
  write_votes(whole, 1:40)
  write_votes(file.path(folder, "a 'b'.parquet"), 1:13)
  write_votes(file.path(folder, "b\u00e9.PARQUET"), 14:40)
  expect_identical(
    fit_votes(read_votes(folder))$estimates[c("respondent", "estimate", "std.error")],
    fit_votes(read_votes(list.files(folder, full.names = TRUE)))$estimates[c("respondent", "estimate", "std.error")]
  )
  parts <- read_votes(folder)
  expect_identical(sort(unique(parts$respondents$respondent)), sort(unique(read_votes(whole)$respondents$respondent)))
  skip_on_os("windows")
  file.symlink(whole, file.path(folder, "link.parquet"))
  expect_error(read_votes(folder), "link out of the folder", class = "vaeirt_error_file")
  expect_error(read_votes("/dev/zero"), "neither a file nor a folder", class = "vaeirt_error_file")
  expect_error(read_model("/dev/zero"), "not a file", class = "vaeirt_error")
})

test_that("altered files are errors with a class, and the session goes on", {
  folder <- withr::local_tempdir()
  parquet <- write_votes(file.path(folder, "votes.parquet"), 1:40)
  model <- file.path(folder, "model.safetensors")
  fit <- fit_votes(votes)
  write_model(fit, model)
  withr::local_seed(1)
  altered <- file.path(folder, "altered.parquet")
  outcomes <- replicate(150, {
    bytes <- readBin(parquet, "raw", file.size(parquet))
    at <- sample(length(bytes), 2)
    bytes[at] <- as.raw(sample(0:255, 2, replace = TRUE))
    writeBin(bytes, altered)
    class(tryCatch(read_votes(altered), error = identity))[[1]]
  })
  expect_true(all(grepl("^(irt_responses|vaeirt_error_.*)$", outcomes)))
  expect_true(all(c("irt_responses", "vaeirt_error_file") %in% outcomes))
  expect_false("vaeirt_error_internal" %in% outcomes)
  outcomes <- replicate(150, {
    bytes <- readBin(model, "raw", file.size(model))
    at <- sample(min(length(bytes), 3000), 2)
    bytes[at] <- as.raw(sample(0:255, 2, replace = TRUE))
    writeBin(bytes, altered)
    class(tryCatch(suppressWarnings(read_model(altered)), error = identity))[[1]]
  })
  expect_true(all(outcomes %in% c("vae_irt", "irt_model", "vaeirt_error_file", "vaeirt_error_model")))
  expect_true("vaeirt_error_file" %in% outcomes)
  expect_identical(fit_votes(votes)$estimates, fit$estimates)
})

test_that("a panic in Rust is an error with a class, and is not printed", {
  path <- write_votes(withr::local_tempfile(fileext = ".parquet"), 1:4)
  # The functions of the package never ask for respondents without a name.
  printed <- capture.output(
    answer <- vaeirt:::rust_read_parquet(path, character(), "race", "choice", NULL, 1L),
    type = "message"
  )
  expect_identical(printed, character())
  expect_identical(answer$error$kind, "internal")
  expect_match(answer$error$message, "stopped unexpectedly (panicked at", fixed = TRUE)
  expect_error(vaeirt:::unwrap_rust(answer), class = "vaeirt_error_internal")
})

test_that("training that diverges says in which epoch and what to do", {
  diverging <- vae_control(max_epochs = 30, learning_rate = 1e37)
  expect_error(vae_irt(votes, control = diverging, seed = 1), "in epoch [0-9]+", class = "vaeirt_error_not_finite")
  expect_error(vae_irt(votes, control = diverging, seed = 1), "Lower `learning_rate`", class = "vaeirt_error_not_finite")
})

test_that("missing items, missing respondents and rows of missing responses change nothing else", {
  fit <- fit_votes(votes)
  with_item <- suppressMessages(fit_votes(cbind(votes, silent = NA)))
  expect_identical(with_item$estimates$estimate, fit$estimates$estimate)
  expect_identical(with_item$items$std.error, fit$items$std.error)
  with_respondent <- suppressMessages(fit_votes(rbind(votes, nobody = NA)))
  expect_identical(with_respondent$estimates$estimate[1:40], fit$estimates$estimate)
  expect_true(is.na(with_respondent$estimates$estimate[[41]]))

  # In the order of the respondents, the first of whom answered every item: both are numbered as they occur.
  rows <- t(votes)
  rows[is.na(rows[, 1]), 1] <- 1
  long <- data.frame(voter = rep(colnames(rows), each = 12), race = rep(rownames(rows), 40), choice = as.vector(rows))
  fit_long <- function(x) fit_votes(irt_responses(x, respondent = voter, item = race, response = choice))
  expect_identical(fit_long(long)$estimates$estimate, fit_long(long[!is.na(long$choice), ])$estimates$estimate)
})
