test_that("a fit has the promised parts", {
  fit <- small_fit()
  expect_s3_class(fit, "vae_irt")
  expect_named(fit$estimates, c(
    "respondent", "dimension", "estimate", "std.error", "conf.low", "conf.high", "n_responses", "pareto_k", "ess"
  ))
  expect_named(fit$items, c(
    "item", "response", "term", "dimension", "estimate", "std.error", "conf.low", "conf.high", "n_responses"
  ))
  expect_identical(fit$estimates$respondent, as.character(1:150))
  expect_type(fit$estimates$dimension, "integer")
  expect_type(fit$items$dimension, "integer")
  expect_identical(nrow(fit$items), 50L)
  expect_named(fit$training, c("epoch", "elbo", "learning_rate", "phase"))
  expect_true(fit$converged)
  expect_type(fit$model, "raw")
  expect_true(all(fit$estimates$conf.low < fit$estimates$estimate & fit$estimates$estimate < fit$estimates$conf.high))
  expect_true(all(is.na(fit$estimates$pareto_k)))
})

test_that("the aggregate posterior has mean 0 and covariance I", {
  for (fit in list(small_fit(), planar_fit())) {
    posterior <- fit$parameters$respondents
    dims <- fit$dims
    second <- crossprod(posterior$mean) / nrow(posterior$mean)
    second[upper.tri(second, TRUE)] <- second[upper.tri(second, TRUE)] + colMeans(posterior$covariance)
    expect_equal(colMeans(posterior$mean), rep(0, dims), tolerance = 1e-8)
    expect_equal(second[upper.tri(second, TRUE)], diag(dims)[upper.tri(diag(dims), TRUE)], tolerance = 1e-8)
  }
})

test_that("10,000 respondents: scores as good as the true items allow, slopes without bias", {
  skip_on_cran()
  truth <- simulate_irt(10000, 100, seed = 1)
  fit <- vae_irt(truth$responses, seed = 1)
  trait <- truth$respondents$estimate
  true <- by_row(truth$items, 2)

  # Posterior means under the true items, by quadrature.
  nodes <- seq(-5, 5, length.out = 201)
  eta <- outer(nodes, true[, 1]) - rep(true[, 2], each = length(nodes))
  y <- truth$responses
  log_posterior <- y %*% t(plogis(eta, log.p = TRUE)) + (1 - y) %*% t(plogis(-eta, log.p = TRUE))
  log_posterior <- log_posterior + rep(dnorm(nodes, log = TRUE), each = nrow(y))
  weights <- exp(log_posterior - apply(log_posterior, 1, max))
  attainable <- cor(weights %*% nodes / rowSums(weights), trait)

  sign <- sign(cor(fit$estimates$estimate, trait))
  expect_gt(sign * cor(fit$estimates$estimate, trait), attainable - 0.002)
  slopes <- sign * by_row(fit$items, 2)[, 1]
  expect_gt(slope(true[, 1], slopes), 0.97)
  expect_lt(slope(true[, 1], slopes), 1.03)
  covered <- fit$estimates$conf.low <= sign * trait & sign * trait <= fit$estimates$conf.high
  expect_gt(mean(covered), 0.93)
  expect_lt(mean(covered), 0.97)
})

test_that("nominal items with three options recover the truth", {
  found <- aligned(nominal_fit(), nominal_truth())
  expect_gt(cor(found$traits[, 1], found$true_traits[, 1]), 0.94)
  expect_gt(slope(found$true, found$estimated), 0.94)
  expect_lt(slope(found$true, found$estimated), 1.06)
  expect_gt(cor(found$true[, 1], found$estimated[, 1]), 0.97)
})

test_that("two dimensions recover the truth after the best rotation", {
  found <- aligned(planar_fit(), planar_truth())
  expect_gt(cor(found$traits[, 1], found$true_traits[, 1]), 0.9)
  expect_gt(cor(found$traits[, 2], found$true_traits[, 2]), 0.9)
  expect_gt(slope(found$true, found$estimated), 0.94)
  expect_lt(slope(found$true, found$estimated), 1.06)
})

test_that("axes are principal and point to positive sums", {
  fit <- planar_fit()
  gamma <- by_row(fit$items, 3)[, 1:2]
  weights <- fit$catalogue$n_responses
  # Options in deviation from their item's mean: for two options half the discrimination on each side.
  gram <- crossprod(gamma * sqrt(weights))
  expect_lt(abs(gram[1, 2]), 1e-6 * gram[1, 1])
  expect_gt(gram[1, 1], gram[2, 2])
  expect_true(all(colSums(gamma * weights) > 0))
})

test_that("the 109th Senate agrees with a long MCMC run and is classified as well", {
  fit <- senate_fit()
  # Posterior means of MCMCpack::MCMCirt1d, every draw normalised; made by bench/senate_mcmc.R.
  mcmc <- utils::read.csv(test_path("senate_mcmc.csv"))
  estimate <- fit$estimates$estimate[match(mcmc$respondent, fit$estimates$respondent)]
  normalised <- (estimate - mean(estimate)) / sd(estimate)
  expect_gt(cor(normalised, mcmc$mean), 0.999)
  expect_lt(median(abs(normalised - mcmc$mean) / mcmc$sd), 0.4)
  expect_gt(fit$statistics$classification, 0.885)
  plane <- suppressMessages(vae_irt(senate(), dims = 2, link = "probit", seed = 1))
  expect_gt(plane$statistics$classification, 0.905)
})

test_that("the same seed gives the same numbers with 1 thread and 2, and leaves R's generator alone", {
  truth <- simulate_irt(600, 20, n_options = 3, seed = 4)
  run <- function(threads, seed = 9) {
    suppressWarnings(vae_irt(truth$responses, dims = 2, seed = seed, control = vae_control(threads = threads, max_epochs = 5)))
  }
  set.seed(1)
  before <- .Random.seed
  one <- run(1)
  expect_identical(.Random.seed, before)
  two <- run(2)
  parts <- c("estimates", "items", "training", "model")
  expect_identical(unclass(one)[parts], unclass(two)[parts])
  expect_false(identical(run(1, seed = 10)$estimates, one$estimates))
})

test_that("without a seed set.seed() decides", {
  run <- function() {
    set.seed(3)
    suppressWarnings(vae_irt(small_truth()$responses, control = vae_control(threads = 1, max_epochs = 2)))
  }
  expect_identical(run()$estimates, run()$estimates)
})

test_that("polarity decides the sign", {
  estimates <- small_fit()$estimates
  for (name in estimates$respondent[c(which.min(estimates$estimate), which.max(estimates$estimate))]) {
    control <- vae_control(threads = 1, max_epochs = 100)
    fit <- suppressWarnings(vae_irt(small_truth()$responses, seed = 1, polarity = name, control = control))
    expect_gt(fit$estimates$estimate[fit$estimates$respondent == name], 0)
  }
  by_number <- suppressWarnings(vae_irt(small_truth()$responses, seed = 1, polarity = as.integer(name), control = control))
  expect_identical(by_number$estimates, fit$estimates)
})

test_that("a respondent without a response keeps a row of NA", {
  votes <- rbind(small_truth()$responses, NA)
  expect_message(fit <- vae_irt(votes, seed = 1, control = one_thread), "1 respondent without a response")
  expect_identical(nrow(fit$estimates), 151L)
  expect_true(is.na(fit$estimates$estimate[151]) && is.na(fit$estimates$conf.low[151]))
  expect_identical(fit$estimates$n_responses[151], 0L)
  expect_equal(fit$estimates$estimate[1:150], small_fit()$estimates$estimate)
  expect_identical(fit$dropped$name, "151")
})

test_that("training that stops early warns", {
  expect_warning(
    fit <- vae_irt(small_truth()$responses, seed = 1, control = vae_control(threads = 1, max_epochs = 3)),
    class = "vaeirt_warning_convergence"
  )
  expect_false(fit$converged)
  expect_identical(nrow(fit$training), 3L)
})

test_that("a fork after a fit does not hang", {
  skip_on_os("windows")
  small_fit()
  slopes <- parallel::mclapply(1:2, function(i) {
    nrow(vae_irt(small_truth()$responses, seed = i, control = one_thread)$items)
  }, mc.cores = 2)
  expect_identical(slopes, list(50L, 50L))
})

test_that("wrong arguments are named", {
  votes <- vote_matrix()
  expect_snapshot(error = TRUE, {
    vae_irt(votes, dims = 0)
    vae_irt(votes, dims = 1.5)
    vae_irt(votes, dims = "2")
    vae_irt(votes, dims = 3)
    vae_irt(votes, foo = 1)
    vae_irt(votes, 1, "ann")
    vae_irt()
    vae_irt(votes, dims = 2, control = vae_control(hidden = 1))
    vae_irt(votes, polarity = NA)
    vae_irt(votes, link = "loglog")
    vae_irt(votes, prior = 5)
    vae_irt(votes, control = list())
    vae_irt(votes, seed = -1)
    vae_irt(votes, polarity = "an")
    vae_irt(votes, polarity = c("ann", "bob"))
    vae_irt(cbind(a = c("x", "y", "z"), b = c("x", "y", "x")), link = "probit")
  })
  expect_error(vae_irt(votes, dims = 0), class = "vaeirt_error_argument")
  expect_error(vae_irt(votes, dims = 0), class = "vaeirt_error")
})

test_that("a silent respondent cannot fix the polarity", {
  votes <- rbind(vote_matrix(), dan = c(NA, NA))
  expect_error(suppressMessages(vae_irt(votes, polarity = "dan")), class = "vaeirt_error_argument")
})

test_that("groups without a common item are named in a warning", {
  truth <- simulate_irt(400, 20, seed = 4)$responses
  truth[1:250, 11:20] <- NA
  truth[251:400, 1:10] <- NA
  expect_snapshot(fit <- vae_irt(truth, seed = 1, control = one_thread), transform = hide_numbers)
  expect_s3_class(tryCatch(vae_irt(truth, seed = 1, control = one_thread), warning = identity), "vaeirt_warning_groups")
  expect_equal(fit$groups$n_respondents, c(250, 150))
  expect_setequal(fit$groups$items[[2]], as.character(11:20))
})

test_that("groups that few items link are named in a warning", {
  truth <- simulate_irt(900, 37, dims = 2, seed = 4)$responses
  county <- rep(1:3, each = 300)
  for (k in 1:3) truth[county != k, 1 + (k - 1) * 12 + 1:12] <- NA
  expect_snapshot(fit <- vae_irt(truth, dims = 2, seed = 1, control = one_thread))
  expect_equal(fit$linking, "1")
})

test_that("a weight of two is a respondent who occurs twice", {
  truth <- simulate_irt(300, 15, missing = 0.1, seed = 5)$responses
  rownames(truth) <- paste("voter", 1:300)
  again <- truth[1:100, ]
  rownames(again) <- paste("again", 1:100)
  weighted <- vae_irt(truth, weights = rep(c(2, 1), c(100, 200)), seed = 1, control = one_thread)
  repeated <- vae_irt(rbind(truth, again), seed = 1, control = one_thread)
  expect_equal(weighted$items$estimate, repeated$items$estimate, tolerance = 0.03)
  expect_equal(weighted$items$std.error, repeated$items$std.error, tolerance = 0.03)
  expect_equal(weighted$estimates$estimate, repeated$estimates$estimate[1:300], tolerance = 0.03)
})

test_that("identical respondents are estimated once and get the same numbers", {
  truth <- simulate_irt(3000, 6, seed = 6)
  fit <- vae_irt(truth$responses, seed = 1, control = one_thread)
  pattern <- apply(truth$responses, 1, paste, collapse = "")
  expect_lte(length(unique(pattern)), 64)
  expect_equal(length(unique(fit$estimates$estimate)), length(unique(pattern)))
  expect_equal(fit$estimates$estimate[match(pattern, pattern)], fit$estimates$estimate)
  ours <- by_row(fit$items, 2)[, 1]
  true <- by_row(truth$items, 2)[, 1]
  expect_gt(abs(cor(ours, true)), 0.95)
})

test_that("a fit without estimates scores everybody alike", {
  truth <- small_truth()$responses
  fit <- vae_irt(truth, seed = 1, control = vae_control(threads = 1, estimates = FALSE))
  expect_equal(nrow(fit$estimates), 0)
  expect_equal(glance(fit)$n_respondents, 150)
  expect_identical(fit$items, small_fit()$items)
  scored <- predict(fit, truth)
  expect_equal(scored$estimate, small_fit()$estimates$estimate)
  expect_snapshot(error = TRUE, {
    predict(fit)
    write_estimates(fit, tempfile())
  })
  expect_output(print(fit), "No estimates of the respondents")
})

test_that("the network alone is close to the refined posteriors", {
  fit <- vae_irt(planar_truth()$responses, dims = 2, seed = 1, control = vae_control(refine = FALSE))
  refined <- planar_fit()
  expect_false(fit$refined)
  for (d in 1:2) {
    own <- fit$estimates$dimension == d
    expect_gt(cor(fit$estimates$estimate[own], refined$estimates$estimate[own]), 0.98)
  }
  expect_true(is.na(glance(fit)$logLik))
})
