# The warning about identical items that reading gives, or NULL.
said_identical <- function(x, ...) {
  found <- NULL
  withCallingHandlers(suppressMessages(irt_responses(x, ...)), vaeirt_warning_items = function(cnd) {
    found <<- cnd
    invokeRestart("muffleWarning")
  })
  if (!is.null(found)) rlang::cnd_message(found)
}

doubled <- function() {
  truth <- simulate_irt(200, 20, missing = 0.1, seed = 1)$responses
  votes <- cbind(truth, truth[, 1:5], 1 - truth[, 6:10])
  colnames(votes) <- paste0("q", 1:30)
  votes
}

test_that("items that were entered twice are named, whatever the form of the data", {
  votes <- doubled()
  expect_snapshot(x <- irt_responses(votes))
  said <- said_identical(votes)
  wide <- as.data.frame(ifelse(votes == 1, "yes", "no"))
  # Other labels, in another order, for the second of a pair.
  wide$q21 <- factor(wide$q21, levels = c("yes", "no"), labels = c("a favour", "b against"))
  expect_warning(found <- said_identical(wide), "q21", class = "vaeirt_warning_columns")
  expect_identical(found, said)
  long <- data.frame(who = rep(1:200, 30), what = rep(colnames(votes), each = 200), vote = as.vector(votes))
  expect_identical(said_identical(long, respondent = who, item = what, response = vote), said)
  path <- withr::local_tempfile(fileext = ".parquet")
  vaeirt:::write_parquet_table(long[!is.na(long$vote), ], path)
  expect_identical(said_identical(path, respondent = who, item = what, response = vote), said)
  expect_snapshot(x <- irt_responses(votes[, c(1:20, 21)]))
})

test_that("ratings in reversed coding are found", {
  withr::local_seed(1)
  # Each of the five is chosen by 40.
  ratings <- vapply(1:12, function(j) sample(rep(c(1, 2, 3, 4, 5), 40)), double(200))
  colnames(ratings) <- paste0("q", 1:12)
  expect_null(said_identical(ratings))
  expect_match(said_identical(cbind(ratings, again = 6 - ratings[, 1])), "again (q1)", fixed = TRUE)
})

test_that("one difference, few respondents or few in the minority are no evidence", {
  votes <- doubled()
  expect_null(said_identical(votes[, 1:20]))
  expect_null(said_identical(votes[1:49, ]))
  near <- votes[, c(1:20, 21)]
  near[which(!is.na(near[, 1]))[1], 21] <- 1 - near[which(!is.na(near[, 1]))[1], 1]
  expect_null(said_identical(near))
  rare <- cbind(a = rep(c(1, 0), c(9, 191)), b = rep(c(1, 0), c(9, 191)), votes[, 1:5])
  expect_null(said_identical(rare))
  rare[10, 1:2] <- 1
  expect_match(said_identical(rare), "b (a)", fixed = TRUE)
})

test_that("nothing is said where columns agree by chance", {
  expect_null(said_identical(senate()))
  # A polarised chamber: most votes follow the parties, and a few members defect on each.
  withr::local_seed(1)
  party <- rep(c(0, 1), c(200, 235))
  votes <- vapply(1:300, function(j) abs(party - rbinom(435, 1, sample(c(0.0005, 0.002, 0.01, 0.3), 1))), double(435))
  absent <- replace(votes, runif(length(votes)) < 0.05, NA)
  expect_gt(sum(duplicated(t(votes))), 10)
  expect_null(said_identical(votes))
  expect_null(said_identical(absent))
  # Perfect discipline of three parties.
  expect_null(said_identical(rbind(votes[1:3, ], votes[1:3, ])[rep(1:3, c(150, 130, 155)), ]))
  skip_if_not_installed("psychTools")
  expect_null(said_identical(psychTools::bfi[, 1:25]))
})

test_that("responses that are read already are not judged again", {
  x <- suppressWarnings(irt_responses(doubled()))
  expect_no_warning(irt_responses(x))
})
