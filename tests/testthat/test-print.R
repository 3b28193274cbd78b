test_that("print() names the level of the intervals, and gives three digits", {
  fit <- vae_irt(small_truth()$responses, seed = 1, control = vae_control(threads = 1, level = 0.8))
  fit$statistics$gmp <- 0.6
  shown <- lines_of(fit)
  expect_match(shown, "80 % intervals|80 %$", all = FALSE)
  expect_match(shown, "GMP 0.600", all = FALSE)
  expect_match(capture.output(print(vae_control(threads = 1))), "checkpoint +none", all = FALSE)
})

test_that("print() says what a positive ideal point means", {
  votes <- small_truth()$responses
  words <- ifelse(votes == 1, "yea", "nay")
  named <- vae_irt(words, polarity = 3, seed = 1, control = one_thread)
  expect_match(lines_of(named), "^Positive: 3$", all = FALSE)
  ruled <- vae_irt(words, seed = 1, control = one_thread)
  up <- mean(ruled$items$estimate[ruled$items$term == "discrimination"] > 0)
  pair <- if (up >= 0.5) "\"yea\" rather than \"nay\"" else "\"nay\" rather than \"yea\""
  expect_match(lines_of(ruled), paste0("^Positive: ", pair, " on ", percent(max(up, 1 - up)), " of the items"), all = FALSE)
  expect_match(lines_of(nominal_fit()), "^Positive: chosen by rule", all = FALSE)
  planar <- lines_of(planar_fit())
  expect_match(planar, "^Positive on dimension 1: \"[01]\" rather than", all = FALSE)
  expect_match(planar, "^Positive on dimension 2:", all = FALSE)
})

test_that("what is positive is told whatever the items' references, and of how many items", {
  words <- ifelse(small_truth()$responses == 1, "Agree", "Disagree")
  colnames(words) <- paste0("q", 1:25)
  plain <- lines_of(vae_irt(words, seed = 1, control = one_thread))
  other <- stats::setNames(rep("Agree", 12), colnames(words)[1:12])
  turned <- lines_of(vae_irt(words, reference = other, seed = 1, control = one_thread))
  share <- function(lines) sub(".* on ", "", grep("^Positive", lines, value = TRUE))
  expect_identical(share(turned), share(plain))
  mixed <- words
  mixed[, 16:25] <- c("1", "2", "3")[(row(mixed[, 16:25]) + col(mixed[, 16:25])) %% 3 + 1]
  expect_match(lines_of(vae_irt(mixed, seed = 1, control = one_thread)), "^Positive: .* of 15 items", all = FALSE)
})

test_that("a fit that was rotated says so, with the correlations of oblique axes", {
  expect_match(lines_of(rotate(planar_fit(), "varimax")), "^Axes rotated by varimax$", all = FALSE)
  expect_false(any(grepl("Correlations", lines_of(rotate(planar_fit(), "varimax")))))
  oblique <- rotate(planar_fit(), "promax")
  traits <- oblique$parameters$respondents$mean
  spread <- stats::cov(traits) * (nrow(traits) - 1) / nrow(traits)
  within <- colMeans(oblique$parameters$respondents$covariance)
  total <- spread + matrix(within[c(1, 2, 2, 3)], 2)
  r <- formatC(stats::cov2cor(total)[1, 2], digits = 2, format = "f")
  expect_match(lines_of(oblique), paste0("^Correlations of dimensions: 1 and 2 ", r, "$"), all = FALSE)
  turned <- rotate(small_fit(), anchors = c("1" = -1, "2" = 1))
  expect_match(lines_of(turned), "^Axes set by anchors", all = FALSE)
  expect_false(any(grepl("^Positive", lines_of(turned))))
})

test_that("few respondents and few responses are said, and only those", {
  court <- simulate_irt(9, 40, seed = 2)$responses
  few <- suppressMessages(vae_irt(court, seed = 1, control = one_thread))
  expect_match(lines_of(few), "^The prior of the items is estimated: discriminations of about", all = FALSE)
  expect_no_match(lines_of(few), "^Fewer than 30 respondents")
  fixed <- suppressMessages(vae_irt(court, prior = irt_prior(5, 5), seed = 1, control = one_thread))
  expect_match(lines_of(fixed), "^Fewer than 30 respondents", all = FALSE)
  thin <- simulate_irt(100, 40, seed = 2)$responses
  for (i in 1:100) thin[i, (i + 1:35) %% 40 + 1] <- NA
  expect_warning(fit <- vae_irt(thin, seed = 1, control = one_thread), "at most 14 responses", class = "vaeirt_warning_few")
  expect_match(lines_of(fit), "^Few responses per item \\(14\\)", all = FALSE)
  warning_of <- function(prior) {
    tryCatch(vae_irt(thin, prior = prior, seed = 1, control = one_thread), warning = conditionMessage)
  }
  expect_no_match(warning_of(irt_prior()), "irt_prior", fixed = TRUE)
  expect_match(warning_of(irt_prior(5, 5)), "irt_prior()", fixed = TRUE)
  # A rare item among others is no reason to warn.
  rare <- simulate_irt(100, 20, seed = 2)$responses
  rare[11:100, 1] <- NA
  expect_silent(enough <- vae_irt(rare, seed = 1, control = one_thread))
  expect_false(any(grepl("Few|narrow", lines_of(enough))))
})

test_that("weights are said, and what counts them", {
  votes <- small_truth()$responses
  twice <- vae_irt(votes, weights = rep(2, 150), seed = 1, control = one_thread)
  about <- glance(twice)
  expect_identical(about$sum_of_weights, 300)
  expect_identical(about$n_respondents, 150L)
  expect_equal(as.numeric(logLik(twice)), 2 * sum(twice$parameters$respondents$log_evidence))
  expect_match(lines_of(twice), "^Weights count people: 300 in 150 rows", all = FALSE)
  expect_identical(weights(twice), rep(2, 150))
  expect_identical(glance(small_fit())$sum_of_weights, NA_real_)
  expect_null(weights(small_fit()))
})

test_that("gentle items under an estimated prior are not said to separate", {
  fit <- vae_irt(simulate_irt(9, 60, seed = 2)$responses, seed = 1, control = one_thread)
  expect_gt(max(abs(fit$items$estimate[fit$items$term == "discrimination"])), 1.5 * glance(fit)$prior_discrimination)
  expect_identical(summary(fit)$separated, character())
})

test_that("the prior is estimated with many respondents as well, unless it is given", {
  expect_match(lines_of(small_fit()), "^The prior of the items is estimated: discriminations of about", all = FALSE)
  about <- glance(small_fit())
  expect_identical(about$prior, "estimated")
  expect_true(about$prior_discrimination > 0.6 && about$prior_discrimination < 1.6)
  given <- glance(update(small_fit(), prior = irt_prior(5, 5)))
  expect_identical(given$prior, "given")
  as_trained <- glance(update(small_fit(), control = vae_control(threads = 1, refine = FALSE)))
  expect_identical(c(as_trained$prior, as_trained$prior_discrimination), c("given", "5"))
})
