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
  expect_equal(read(weights = w / mean(w))$weights, expected$weights)
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
  expect_equal(irt_responses(votes, weights = weights)$weights, rev(unname(weights)) / mean(weights))
  others <- stats::setNames(weights, paste0("w", 1:150))
  expect_equal(irt_responses(votes, weights = others)$weights, unname(weights) / mean(weights))
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

test_that("frequencies are people everywhere", {
  votes <- small_truth()$responses[, 1:5]
  key <- apply(votes, 1, paste, collapse = "")
  first <- !duplicated(key)
  n <- as.vector(table(factor(key, unique(key))))
  all <- vae_irt(votes, seed = 1, control = one_thread)
  rows <- vae_irt(votes[first, ], weights = n, seed = 1, control = one_thread)
  expect_identical(nobs(rows), nobs(all))
  counted <- c("nobs", "logLik", "df", "AIC", "BIC", "classification", "apre", "gmp")
  expect_equal(glance(rows)[counted], glance(all)[counted], tolerance = 1e-4)
  expect_equal(response_fit(rows, "items"), response_fit(all, "items"), tolerance = 1e-3)
  of_options <- c("response", "n_response", "n_reference")
  expect_identical(cutpoints(rows)[of_options], cutpoints(all)[of_options])
  expect_equal(rows$items$std.error, all$items$std.error, tolerance = 0.02)
  expect_match(lines_of(rows), "^Weights count people: 150 in", all = FALSE)
  grouped <- vae_irt(data.frame(side = "all", votes[first, ]), metadata = side, weights = n, seed = 1, control = one_thread)
  expect_identical(response_fit(grouped, side)$n_respondents, 150L)
})

test_that("sampling weights are one person's each, whatever their sum", {
  votes <- small_truth()$responses
  w <- exp(sin(1:150))
  fit <- vae_irt(votes, weights = w, seed = 1, control = one_thread)
  same <- vae_irt(votes, weights = round(1000 * w), weight_type = "sampling", seed = 1, control = one_thread)
  expect_equal(fit$estimates$estimate, same$estimates$estimate, tolerance = 1e-2)
  expect_equal(weights(fit), w / mean(w))
  expect_identical(fit$responses$weight_type, "sampling")
  people <- vae_irt(votes, weights = w / mean(w), weight_type = "frequency", seed = 1, control = one_thread)
  effect <- mean(w^2) / mean(w)^2
  expect_equal(median(fit$items$std.error^2 / people$items$std.error^2), effect, tolerance = 0.2)
  expect_equal(fit$items$estimate, people$items$estimate, tolerance = 1e-3)
  expect_identical(nobs(fit), as.double(sum(!is.na(votes))))
  effective <- format(round(sum(w)^2 / sum(w^2)))
  expect_match(lines_of(fit), paste0("^Sampling weights: 150 respondents tell as much as ", effective), all = FALSE)
  few <- vae_irt(votes[1:50, ], weights = w[1:50], seed = 1, control = one_thread)
  expect_match(paste(lines_of(few), collapse = " "), "fewer than +item parameters")
})

test_that("draws and other axes carry sampling weights", {
  skip_if_not_installed("posterior")
  votes <- simulate_irt(150, 40, dims = 2, seed = 4)$responses
  fit <- vae_irt(votes, 2, weights = exp(cos(1:150)), seed = 1, control = one_thread)
  draws <- posterior::as_draws_matrix(fit, n = 4000)
  expect_equal(unname(apply(draws, 2, sd)), fit$estimates$std.error, tolerance = 0.03)
  turned <- rotate(fit, "varimax")
  expect_gt(mean(turned$items$std.error / rotate(update(fit, weights = NULL), "varimax")$items$std.error, na.rm = TRUE), 1.1)
})

test_that("where items are integrated out sampling weights tell of the population", {
  truth <- simulate_irt(15, 60, seed = 2)
  w <- rep(c(0.2, 1, 3), 5)
  plain <- vae_irt(truth$responses, seed = 1, control = one_thread)
  fit <- vae_irt(truth$responses, weights = w, seed = 1, control = one_thread)
  expect_gt(abs(cor(fit$estimates$estimate, plain$estimates$estimate)), 0.999)
  expect_lt(abs(weighted.mean(fit$estimates$estimate, w)), 1e-3)
})

test_that("what weights count is checked", {
  votes <- small_truth()$responses
  expect_warning(irt_responses(votes, weights = rep(1500, 150)), "count as frequencies", class = "vaeirt_warning_weights")
  expect_silent(irt_responses(votes, weights = rep(1500, 150), weight_type = "frequency"))
  expect_silent(irt_responses(votes, weights = rep(1:3, 50)))
  expect_silent(irt_responses(votes, weights = 1000 * seq(0.5, 1.5, length.out = 150)))
  expect_snapshot(error = TRUE, {
    irt_responses(votes, weight_type = "frequency")
    irt_responses(votes, weights = rep(1, 150), weight_type = "probability")
  })
})
