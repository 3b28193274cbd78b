weighted_votes <- function() data.frame(small_truth()$responses, w = rep(c(0.5, 1, 1.5), 50))

test_that("weights are no item, however they are given", {
  votes <- weighted_votes()
  other <- votes$w
  expected <- irt_responses(votes, weights = w)
  expect_identical(nrow(expected$items), 25L)
  expect_message(x <- irt_responses(votes, weights = votes$w), "\"w\", which is no item")
  expect_identical(x, expected)
  expect_message(x <- irt_responses(votes, weights = other), "\"w\"")
  expect_identical(x, expected)
  forms <- suppressMessages(list(
    irt_responses(votes, weights = "w"), irt_responses(votes, weights = votes[["w"]]), irt_responses(votes, weights = .data$w),
    irt_responses(votes, weights = w / mean(w)), irt_responses(votes, weights = votes$w / mean(votes$w)),
    irt_responses(votes, weights = ends_with("w")), irt_responses(tibble::as_tibble(votes), weights = 1 * w)
  ))
  for (x in forms) expect_identical(x, expected)
  fit <- suppressMessages(vae_irt(votes, weights = votes$w, seed = 1, control = one_thread))
  expect_identical(nrow(fit$catalogue), 25L)
  expect_identical(fit$estimates, vae_irt(votes, weights = w, seed = 1, control = one_thread)$estimates)
})

test_that("weights may be computed from columns, which are no items then", {
  votes <- weighted_votes()
  expect_equal(suppressMessages(irt_responses(votes, weights = w / mean(w)))$weights, votes$w / mean(votes$w))
  votes$female <- rep(0:1, 75)
  expect_message(x <- irt_responses(votes[-26], weights = ifelse(female == 1, 1.5, 0.5)), "\"female\"")
  expect_identical(x$weights, rep(c(0.5, 1.5), 75))
  expect_identical(nrow(x$items), 25L)
  expect_message(x <- irt_responses(votes[-26], weights = 1 + female, metadata = female), "\"female\"")
  expect_identical(x$respondents$female, votes$female)
})

test_that("vectors that only look like a column take none away", {
  votes <- as.data.frame(small_truth()$responses)
  names(votes) <- paste0("q", 1:25)
  votes$q1 <- 1
  votes$q2 <- rep(0:1, 75)
  elsewhere <- data.frame(q2 = rep(c(2, 3), 75))
  # An item that everybody answered alike is no weight, nor is an item with the name of a column of other data.
  expect_identical(suppressMessages(irt_responses(votes, weights = rep(1, 150)))$dropped$name, "q1")
  expect_silent(x <- irt_responses(votes[-1], weights = elsewhere$q2))
  expect_identical(nrow(x$items), 24L)
  expect_identical(x$weights, elsewhere$q2)
})

test_that("long data take expressions, and vectors with a number for each row", {
  long <- data.frame(
    who = rep(1:30, 5), roll = rep(1:5, each = 30), vote = rep(c(0, 1, 1), 50), w = rep(rep(c(0.5, 1, 1.5), 10), 5)
  )
  long$vote[1:7] <- 0
  read <- function(...) irt_responses(long, respondent = who, item = roll, response = vote, ...)
  expected <- read(weights = w)
  expect_identical(read(weights = long$w), expected)
  expect_equal(read(weights = w / mean(w))$weights, expected$weights / mean(long$w))
  expect_snapshot(error = TRUE, {
    read(weights = (1:30) / 10)
    read(weights = w * roll)
    read(weights = w / mean(v))
    irt_responses(weighted_votes(), weights = w / mean(v))
    irt_responses(weighted_votes(), weights = log(w))
  })
})

test_that("labelled weights are numbers", {
  votes <- weighted_votes()
  votes$w <- structure(votes$w, labels = c(refused = 99), class = c("haven_labelled", "vctrs_vctr", "double"))
  expect_identical(irt_responses(votes, weights = w), irt_responses(weighted_votes(), weights = w))
  expect_identical(suppressMessages(irt_responses(votes, weights = votes$w)), irt_responses(weighted_votes(), weights = w))
})

test_that("weights with the names of some respondents are refused, other names mean nothing", {
  votes <- small_truth()$responses
  rownames(votes) <- paste0("v", 1:150)
  weights <- stats::setNames(1:150 / 75, rev(rownames(votes)))
  expect_identical(irt_responses(votes, weights = weights)$weights, rev(unname(weights)))
  expect_identical(irt_responses(votes, weights = stats::setNames(weights, paste0("w", 1:150)))$weights, unname(weights))
  names(weights)[[1]] <- "somebody"
  expect_error(irt_responses(votes, weights = weights), "1 of 150 respondents", class = "vaeirt_error_weights")
})

test_that("a number is no column of weights", {
  votes <- as.data.frame(small_truth()$responses + 1)
  long <- data.frame(who = rep(1:3, 2), what = rep(c("a", "b"), each = 3), vote = c(0, 1, 1, 1, 0, 1))
  expect_error(irt_responses(votes, weights = 1), "150 numbers", class = "vaeirt_error_weights")
  expect_error(irt_responses(votes, weights = rep(1, 149)), "150 numbers", class = "vaeirt_error_weights")
  expect_error(
    irt_responses(long, respondent = who, item = what, response = vote, weights = rep(1, 3)), "6 numbers",
    class = "vaeirt_error_weights"
  )
})

test_that("sampling weights of another mean than 1 are warned of, numbers of respondents are not", {
  votes <- small_truth()$responses
  w <- seq(0.5, 1.5, length.out = 150)
  expect_warning(irt_responses(votes, weights = 1000 * w), "mean 1000", class = "vaeirt_warning_weights")
  expect_warning(irt_responses(votes, weights = rep(5000, 150)), "mean 5000", class = "vaeirt_warning_weights")
  expect_warning(irt_responses(votes, weights = w / 10), "mean 0.1", class = "vaeirt_warning_weights")
  expect_silent(irt_responses(votes, weights = w))
  expect_silent(irt_responses(votes, weights = rep(1:3, 50)))
  expect_silent(irt_responses(votes, weights = rep(2, 150)))
})
