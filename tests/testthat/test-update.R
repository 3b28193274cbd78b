test_that("update() changes arguments and keeps the data", {
  votes <- small_truth()$responses
  fit <- vae_irt(votes, seed = 1, control = one_thread)
  rm(votes)
  probit <- update(fit, link = "probit")
  expect_identical(probit$link, "probit")
  expect_equal(probit$estimates, vae_irt(small_truth()$responses, link = "probit", seed = 1, control = one_thread)$estimates)
  expect_identical(
    update(fit, link = "probit", seed = NULL, evaluate = FALSE),
    quote(vae_irt(data = votes, control = one_thread, link = "probit"))
  )
  expect_identical(probit$call$link, "probit")
  expect_error(update(fit, 2), class = "vaeirt_error_argument")
})

test_that("arguments of the data are read again", {
  votes <- small_truth()$responses
  fit <- vae_irt(votes, seed = 1, control = one_thread)
  few <- suppressMessages(update(fit, min_responses = 22))
  expect_lt(few$n_respondents, fit$n_respondents)
  expect_identical(few$n_respondents, sum(rowSums(!is.na(votes)) >= 22))
})
