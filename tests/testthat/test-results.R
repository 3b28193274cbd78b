test_that("tidy() gives the tables with the intervals asked for", {
  fit <- small_fit()
  expect_equal(tidy(fit), fit$estimates)
  expect_equal(tidy(fit, "items"), fit$items)
  narrow <- tidy(fit, conf.level = 0.5)
  expect_true(all(narrow$conf.low > fit$estimates$conf.low & narrow$conf.high < fit$estimates$conf.high))
  expect_false("conf.low" %in% names(tidy(fit, "items", conf.int = FALSE)))
  expect_error(tidy(fit, "voters"), class = "vaeirt_error_argument")
  expect_error(tidy(fit, conf.level = 95), class = "vaeirt_error_argument")
})

test_that("posterior intervals of one respondent are the quantiles of the posterior", {
  # One dimension: the quantiles by quadrature at the estimated items, which count as known here.
  fit <- update(small_fit(), prior = irt_prior(5, 5), control = vae_control(threads = 1, std_errors = "conditional"))
  votes <- small_truth()$responses
  rownames(votes) <- paste("new", seq_len(nrow(votes)))
  scores <- predict(fit, votes)
  items <- by_row(fit$items, 2)
  nodes <- seq(-6, 6, length.out = 4001)
  # The posterior on the reported scale has the prior that the scale map gives it: nearly the standard normal one here.
  off <- vapply(1:40, function(i) {
    seen <- !is.na(votes[i, ])
    eta <- outer(nodes, items[seen, 1]) - rep(items[seen, 2], each = length(nodes))
    sign <- ifelse(votes[i, seen] == 1, 1, -1)
    log_density <- rowSums(plogis(eta * rep(sign, each = length(nodes)), log.p = TRUE)) + dnorm(nodes, log = TRUE)
    cdf <- cumsum(exp(log_density - max(log_density)))
    cdf <- cdf / cdf[length(cdf)]
    quantiles <- nodes[c(which(cdf >= 0.025)[1], which(cdf >= 0.975)[1])]
    max(abs(quantiles - c(scores$conf.low[i], scores$conf.high[i]))) / scores$std.error[i]
  }, numeric(1))
  expect_lt(median(off), 0.05)
  expect_lt(max(off), 0.2)
})

test_that("glance() is one row about the fit", {
  about <- glance(small_fit())
  expect_identical(nrow(about), 1L)
  expect_equal(about$nobs, sum(!is.na(small_truth()$responses)))
  expect_identical(about$n_items, 25L)
  chosen <- predict(small_fit(), type = "response")
  votes <- t(small_truth()$responses)
  expect_equal(about$classification, mean(chosen$.pred_class == votes, na.rm = TRUE))
  shares <- at_estimates(small_fit())
  observed <- matrix(shares$.prob, nrow = 2)[cbind(as.vector(votes) + 1, seq_along(votes))]
  expect_equal(about$gmp, exp(mean(log(observed), na.rm = TRUE)), tolerance = 1e-5)
  minority <- apply(small_truth()$responses, 2, function(x) min(table(x)))
  errors <- sum(chosen$.pred_class != votes, na.rm = TRUE)
  expect_equal(about$apre, (sum(minority) - errors) / sum(minority))
  expect_lt(about$logLik, about$nobs * log(about$gmp))
})

test_that("standard errors of the items can be left out", {
  control <- vae_control(threads = 1, max_epochs = 20, std_errors = "none")
  fit <- suppressWarnings(vae_irt(small_truth()$responses, seed = 1, control = control))
  expect_true(all(is.na(fit$items$std.error)))
  expect_false(anyNA(fit$estimates$std.error))
})

test_that("standard errors of the items are those of repeated samples", {
  skip_on_cran()
  # Thirty samples of the same items: the mean standard error against the spread of the estimates.
  truth <- simulate_irt(600, 12, seed = 8)
  true <- by_row(truth$items, 2)
  runs <- lapply(1:30, function(s) {
    alpha <- withr::with_seed(s, rnorm(600))
    eta <- outer(alpha, true[, 1]) - rep(true[, 2], each = 600)
    votes <- withr::with_seed(1000 + s, (matrix(runif(length(eta)), 600) < plogis(eta)) + 0L)
    fit <- vae_irt(votes, seed = 1, control = vae_control(std_errors = "conditional"))
    difficulty <- fit$items[fit$items$term == "difficulty", ]
    list(estimate = difficulty$estimate, se = difficulty$std.error)
  })
  spread <- apply(vapply(runs, `[[`, numeric(12), "estimate"), 1, sd)
  claimed <- rowMeans(vapply(runs, `[[`, numeric(12), "se"))
  expect_gt(median(claimed / spread), 0.8)
  expect_lt(median(claimed / spread), 1.25)
})

test_that("print() and summary() tell the essentials", {
  fit <- small_fit()
  fit$seconds <- 1
  expect_snapshot(print(fit), transform = hide_numbers)
  about <- summary(fit, n = 2)
  expect_identical(nrow(about$extremes), 4L)
  expect_identical(about$extremes$estimate, sort(about$extremes$estimate))
  expect_output(print(about), "Respondents at the ends of each dimension")
  steep <- summary(senate_fit())
  expect_gt(length(steep$separated), 0)
  expect_output(print(steep), "Held by the prior")
  expect_output(print(steep), "101 unanimous items")
})
