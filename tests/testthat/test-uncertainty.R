test_that("joint standard errors are wider and said to be joint", {
  votes <- small_truth()$responses
  joint <- small_fit()
  conditional <- vae_irt(votes, seed = 1, control = vae_control(threads = 1, std_errors = "conditional"))
  expect_equal(joint$std_errors, "joint")
  expect_equal(conditional$std_errors, "conditional")
  expect_equal(joint$estimates$estimate, conditional$estimates$estimate)
  expect_true(all(joint$estimates$std.error > conditional$estimates$std.error))
  expect_gt(median(joint$items$std.error / conditional$items$std.error), 1)
  expect_output(print(conditional), "treat the items as known")
})

test_that("on the normalised scale the traits have mean 0 and standard deviation 1", {
  anchored <- rotate(small_fit(), anchors = c("1" = -3, "2" = 1))
  for (fit in list(small_fit(), planar_fit(), anchored)) {
    table <- tidy(fit, scale = "normalised")
    points <- by_row(table, fit$dims)
    own <- fit$parameters$respondents$covariance[, cumsum(seq_len(fit$dims)), drop = FALSE]
    within <- colMeans(own) / fit$parameters$traits$sd^2
    expect_equal(colMeans(points), rep(0, fit$dims), tolerance = 1e-6)
    expect_equal(colMeans(points^2) + within, rep(1, fit$dims), tolerance = 1e-6)
    items <- by_row(tidy(fit, "items", scale = "normalised"), fit$dims + 1)
    before <- by_row(fit$items, fit$dims + 1)
    eta <- function(points, items) points %*% t(items[, seq_len(fit$dims)]) - rep(items[, fit$dims + 1], each = nrow(points))
    expect_equal(eta(points, items), eta(by_row(fit$estimates, fit$dims), before), tolerance = 1e-6)
    expect_true(all(table$conf.low < table$estimate & table$estimate < table$conf.high))
  }
})

test_that("joint standard errors are those of repeated samples", {
  skip_on_cran()
  # A small legislature, 40 times: normalised estimates against the normalised truth.
  errors <- lapply(1:40, function(s) {
    truth <- simulate_irt(60, 80, seed = s)
    fit <- vae_irt(truth$responses, seed = 1)
    points <- tidy(fit, scale = "normalised")
    true <- as.vector(scale(truth$respondents$estimate))
    sign <- sign(cor(true, points$estimate))
    covered <- points$conf.low <= sign * true & sign * true <= points$conf.high
    items <- tidy(fit, "items", scale = "normalised")
    known <- truth$items[truth$items$item %in% items$item, ]
    slope <- known$term == "discrimination"
    true_slope <- sign * known$estimate[slope] * sd(truth$respondents$estimate)
    own <- items[slope, ]
    c(mean(covered), mean(own$conf.low <= true_slope & true_slope <= own$conf.high))
  })
  coverage <- rowMeans(simplify2array(errors))
  expect_gt(min(coverage), 0.91)
  expect_lt(max(coverage), 0.98)
})

test_that("normalised estimates are those of the truth where posteriors are wide", {
  skip_on_cran()
  found <- vapply(1:15, function(s) {
    truth <- simulate_irt(1000, 8, seed = s)
    fit <- vae_irt(truth$responses, seed = 1)
    true <- truth$respondents$estimate
    points <- tidy(fit, scale = "normalised")
    items <- tidy(fit, "items", scale = "normalised")
    is_slope <- items$term == "discrimination"
    sign <- sign(cor(true, points$estimate))
    own <- sign * items$estimate[is_slope]
    known <- truth$items$estimate[is_slope] * sd(true)
    person <- sign * (true - mean(true)) / sd(true)
    c(
      coverage = mean(abs(own - known) < 1.96 * items$std.error[is_slope]),
      people = mean(points$conf.low < person & person < points$conf.high),
      slope = slope(known, own), regression = slope(points$estimate, person)
    )
  }, numeric(4))
  found <- rowMeans(found)
  expect_gt(found[["coverage"]], 0.9)
  expect_gt(found[["people"]], 0.93)
  expect_lt(found[["people"]], 0.97)
  expect_equal(found[["slope"]], 1, tolerance = 0.08)
  expect_equal(found[["regression"]], 1, tolerance = 0.05)
})

test_that("location and scale are as uncertain as so many respondents leave them", {
  skip_if_not_installed("posterior")
  # Whatever the items are like: those of the Senate discriminate well.
  for (fit in list(small_fit(), senate_fit())) {
    n <- fit$n_respondents
    draws <- as.matrix(posterior::as_draws_df(fit, n = 2000))[, seq_len(n)]
    expect_equal(sd(rowMeans(draws)), 1 / sqrt(n), tolerance = 0.1)
    expect_equal(sd(log(apply(draws, 1, sd))), 1 / sqrt(2 * n), tolerance = 0.2)
  }
})

test_that("intervals of three dimensions cover the truth", {
  skip_on_cran()
  truth <- simulate_irt(1500, 40, dims = 3, seed = 11)
  fit <- vae_irt(truth$responses, dims = 3, seed = 1)
  fit <- rotate(fit, "procrustes", target = by_row(truth$respondents, 3))
  covered <- function(ours, true) mean(ours$conf.low <= true$estimate & true$estimate <= ours$conf.high)
  expect_gt(covered(fit$estimates, truth$respondents), 0.93)
  expect_lt(covered(fit$estimates, truth$respondents), 0.97)
  expect_gt(covered(fit$items, truth$items), 0.9)
  expect_lt(covered(fit$items, truth$items), 0.99)
  discrimination <- fit$items$term == "discrimination"
  expect_gt(slope(truth$items$estimate[discrimination], fit$items$estimate[discrimination]), 0.95)
  expect_lt(slope(truth$items$estimate[discrimination], fit$items$estimate[discrimination]), 1.05)
  expect_lt(mean(fit$estimates$pareto_k > 0.7), 0.01)
  expect_true(all(fit$estimates$ess > 100))
})

test_that("the Senate has the standard errors of a long chain", {
  skip_on_cran()
  ours <- tidy(senate_fit_of_chain(), scale = "normalised")
  mcmc <- utils::read.csv(test_path("senate_mcmc.csv"))
  ours <- ours[match(mcmc$respondent, ours$respondent), ]
  ratio <- ours$std.error / mcmc$sd
  expect_gt(cor(ours$estimate, mcmc$mean), 0.9995)
  expect_gt(quantile(ratio, 0.1), 0.95)
  expect_lt(quantile(ratio, 0.9), 1.17)
  expect_gt(cor(ours$std.error, mcmc$sd), 0.98)
  items <- tidy(senate_fit_of_chain(), "items", scale = "normalised")
  chain <- utils::read.csv(test_path("senate_mcmc_items.csv"))
  both <- merge(items, chain, by = c("item", "term"))
  both <- both[both$term == "discrimination", ]
  expect_gt(cor(both$estimate, both$mean), 0.985)
  expect_gt(median(both$std.error / both$sd), 0.9)
  expect_lt(median(both$std.error / both$sd), 1.1)
})

test_that("restarts are compared", {
  fit <- vae_irt(small_truth()$responses, seed = 1, control = vae_control(threads = 1, restarts = 2))
  expect_equal(fit$restarts$seed, c(1, 2))
  expect_gt(min(fit$restarts$agreement), 0.99)
  expect_output(print(fit), "1 of 1 other restart agree")
  expect_equal(glance(fit)$logLik, max(fit$restarts$logLik))
})

test_that("options that few chose do not keep the items from their maximum", {
  skip_on_cran()
  path <- system.file("extdata", "ballots.parquet", package = "vaeirt")
  ballots <- suppressMessages(irt_responses(
    path,
    respondent = c(county, cvr_id), item = race, response = candidate, drop = "undervote", duplicates = "drop_item"
  ))
  fit <- vae_irt(ballots, dims = 3, seed = 1)
  expect_true(fit$polished)
  expect_true(all(is.finite(fit$items$std.error)))
  # Strong items of a simple structure.
  gamma <- 3 * diag(3)[rep(1:3, each = 6), ]
  votes <- withr::with_seed(1, {
    traits <- matrix(rnorm(6000), 2000)
    (matrix(runif(36000), 2000) < plogis(traits %*% t(gamma) - rep(rnorm(18, 0, 0.5), each = 2000))) + 0
  })
  strong <- vae_irt(votes, dims = 3, seed = 1)
  expect_true(strong$polished)
  expect_identical(strong$std_errors, "joint")
})

test_that("at the border between the two ways they agree", {
  skip_on_cran()
  votes <- simulate_irt(60, 60, seed = 3)$responses
  for (prior in list(irt_prior(), irt_prior(1.5, 1.5))) {
    fit <- function(x) suppressMessages(vae_irt(x, prior = prior, seed = 1))
    fits <- list(fit(votes), fit(votes[, -60]))
    integrated <- vapply(fits, function(fit) fit$parameters$items$prior$integrated, logical(1))
    expect_identical(integrated, c(TRUE, FALSE))
    both <- lapply(fits, tidy, scale = "normalised")
    expect_gt(abs(cor(both[[1]]$estimate, both[[2]]$estimate)), 0.99)
    expect_lt(abs(log(median(both[[1]]$std.error / both[[2]]$std.error))), 0.1)
  }
})

test_that("intervals of a court and of a polarised chamber cover the truth", {
  skip_on_cran()
  covered <- function(n, j, traits, slope, spread, seeds) {
    mean(vapply(seeds, function(seed) {
      set.seed(seed)
      theta <- traits(n)
      eta <- outer(theta, slope(j) * sample(c(-1, 1), j, replace = TRUE)) - rep(rnorm(j, 0, spread), each = n)
      votes <- matrix(rbinom(n * j, 1, plogis(eta)), n)
      fit <- suppressMessages(vae_irt(votes, seed = 1))
      own <- tidy(fit, scale = "normalised")
      z <- (theta - mean(theta)) / sqrt(mean((theta - mean(theta))^2)) * sign(cor(own$estimate, theta))
      mean(own$conf.low <= z & z <= own$conf.high)
    }, numeric(1)))
  }
  court <- covered(9, 200, rnorm, rnorm, 1, 1:20)
  expect_gt(court, 0.85)
  parties <- function(n) rep_len(c(-1, 1), n) + rnorm(n, 0, 0.3)
  chamber <- covered(100, 300, parties, function(j) rnorm(j, 8, 3), 3, 1:4)
  expect_gt(chamber, 0.88)
})

test_that("draws, anchors and rotations of an integrated fit agree with its standard errors", {
  truth <- simulate_irt(20, 80, dims = 2, seed = 2)
  fit <- vae_irt(truth$responses, dims = 2, seed = 1, control = one_thread)
  expect_true(fit$parameters$items$prior$integrated)
  turned <- rotate(fit, "varimax")
  for (one in list(fit, turned)) {
    skip_if_not_installed("posterior")
    draws <- posterior::as_draws_matrix(one, n = 4000)
    expect_equal(unname(apply(draws, 2, sd)), one$estimates$std.error, tolerance = 0.06)
    expect_lt(max(abs(colMeans(draws) - one$estimates$estimate) / one$estimates$std.error), 0.1)
  }
  anchors <- by_row(truth$respondents, 2)[1:3, ]
  rownames(anchors) <- rownames(fit$parameters$respondents$mean)[1:3]
  held <- rotate(fit, anchors = anchors)
  expect_equal(held$estimates$std.error[1:6], rep(0, 6))
  expect_true(all(held$estimates$std.error[-(1:6)] > 0))
})

test_that("standard errors that are not joint are had where items are integrated out, too", {
  votes <- simulate_irt(20, 80, seed = 2)$responses
  fit <- function(std_errors) {
    vae_irt(votes, seed = 1, control = vae_control(threads = 1, std_errors = std_errors))
  }
  joint <- fit("joint")
  for (std_errors in c("conditional", "none")) {
    other <- fit(std_errors)
    expect_true(other$parameters$items$prior$integrated)
    expect_identical(other$std_errors, std_errors)
    expect_equal(other$estimates$estimate, joint$estimates$estimate)
    expect_true(all(other$estimates$std.error < joint$estimates$std.error))
    expect_identical(all(is.na(other$items$std.error)), std_errors == "none")
    turned <- rotate(other, anchors = c("1" = -1, "2" = 1))
    expect_identical(turned$std_errors, std_errors)
    expect_equal(abs(cor(turned$estimates$estimate, other$estimates$estimate)), 1)
  }
})
