test_that("the right number of dimensions predicts best", {
  truth <- simulate_irt(600, 40, dims = 2, seed = 3)
  found <- cv_dims(truth$responses, dims = 1:3, folds = 2, seed = 1, control = one_thread)
  expect_equal(found$dims[which.max(found$log_score)], 2)
  expect_equal(found$difference[[2]], 0)
  expect_true(all(found$difference[c(1, 3)] < 0 & found$std.error[c(1, 3)] > 0))
  expect_equal(found$nobs, rep(600 * 40, 3))
  expect_equal(found$gmp, exp(found$log_score))
})

test_that("random numbers of R are left alone", {
  votes <- small_truth()$responses
  run <- function() cv_dims(votes, dims = 1, folds = 2, seed = 5, control = one_thread)
  set.seed(1)
  first <- run()
  expect_identical(runif(1), withr::with_seed(1, runif(1)))
  expect_identical(run(), first)
})

test_that("bad arguments are named", {
  expect_snapshot(error = TRUE, {
    cv_dims(small_truth()$responses, dims = "two")
    cv_dims(small_truth()$responses, dims = c(1, 0))
    cv_dims(small_truth()$responses, folds = 1)
  })
})
