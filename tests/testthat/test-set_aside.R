contests <- function() {
  data.frame(
    voter = c("v1", "v1", "v2", "v2", "v3", "v3", "v4", "v4", "v5", "v5", "v6"),
    race = c("mayor", "judge", "mayor", "judge", "mayor", "judge", "mayor", "judge", "mayor", "judge", "mayor"),
    choice = c("Adams", "yes", "Baker", "no", "Adams", "yes", "Baker", "undervote", "Cole", "no", "Dunn")
  )
}

read_contests <- function(data, ...) {
  irt_responses(data, respondent = voter, item = race, response = choice, ...)
}

choices <- function(x) rlang::set_names(x$items$options, x$items$item)

test_that("labels are dropped and counted", {
  expect_snapshot(x <- read_contests(contests(), drop = c("undervote", "overvote")))
  expect_identical(choices(x)$judge, c("no", "yes"))
  expect_identical(x$dropped, tibble::tibble(
    kind = "label", name = "undervote", reason = "named by drop", n = 1L, n_responses = 1
  ))
  wide <- cbind(mayor = c("Adams", "Baker", "Cole"), judge = c("no", "undervote", "yes"))
  expect_identical(suppressMessages(irt_responses(wide, drop = "undervote"))$items$options[[2]], c("no", "yes"))
})

test_that("rare options are dropped or pooled", {
  expect_snapshot(x <- read_contests(contests(), drop = "undervote", min_count = 2))
  expect_identical(choices(x), list(mayor = c("Adams", "Baker"), judge = c("no", "yes")))
  expect_identical(x$respondents$n_responses, c(2L, 2L, 2L, 1L, 1L, 0L))
  expect_snapshot(x <- read_contests(contests(), drop = "undervote", min_count = 2, rare = "pool"))
  expect_identical(choices(x), list(mayor = c("Adams", "Baker", "(other)"), judge = c("no", "yes")))
  expect_identical(x$items$pooled, list(c("Cole", "Dunn"), character()))
  expect_identical(x$respondents$n_responses, c(2L, 2L, 2L, 1L, 2L, 1L))
  expect_snapshot(print(x))
  x <- suppressMessages(read_contests(contests(), min_count = 2, rare = "pool", reference = c(mayor = "(other)")))
  expect_identical(choices(x)$mayor, c("(other)", "Adams", "Baker"))
})

test_that("respondents with few responses keep a row, and items may go with them", {
  expect_snapshot(x <- read_contests(contests(), drop = "undervote", min_responses = 2))
  expect_identical(x$respondents$n_responses, c(2L, 2L, 2L, 0L, 2L, 0L))
  expect_identical(choices(x)$mayor, c("Adams", "Baker", "Cole"))
  expect_identical(x$dropped$reason, c("named by drop", "no longer chosen", rep("too few responses", 2)))
  expect_identical(x$dropped$name[3:4], c("v4", "v6"))
  expect_identical(x$dropped$n_responses, c(1, 0, 1, 1))
  lone <- data.frame(
    voter = c("a", "a", "b", "b", "c"), race = c("p", "q", "p", "q", "p"), choice = c("x", "y", "x", "z", "w")
  )
  x <- suppressMessages(read_contests(lone, min_responses = 2))
  expect_identical(x$items$item, "q")
  expect_identical(x$dropped$reason, c("unanimous", "too few responses"))
})

test_that("duplicates are an error or set aside", {
  twice <- rbind(contests(), data.frame(voter = c("v1", "v2"), race = c("mayor", "mayor"), choice = c("Adams", "Adams")))
  expect_snapshot(error = TRUE, {
    read_contests(twice)
    read_contests(twice, duplicates = "first")
  })
  expect_snapshot({
    x <- read_contests(twice, duplicates = "drop_response")
    y <- read_contests(twice, duplicates = "drop_item")
  })
  expect_identical(x$respondents$n_responses, c(1L, 1L, 2L, 2L, 2L, 1L))
  expect_identical(y$items$item, "judge")
  expect_identical(y$dropped$n_responses[[1]], 8)
  undervote <- rbind(contests(), data.frame(voter = "v1", race = "mayor", choice = "undervote"))
  expect_identical(suppressMessages(read_contests(undervote, drop = "undervote"))$offsets[[7]], 10)
})

test_that("every kind of input is set aside alike", {
  data <- contests()
  path <- withr::local_tempfile(fileext = ".parquet")
  vaeirt:::write_parquet_table(data, path)
  wide <- stats::reshape(data, idvar = "voter", timevar = "race", direction = "wide")
  wide <- data.frame(voter = wide[[1]], mayor = wide[[2]], judge = wide[[3]])
  for (rules in list(
    list(drop = "undervote", min_count = 2, min_responses = 2),
    list(min_count = 2, rare = "pool"),
    list(missing = "undervote", min_responses = 2, reference = "Baker")
  )) {
    expected <- suppressMessages(do.call(read_contests, c(list(data), rules)))
    others <- list(
      suppressMessages(do.call(read_contests, c(list(path), rules))),
      suppressMessages(do.call(irt_responses, c(list(wide, respondent = "voter"), rules))),
      suppressMessages(do.call(irt_responses, c(list(as.matrix(tibble::column_to_rownames(wide, "voter"))), rules)))
    )
    for (x in others) {
      expect_identical(x[c("options", "offsets", "dropped")], expected[c("options", "offsets", "dropped")])
      expect_identical(as.list(x$items), as.list(expected$items))
    }
  }
})

test_that("weights belong to respondents", {
  votes <- vote_matrix()
  expect_null(irt_responses(votes)$weights)
  expect_identical(irt_responses(votes, weights = c(1, 1.5, 0.5))$weights, c(1, 1.5, 0.5))
  wide <- data.frame(votes, w = 1:3)
  expect_identical(irt_responses(wide, weights = w)$weights, c(1, 2, 3))
  expect_identical(irt_responses(wide[1:2], weights = wide$w)$weights, c(1, 2, 3))
  expect_identical(irt_responses(wide, weights = "w")$items$item, c("bill", "veto"))
  long <- transform(contests(), w = as.double(substr(voter, 2, 2)))
  expect_identical(read_contests(long, weights = w)$weights, as.double(1:6))
  expect_snapshot(print(read_contests(long, weights = w)))
  expect_snapshot(error = TRUE, {
    irt_responses(votes, weights = 1:2)
    irt_responses(votes, weights = c(1, 0, 2))
    irt_responses(votes, weights = c(1, NA, 2))
    irt_responses(transform(wide, w = letters[1:3]), weights = w)
    irt_responses(wide, weights = c(w, bill))
    read_contests(transform(long, w = seq_along(w)), weights = w)
    read_contests(contests(), weights = seq_len(11))
  })
  expect_error(irt_responses(votes, weights = c(1, 0, 2)), class = "vaeirt_error_weights")
})

test_that("settings reach irt_responses() through vae_irt(), and are refused where they come too late", {
  x <- suppressMessages(read_contests(contests()))
  expect_error(vae_irt(x, min_count = 2), "`min_count` has to be given", class = "vaeirt_error_argument")
  expect_error(
    vae_irt(contests(), respondent = voter, item = race, response = choice, min_count = 9),
    class = "vaeirt_error_empty"
  )
})

test_that("settings are checked", {
  votes <- vote_matrix()
  expect_snapshot(error = TRUE, {
    irt_responses(votes, min_count = 0)
    irt_responses(votes, min_responses = 1.5)
    irt_responses(votes, rare = "keep")
    irt_responses(votes, drop = list(1))
    irt_responses(irt_responses(votes), min_count = 3, weights = 1:3)
  })
})

test_that("more respondents than a table should name share a row", {
  votes <- cbind(a = rep(0:1, length.out = 100100), b = c(1, 1, 0, 0))
  votes[1:100050, ] <- NA
  expect_message(x <- irt_responses(votes), "100050 respondents without a response")
  expect_identical(x$dropped$n, 100050L)
  expect_identical(x$dropped$name, NA_character_)
})

test_that("pooled options are known to predictions", {
  truth <- small_truth()$responses
  truth[1, 1] <- 2
  alone <- suppressMessages(irt_responses(truth, min_count = 2, rare = "pool"))
  expect_false("pooled" %in% names(alone$items))
  expect_identical(alone$dropped$reason, "rare")
  truth[1:3, 1] <- 2:4
  few <- vae_control(threads = 1, max_epochs = 20)
  expect_warning(
    expect_message(fit <- vae_irt(truth, min_count = 2, rare = "pool", seed = 1, control = few), "3 rare options pooled"),
    class = "vaeirt_warning_convergence"
  )
  expect_identical(fit$catalogue$pooled[[1]], c("2", "3", "4"))
  expect_equal(predict(fit, truth)$estimate, fit$estimates$estimate)
})

test_that("a reference that was set aside is named in a warning", {
  votes <- data.frame(a = c("x", "x", "x", "y", "y", "z"), b = c("u", "v", "u", "v", "u", "v"))
  expect_snapshot({
    data <- irt_responses(votes, min_count = 2, reference = c(a = "z"))
    data <- irt_responses(votes, min_count = 2, rare = "pool", reference = "z")
    data <- irt_responses(votes, drop = "X")
  })
  expect_equal(irt_responses(votes, reference = "z")$items$options[[1]], c("z", "x", "y"))
})
