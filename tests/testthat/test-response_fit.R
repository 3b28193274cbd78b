test_that("fit by item and by respondent adds up", {
  fit <- small_fit()
  votes <- small_truth()$responses
  items <- response_fit(fit, "items")
  respondents <- response_fit(fit)
  expect_equal(items$n_responses, unname(colSums(!is.na(votes))))
  expect_equal(respondents$n_responses, unname(rowSums(!is.na(votes))))
  expect_equal(sum(items$log_likelihood), sum(respondents$log_likelihood))
  expect_equal(items$gmp, exp(items$log_likelihood / items$n_responses))
  errors <- (1 - items$classification) * items$n_responses
  minority <- apply(votes, 2, function(x) min(table(x)))
  expect_equal(items$pre, unname(1 - errors / minority))
  # Averages over the posterior are close to the probabilities at its mean.
  shares <- predict(fit, type = "prob")
  observed <- matrix(shares$.prob, nrow = 2)[cbind(as.vector(t(votes)) + 1, seq_along(votes))]
  expect_equal(sum(items$log_likelihood), sum(log(observed), na.rm = TRUE), tolerance = 0.05)
})
