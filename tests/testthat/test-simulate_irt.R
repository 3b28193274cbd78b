test_that("the truth has the columns of the estimates", {
  truth <- simulate_irt(50, 10, dims = 2, n_options = 4, missing = 0.3, seed = 1)
  expect_identical(dim(truth$responses), c(50L, 10L))
  expect_true(all(truth$responses %in% c(0:3, NA)))
  expect_gt(mean(is.na(truth$responses)), 0.2)
  expect_identical(nrow(truth$respondents), 100L)
  expect_identical(nrow(truth$items), 10L * 3L * 3L)
  expect_identical(truth, simulate_irt(50, 10, dims = 2, n_options = 4, missing = 0.3, seed = 1))
  fit <- small_fit()
  joined <- merge(fit$items, small_truth()$items, by = c("item", "response", "term", "dimension"))
  expect_identical(nrow(joined), nrow(fit$items))
})

test_that("responses follow the model", {
  truth <- simulate_irt(20000, 3, seed = 2)
  items <- by_row(truth$items, 2)
  eta <- outer(truth$respondents$estimate, items[, 1]) - rep(items[, 2], each = 20000)
  expect_equal(colMeans(truth$responses), colMeans(plogis(eta)), tolerance = 0.02)
})

test_that("impossible designs are errors", {
  expect_snapshot(error = TRUE, {
    simulate_irt(0, 10)
    simulate_irt(10, 10, n_options = 1)
    simulate_irt(10, 10, missing = 1)
    simulate_irt(10, 10, dims = -1)
    simulate_irt(1e6, 1e6)
  })
})
