wide_votes <- function() {
  data.frame(
    id = paste0("r", 1:150), party = rep(c("D", "R", NA), 50), born = as.Date("1950-01-01") + 0:149, income = 0.5 + 1:150,
    small_truth()$responses
  )
}

test_that("metadata are kept beside the respondents, and names stay names", {
  votes <- wide_votes()
  expect_silent(x <- irt_responses(votes, respondent = id, metadata = c(party, born, income)))
  expect_identical(x$respondents[1:4], tibble::as_tibble(stats::setNames(votes[1:4], c("respondent", names(votes)[2:4]))))
  expect_identical(nrow(x$items), 25L)
  expect_identical(irt_responses(votes, respondent = "id", metadata = c("party", "born", "income")), x)
  expect_identical(irt_responses(votes, respondent = id, metadata = !starts_with("X"))$respondents$id, votes$id)
  expect_identical(irt_responses(tibble::as_tibble(votes), respondent = id, metadata = c(party, born, income)), x)
  if (requireNamespace("data.table", quietly = TRUE)) {
    expect_identical(irt_responses(data.table::as.data.table(votes), respondent = id, metadata = c(party, born, income)), x)
  }
  if (requireNamespace("dplyr", quietly = TRUE)) {
    grouped <- dplyr::group_by(votes, .data$party)
    expect_identical(irt_responses(grouped, respondent = id, metadata = c(party, born, income)), x)
  }
  fit <- vae_irt(votes, respondent = id, metadata = c(party, born, income), seed = 1, control = one_thread)
  expect_identical(fit$estimates$estimate, small_fit()$estimates$estimate)
  expect_identical(fit$estimates$born, votes$born)
  groups <- response_fit(fit, party)
  expect_identical(sum(groups$n_respondents), 150L)
  expect_setequal(groups$party, c("D", "R", NA))
})

test_that("a missing party stops nothing", {
  votes <- wide_votes()[-(3:4)]
  x <- irt_responses(votes, respondent = c(id, party))
  expect_identical(nrow(x$respondents), 150L)
  expect_identical(x$respondents$respondent[2:3], c("r2/R", "r3"))
  expect_identical(x$respondents$party, votes$party)
  nobody <- votes
  nobody$id[3] <- NA
  expect_error(irt_responses(nobody, respondent = c(id, party)), "Row 3", class = "vaeirt_error_response")
  expect_error(irt_responses(nobody, respondent = id), "Row 3", class = "vaeirt_error_response")
})

lengthened <- function() {
  votes <- wide_votes()
  data.frame(votes[rep(1:150, 25), 1:4], roll = rep(paste0("X", 1:25), each = 150), vote = as.vector(small_truth()$responses))
}

test_that("long data keep metadata that are constant within a respondent", {
  long <- lengthened()
  read <- function(data, ...) irt_responses(data, respondent = id, item = roll, response = vote, ...)
  expect_silent(x <- read(long, metadata = c(party, born)))
  expect_identical(x$respondents[2:3], tibble::as_tibble(wide_votes()[2:3]))
  expect_identical(read(long)$options, x$options)
  expect_snapshot(error = TRUE, {
    read(long, metadata = roll)
    read(replace(long, "party", list(replace(long$party, 151, "R"))), metadata = party)
    read(replace(long, "party", list(replace(long$party, 153, "R"))), metadata = party)
    read(transform(long, born = born + (seq_along(born) == 200)), metadata = born)
  })
  expect_error(read(long, metadata = roll), class = "vaeirt_error_metadata")
  # A missing party is no part of the name, as long as the others tell everybody apart.
  named <- irt_responses(long, respondent = c(id, party), item = roll, response = vote)
  expect_identical(named$respondents$respondent[1:3], c("r1/D", "r2/R", "r3"))
})

test_that("rows of several people are not joined to one", {
  ballots <- data.frame(
    county = c("a", "a", NA, NA), voter = c(1, 2, 1, 1), race = c("m", "m", "m", "j"), choice = c("x", "y", "x", "y")
  )
  read <- function(data) irt_responses(data, respondent = c(county, voter), item = race, response = choice)
  expect_snapshot(read(ballots), error = TRUE)
  expect_error(read(transform(ballots, county = "a", voter = c(1, 2, NA, NA))), class = "vaeirt_error_response")
  apart <- read(transform(ballots, voter = c(1, 2, 3, 3), race = "m", choice = c("x", "y", "x", NA))[1:3, ])
  expect_identical(apart$respondents$respondent, c("a/1", "a/2", "3"))
})

test_that("metadata are refused where there are none to select", {
  votes <- small_truth()$responses
  path <- system.file("extdata", "ballots.parquet", package = "vaeirt")
  expect_snapshot(error = TRUE, {
    irt_responses(votes, metadata = party)
    irt_responses(path, respondent = c(county, cvr_id), item = race, response = candidate, metadata = county)
    irt_responses(wide_votes(), metadata = parties)
    irt_responses(irt_responses(votes), metadata = party)
    irt_responses(data.frame(a = 0:1, b = 0:1), metadata = c(a, b))
  })
})

test_that("predict() and augment() take metadata, and know those of the fit", {
  votes <- wide_votes()
  fit <- vae_irt(votes, respondent = id, metadata = c(party, born, income), seed = 1, control = one_thread)
  new <- votes[1:5, ]
  expect_silent(scores <- predict(fit, new, respondent = id))
  expect_identical(scores[c("party", "born", "income")], tibble::as_tibble(new[c("party", "born", "income")]))
  expect_equal(scores$estimate, fit$estimates$estimate[1:5])
  expect_identical(names(predict(fit, new, respondent = id, metadata = c(party, born, income))), names(scores))
  expect_silent(some <- predict(fit, new[-3], respondent = id))
  expect_false("born" %in% names(some))
  other <- transform(new, wave = 2)
  expect_message(predict(fit, other, respondent = id), "not in the model")
  expect_silent(scores <- predict(fit, other, respondent = id, metadata = c(party, born, income, wave)))
  expect_identical(scores$wave, rep(2, 5))
  expect_silent(observed <- augment(fit, new, respondent = id, metadata = c(party, born, income)))
  expect_true(all(c("party", "born") %in% names(observed)))
  expect_error(predict(fit, metadata = party), "Unknown argument", class = "vaeirt_error_argument")
  long <- lengthened()
  scores <- predict(fit, long, respondent = id, item = roll, response = vote, metadata = party)
  expect_identical(scores$party, votes$party)
  # A column that is an item of the model is one in new data, whatever it looks like.
  items <- suppressMessages(vae_irt(votes[c(2, 5:29)], metadata = c(), seed = 1, control = one_thread))
  expect_true("party" %in% items$catalogue$item)
  expect_equal(predict(items, votes[c(2, 5:29)])$estimate, items$estimates$estimate)
})

test_that("dates are written as dates", {
  fit <- vae_irt(wide_votes()[-c(1, 2, 4)], metadata = born, seed = 1, control = one_thread)
  path <- withr::local_tempfile(fileext = ".parquet")
  expect_silent(write_estimates(fit, path))
  columns <- vaeirt:::parquet_columns(fit$estimates)
  expect_identical(columns$born$labels[1:2], c("1950-01-01", "1950-01-02"))
})

test_that("columns whose names the results use are left out", {
  votes <- transform(wide_votes()[c(1, 5:29)], estimate = 1, state = "AL")
  x <- irt_responses(votes, respondent = id, metadata = c(estimate, state))
  expect_identical(names(x$respondents), c("respondent", "state", "n_responses"))
  expect_identical(nrow(x$items), 25L)
})
