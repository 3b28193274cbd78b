test_that("probabilities are those of the model, without overflow", {
  parameters <- rbind(c(2, 0.5), c(-1, 1))
  traits <- matrix(c(-1, 0, 2))
  eta <- cbind(0, 2 * traits - 0.5, -traits - 1)
  expect_equal(option_probabilities(parameters, traits, response_form("logit")), exp(eta) / rowSums(exp(eta)))
  steep <- option_probabilities(rbind(c(500, 0), c(-500, 0)), matrix(c(-1, 1)), response_form("logit"))
  expect_equal(steep, rbind(c(0, 0, 1), c(0, 1, 0)))
  expect_equal(option_probabilities(rbind(c(500, 0)), matrix(c(-1, 0)), response_form("logit")), rbind(c(1, 0), c(0.5, 0.5)))
})

test_that("Cholesky factors by row are those of each matrix", {
  dims <- 3
  covariances <- withr::with_seed(1, lapply(1:5, function(i) crossprod(matrix(rnorm(12), 4))))
  packed <- t(vapply(covariances, function(x) x[lower_triangle(dims)], numeric(6)))
  factors <- cholesky_rows(packed, dims)
  x <- c(1, -2, 0.5)
  for (i in 1:5) {
    expect_equal(multiply_rows(factors, x)[i, ], as.vector(t(chol(covariances[[i]])) %*% x))
  }
  # A variance of 0 is no obstacle.
  expect_identical(cholesky_rows(rbind(c(0, 0, 4)), 2), rbind(c(0, 0, 2)))
})

test_that("intervals of binary items are quantiles of the linear predictor", {
  fit <- planar_fit()
  options <- predict(fit, type = "prob")
  posterior <- fit$parameters$respondents
  sd <- fit$parameters$traits$sd
  gamma <- coef(fit, "items")["7", 1:2] * sd
  center <- function(i) sum(coef(fit, "items")["7", ] * c(coef(fit)[i, ], -1))
  items <- matrix(fit$parameters$items$covariance_aligned[7, c(1, 2, 4, 2, 3, 5, 4, 5, 6)], 3)
  for (i in c(1, 99)) {
    covariance <- posterior$covariance[i, ] / c(sd[1]^2, prod(sd), sd[2]^2)
    design <- c((posterior$mean[i, ] - fit$parameters$traits$mean) / sd, -1)
    variance <- sum(gamma * (matrix(covariance[c(1, 2, 2, 3)], 2) %*% gamma)) + sum(design * (items %*% design))
    own <- options[options$respondent == as.character(i) & options$item == "7" & options$response == "1", ]
    expect_equal(c(own$conf.low, own$conf.high), plogis(center(i) + c(-1, 1) * qnorm(0.975) * sqrt(variance)))
    other <- options[options$respondent == as.character(i) & options$item == "7" & options$response == "0", ]
    expect_equal(c(other$conf.low, other$conf.high), 1 - c(own$conf.high, own$conf.low))
  }
  expect_false("conf.low" %in% names(predict(fit, type = "prob", conf.int = FALSE)))
})

test_that("intervals of nominal items are quantiles over the distribution of traits and items", {
  parameters <- rbind(c(1.5, -0.5, 0.2), c(-1, 1, 0.5), c(0.3, 2, -0.4))
  items <- rbind(c(0.2, 0.05, 0.1, -0.02, 0, 0.1), c(0.1, 0, 0.1, 0, 0, 0.05), rep(NaN, 6))
  covariance <- rbind(c(0.8, 0.3, 0.6))
  mean <- matrix(c(0.5, -0.2), 1)
  item <- list(parameters = parameters, covariance = items, form = response_form("logit"))
  posterior <- list(mean = mean, factors = cholesky_rows(covariance, 2))
  limits <- probability_limits(item, posterior, 0.9)
  traits <- withr::with_seed(1, matrix(rnorm(2e5), ncol = 2)) %*% chol(matrix(c(0.8, 0.3, 0.3, 0.6), 2))
  predictors <- linear_predictors(parameters, sweep(traits, 2, mean, "+"))
  design <- c(mean, -1)
  for (k in 1:2) {
    own <- matrix(items[k, c(1, 2, 4, 2, 3, 5, 4, 5, 6)], 3)
    noise <- withr::with_seed(10 + k, rnorm(1e5, sd = sqrt(sum(design * (own %*% design)))))
    predictors[, k + 1] <- predictors[, k + 1] + noise
  }
  drawn <- to_probabilities(predictors, response_form("logit"))
  averaged <- mean_probabilities(list(items = list(item), posterior = posterior), 1L)[[1]]
  expect_equal(as.vector(averaged), colMeans(drawn), tolerance = 0.02)
  expected <- apply(drawn, 2, quantile, c(0.05, 0.95))
  expect_equal(as.vector(limits$low), unname(expected[1, ]), tolerance = 0.1)
  expect_equal(as.vector(limits$high), unname(expected[2, ]), tolerance = 0.1)
})

test_that("intervals of probabilities do not depend on the axes, nor on whose they are", {
  fit <- planar_fit()
  turned <- rotate(fit, "varimax")
  columns <- c(".prob", "conf.low", "conf.high")
  expect_equal(predict(turned, type = "prob")[columns], predict(fit, type = "prob")[columns], tolerance = 1e-3)
  votes <- planar_truth()$responses[1:20, ]
  own <- predict(fit, type = "prob")
  new <- predict(fit, votes, type = "prob")
  expect_equal(new[columns], own[seq_len(nrow(new)), columns], tolerance = 1e-6)
})

test_that("predicted probabilities cover the true ones", {
  skip_on_cran()
  truth <- nominal_truth()
  fit <- nominal_fit()
  options <- predict(fit, truth$responses[1:400, ], type = "prob")
  true_items <- by_row(truth$items, 2)
  sign <- sign(cor(truth$respondents$estimate, fit$estimates$estimate))
  expect_gt(abs(sign), 0)
  true <- vapply(1:40, function(j) {
    prob <- option_probabilities(true_items[2 * j - 1:0, ], matrix(truth$respondents$estimate[1:400]), response_form("logit"))
    as.vector(t(prob))
  }, numeric(1200))
  # Rows: options within respondents; columns: items.
  true <- as.vector(aperm(array(true, c(3, 400, 40)), c(1, 3, 2)))
  coverage <- mean(options$conf.low <= true & true <= options$conf.high)
  expect_gt(coverage, 0.9)
  expect_lt(coverage, 0.97)
})
