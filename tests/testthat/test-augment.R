test_that("augment() has one row per observed response with its probability and residual", {
  fit <- small_fit()
  votes <- small_truth()$responses
  table <- augment(fit)
  seen <- t(votes)[!is.na(t(votes))]
  expect_identical(table$response, as.character(seen))
  expect_identical(table$respondent, rep(as.character(1:150), rowSums(!is.na(votes))))
  prob <- at_estimates(fit)
  key <- function(x, response) paste(x$respondent, x$item, response)
  yea <- prob$.prob[match(key(table, "1"), key(prob, prob$response))]
  expect_equal(table$.fitted, yea)
  expect_equal(table$.resid, as.numeric(table$response) - yea)
  expect_identical(table$.pred_class, ifelse(yea > 0.5, "1", "0"))
  expect_equal(mean(table$.pred_class == table$response), glance(fit)$classification)
})

test_that("on items with more options the probability is that of the observed one", {
  fit <- nominal_fit()
  table <- augment(fit)
  prob <- at_estimates(fit)
  key <- function(x) paste(x$respondent, x$item, x$response)
  expect_equal(table$.fitted, prob$.prob[match(key(table), key(prob))])
  expect_equal(table$.resid, 1 - table$.fitted)
  expect_equal(exp(mean(log(table$.fitted))), glance(fit)$gmp, tolerance = 1e-5)
})

test_that("metadata stay with the responses, and new data are scored", {
  table <- augment(senate_fit())
  expect_identical(names(table)[1:6], c("respondent", "item", "response", ".fitted", ".resid", ".pred_class"))
  expect_true(all(c("party", "state") %in% names(table)))
  fit <- small_fit()
  votes <- small_truth()$responses
  dimnames(votes) <- list(1:150, 1:25)
  own <- augment(fit)
  # Reordered data give the same numbers in their own order.
  some <- augment(fit, newdata = votes[c(7, 3), 25:1])
  expect_identical(unique(some$respondent), c("7", "3"))
  place <- match(paste(some$respondent, some$item), paste(own$respondent, own$item))
  expect_equal(some$.fitted, own$.fitted[place])
  expect_error(augment(fit, newdta = votes), class = "vaeirt_error_argument")
})

test_that("fitted() and residuals() are the columns of augment()", {
  fit <- small_fit()
  table <- augment(fit)
  expect_identical(fitted(fit), table$.fitted)
  expect_identical(residuals(fit), table$.resid)
  pearson <- residuals(fit, "pearson")
  expect_equal(pearson, table$.resid / sqrt(table$.fitted * (1 - table$.fitted)))
  deviance <- residuals(fit, "deviance")
  expect_equal(sum(deviance^2), -2 * glance(fit)$nobs * log(glance(fit)$gmp), tolerance = 1e-5)
  expect_identical(sign(deviance), sign(table$.resid))
  expect_error(residuals(fit, "working"), class = "vaeirt_error_argument")
})

test_that("residuals are finite where the model is nearly certain", {
  # Items so steep that fitted probabilities are 1 in double precision.
  fit <- drawn_fit()
  fit$parameters$items$values[, "discrimination_1"] <- 80
  eta <- 80 * fit$estimates$estimate[match(augment(fit)$respondent, fit$estimates$respondent)] -
    coef(fit, "items")[augment(fit)$item, "difficulty"]
  own <- ifelse(augment(fit)$response == "1", eta, -eta)
  expect_true(any(plogis(eta) == 1))
  expect_equal(residuals(fit, "pearson"), sign(own) * sign(eta) * exp(-own / 2), ignore_attr = TRUE)
  expect_equal(residuals(fit, "deviance")^2, -2 * plogis(own, log.p = TRUE), ignore_attr = TRUE)
  expect_true(all(is.finite(residuals(senate_fit(), "pearson"))))
})

test_that("the mean squares of Pearson residuals are as expected at the true parameters", {
  truth <- simulate_irt(2000, 20, n_options = 4, seed = 6)
  fit <- vae_irt(truth$responses, seed = 1, control = one_thread)
  fit$estimates$estimate <- truth$respondents$estimate
  fit$items$estimate <- truth$items$estimate
  expect_equal(mean(residuals(fit, "pearson")^2), 3, tolerance = 0.1)
})
