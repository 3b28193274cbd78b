test_that("draws have the moments of the fit", {
  skip_if_not_installed("posterior")
  fit <- small_fit()
  draws <- posterior::as_draws_df(fit, n = 3000)
  expect_s3_class(draws, "draws_df")
  expect_true(all(c("theta[1,1]", "theta[150,1]") %in% posterior::variables(draws)))
  summary <- posterior::summarise_draws(draws, "mean", "sd")
  expect_equal(as.numeric(summary$mean), fit$estimates$estimate, tolerance = 0.05)
  expect_equal(as.numeric(summary$sd), fit$estimates$std.error, tolerance = 0.05)
  expect_identical(draws, posterior::as_draws_df(fit, n = 3000))
  # The items' uncertainty is shared: respondents of the same side move together.
  values <- as.matrix(draws)[, seq_len(150)]
  side <- fit$estimates$estimate > 0.5
  alone <- mean(fit$parameters$respondents$covariance[side, 1]) / sum(side)
  expect_gt(var(rowMeans(values[, side])), 1.2 * alone)
})
