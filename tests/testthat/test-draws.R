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

test_that("draws can be looked up by name, in every format", {
  skip_if_not_installed("posterior")
  votes <- simulate_irt(40, 30, dims = 2, seed = 1)$responses
  rownames(votes) <- c("SMITH, John (R)", paste("Member", 2:40))
  fit <- vae_irt(votes, dims = 2, seed = 1, control = one_thread)
  matrix <- posterior::as_draws_matrix(fit, n = 20)
  expect_identical(colnames(matrix)[c(1, 2, 80)], c("theta[SMITH, John (R),1]", "theta[SMITH, John (R),2]", "theta[Member 40,2]"))
  own <- as.vector(matrix[, "theta[Member 40,2]"])
  expect_identical(posterior::as_draws_df(fit, n = 20)$`theta[Member 40,2]`, own)
  expect_identical(posterior::as_draws(fit, n = 20), posterior::as_draws_df(fit, n = 20))
  expect_identical(posterior::as_draws_list(fit, n = 20)[[1]]$`theta[Member 40,2]`, own)
  expect_identical(as.vector(posterior::as_draws_array(fit, n = 20)[, 1, "theta[Member 40,2]"]), own)
  theta <- posterior::as_draws_rvars(fit, n = 20)$theta
  expect_identical(dim(theta), c(40L, 2L))
  expect_identical(as.vector(posterior::draws_of(theta["Member 40", 2])), own)
  expect_identical(
    as.vector(posterior::draws_of(theta["SMITH, John (R)", 1])), as.vector(matrix[, "theta[SMITH, John (R),1]"])
  )
  expect_error(posterior::as_draws_rvars(fit, m = 20), class = "vaeirt_error_argument")
})
