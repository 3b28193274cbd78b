test_that("simulated responses follow the model", {
  fit <- nominal_fit()
  before <- get0(".Random.seed", globalenv())
  sims <- simulate(fit, nsim = 3, seed = 5)
  expect_identical(get0(".Random.seed", globalenv()), before)
  expect_identical(simulate(fit, nsim = 3, seed = 5), sims)
  observed <- augment(fit)
  expect_identical(sims[c("respondent", "item")], observed[c("respondent", "item")])
  # Shares of the options: 40 items with 2,250 responses each.
  share <- function(x) table(sims$item, x) / as.vector(table(sims$item))
  expect_lt(max(abs(share(sims$sim_1) - share(observed$response))), 0.05)
  expect_gt(mean(sims$sim_1 != sims$sim_2), 0.1)
  expect_error(simulate(fit, nsim = 0), class = "vaeirt_error_argument")
})

test_that("a model fitted to a simulation recovers the items", {
  fit <- planar_fit()
  sims <- simulate(fit, seed = 1)
  again <- vae_irt(sims, dims = 2, respondent = respondent, item = item, response = sim_1, seed = 1)
  # Traits drawn from the posterior vary as much as the population's: no shrinkage.
  true <- coef(fit, "items")[, 1:2]
  found <- coef(again, "items")[rownames(true), 1:2]
  parts <- svd(crossprod(true, found))
  turned <- true %*% parts$u %*% t(parts$v)
  expect_gt(slope(turned, found), 0.95)
  expect_lt(slope(turned, found), 1.05)
})

test_that("draws of the traits have the covariances of the posterior", {
  fit <- planar_fit()
  draws <- withr::with_seed(1, replicate(400, vaeirt:::draw_traits(fit)[11, ]))
  expect_equal(rowMeans(draws), unname(fit$parameters$respondents$mean[11, ]), tolerance = 0.1)
  expected <- fit$parameters$respondents$covariance[11, ]
  found <- stats::cov(t(draws))[c(1, 2, 4)]
  expect_lt(max(abs(found - expected)), 0.15 * max(expected))
})
