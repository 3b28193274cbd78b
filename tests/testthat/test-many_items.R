# More parameters than are kept as one matrix: 2,500 respondents answer 50 of 800 items each.
truth <- simulate_irt(2500, 800, missing = 1 - 50 / 800, seed = 4)
fit <- vae_irt(truth$responses, seed = 1)

test_that("many items are at the maximum, with joint standard errors that are right", {
  expect_true(fit$polished)
  expect_equal(fit$std_errors, "joint")
  known <- merge(fit$items, truth$items, by = c("item", "term"), suffixes = c("", ".true"))
  people <- merge(fit$estimates, truth$respondents, by = "respondent", suffixes = c("", ".true"))
  sign <- sign(cor(people$estimate, people$estimate.true))
  people_off <- (people$estimate - sign * people$estimate.true) / people$std.error
  expect_gt(mean(abs(people_off) < 1.96), 0.93)
  expect_lt(mean(abs(people_off) < 1.96), 0.97)
  difficulty <- known[known$term == "difficulty", ]
  expect_gt(mean(abs(difficulty$estimate - difficulty$estimate.true) < 1.96 * difficulty$std.error), 0.92)
  expect_lt(mean(abs(difficulty$estimate - difficulty$estimate.true) < 1.96 * difficulty$std.error), 0.98)
})

test_that("standard errors of many items do not depend on the seed of the draws", {
  again <- vae_irt(truth$responses, seed = 2)
  expect_equal(abs(again$items$estimate), abs(fit$items$estimate), tolerance = 1e-2)
  expect_lt(max(abs(again$items$std.error / fit$items$std.error - 1)), 0.03)
  expect_lt(max(abs(again$estimates$std.error / fit$estimates$std.error - 1)), 0.05)
})

test_that("rotated and redrawn fits of many items agree with the fit", {
  draws <- posterior::as_draws_matrix(fit, n = 400)
  expect_equal(unname(apply(draws, 2, sd)) / fit$estimates$std.error, rep(1, nrow(fit$estimates)), tolerance = 0.1)
})

test_that("an item that nobody else's responses inform adds nothing to a standard error", {
  votes <- as.matrix(simulate_irt(300, 20, seed = 1)$responses)
  lone <- matrix(NA, 340, 21, dimnames = list(paste0("r", 1:340), c(paste0("i", 1:20), "lone")))
  lone[1:300, 1:20] <- votes
  lone[301:340, 21] <- rep(0:1, c(15, 25))
  expect_warning(of_lone <- vae_irt(lone, prior = irt_prior(5, 5), seed = 1), class = "vaeirt_warning_groups")
  item <- of_lone$items[of_lone$items$item == "lone", ]
  expect_equal(item$estimate, c(0, -log(25 / 15)), tolerance = 0.02)
  expect_true(all(of_lone$estimates$std.error[301:340] <= 1.005))
  expect_true(all(of_lone$estimates$std.error[301:340] > 0.95))
  drawn <- posterior::as_draws_matrix(of_lone, n = 500)
  expect_lt(max(apply(drawn[, 301:340], 2, sd)), 1.15)
})
