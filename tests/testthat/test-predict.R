test_that("respondents of the sample get the numbers they had", {
  fit <- small_fit()
  scores <- predict(fit, small_truth()$responses)
  expect_identical(scores, fit$estimates)
  expect_identical(predict(fit), fit$estimates)
  # Others, under another name or with other responses, carry the items as if these knew nothing of them.
  others <- small_truth()$responses
  rownames(others) <- c(paste("new", 1:149), 150)
  others[150, 1] <- NA
  others <- predict(fit, others)
  expect_equal(others$estimate[1:149], fit$estimates$estimate[1:149])
  expect_equal(others$std.error[1:149], fit$estimates$std.error[1:149], tolerance = 1e-4)
  expect_true(all(others$std.error[1:149]^2 > fit$parameters$respondents$covariance[1:149, 1]))
  expect_false(others$estimate[[150]] == fit$estimates$estimate[[150]])
})

test_that("where items are integrated out respondents of the sample get the numbers they had, too", {
  votes <- simulate_irt(20, 60, dims = 2, missing = 0.2, seed = 1)$responses
  dimnames(votes) <- list(paste("Member", 1:20), 1:60)
  fit <- vae_irt(votes, dims = 2, seed = 1, control = one_thread)
  expect_true(fit$parameters$items$prior$integrated)
  expect_identical(predict(fit, votes), fit$estimates)
  expect_identical(predict(fit, votes[c(7, 3), 60:1]), fit$estimates[c(13, 14, 5, 6), ])
})

test_that("scores do not depend on the company, the order of items or their form", {
  fit <- small_fit()
  votes <- small_truth()$responses
  rownames(votes) <- 1:150
  colnames(votes) <- 1:25
  some <- predict(fit, votes[c(40, 7), 25:1])
  expect_equal(some$estimate, fit$estimates$estimate[c(40, 7)])
  expect_equal(predict(fit, votes[40, , drop = FALSE])$conf.high, predict(fit, votes)$conf.high[40])
  long <- data.frame(who = "new", what = colnames(votes), vote = votes[40, ])
  expect_equal(predict(fit, long, respondent = who, item = what, response = vote)$estimate, fit$estimates$estimate[40])
  expect_equal(predict(fit, irt_responses(votes))$estimate, fit$estimates$estimate)
})

test_that("a saved fit predicts the same in a new process", {
  skip_if_not_installed("callr")
  fit <- small_fit()
  new <- simulate_irt(20, 25, seed = 99)$responses
  here <- predict(fit, new)
  path <- withr::local_tempfile(fileext = ".rds")
  saveRDS(fit, path)
  there <- callr::r(
    function(path, new) {
      library(vaeirt)
      predict(readRDS(path), new)
    },
    list(path = path, new = new)
  )
  expect_identical(there, here)
})

test_that("the network alone is close to the refined scores", {
  fit <- nominal_fit()
  rough <- predict(fit, nominal_truth()$responses, refine = FALSE)
  expect_gt(cor(rough$estimate, fit$estimates$estimate), 0.99)
  expect_true(all(is.na(rough$pareto_k)))
})

test_that("probabilities are averages over what is not known and sum to one", {
  fit <- nominal_fit()
  options <- predict(fit, nominal_truth()$responses[1:2, ], type = "prob")
  expect_identical(nrow(options), 2L * 40L * 3L)
  expect_equal(as.vector(tapply(options$.prob, paste(options$respondent, options$item), sum)), rep(1, 80))
  # Of many points of the distribution of the trait and of each option's parameters.
  own <- which(fit$items$item == "5")
  gamma <- fit$items$estimate[own][c(1, 3)]
  beta <- fit$items$estimate[own][c(2, 4)]
  rows <- 2 * match("5", fit$catalogue$item) - 1:0
  expected <- withr::with_seed(1, {
    alpha <- rnorm(1e5, fit$parameters$respondents$mean[1, ], sqrt(fit$parameters$respondents$covariance[1, ]))
    of_option <- function(k) {
      x <- c(fit$parameters$respondents$mean[1, ], -1)
      own <- matrix(fit$parameters$items$covariance_aligned[rows[[k]], c(1, 2, 2, 3)], 2)
      gamma[[k]] * alpha - beta[[k]] + rnorm(1e5, sd = sqrt(sum(x * (own %*% x))))
    }
    colMeans(to_probabilities(cbind(0, of_option(1), of_option(2)), response_form("logit")))
  })
  found <- options$.prob[options$respondent == "1" & options$item == "5"]
  expect_equal(found, expected, tolerance = 0.005)

  best <- predict(fit, nominal_truth()$responses[1:2, ], type = "response")
  expect_identical(nrow(best), 80L)
  this <- best[best$respondent == "1" & best$item == "5", ]
  expect_identical(this$.pred_class, c("0", "1", "2")[which.max(found)])
  expect_equal(this$.prob, max(found))
})

test_that("probit probabilities are normal", {
  fit <- senate_fit()
  name <- "FRIST (R TN)"
  options <- predict(fit, type = "prob")
  own <- options[options$respondent == name & options$item == "1-3", ]
  item <- fit$items$estimate[fit$items$item == "1-3"]
  eta <- item[[1]] * fit$estimates$estimate[fit$estimates$respondent == name] - item[[2]]
  x <- c(fit$estimates$estimate[fit$estimates$respondent == name], -1)
  of_item <- matrix(fit$parameters$items$covariance_aligned[match("1-3", fit$catalogue$item), c(1, 2, 2, 3)], 2)
  of_trait <- item[[1]]^2 * fit$parameters$respondents$covariance[match(name, fit$estimates$respondent), 1]
  standard <- eta / sqrt(1 + of_trait + sum(x * (of_item %*% x)))
  expect_equal(own$.prob, c(pnorm(-standard), pnorm(standard)), tolerance = 1e-5)
})

test_that("what is predicted comes true as often as it says", {
  skip_on_cran()
  cells <- lapply(1:12, function(s) {
    votes <- simulate_irt(60, 60, seed = s)$responses
    out <- withr::with_seed(s, sample(length(votes), 360))
    fit <- vae_irt(replace(votes, out, NA), seed = 1)
    options <- predict(fit, type = "prob", conf.int = FALSE)
    key <- paste(row(votes)[out], col(votes)[out], 1)
    prob <- options$.prob[match(key, paste(options$respondent, options$item, options$response))]
    data.frame(prob, true = votes[out])[!is.na(prob), ]
  })
  cells <- do.call(rbind, cells)
  found <- coef(glm(true ~ qlogis(prob), binomial, cells))[[2]]
  # At the estimates themselves it is .8.
  expect_gt(found, 0.85)
  expect_lt(found, 1.1)
})

test_that("what the model does not know is left out, and nothing known is an error", {
  fit <- small_fit()
  votes <- small_truth()$responses[1:3, ]
  colnames(votes) <- c(1:24, "new")
  expect_message(scores <- predict(fit, votes), "1 item that is not in the model")
  expect_identical(scores$n_responses, as.integer(rowSums(!is.na(votes[, 1:24]))))
  votes[1, 1] <- 7
  expect_message(predict(fit, votes[, 1:24]), "1 response with an option that is not")
  silent <- votes
  silent[2, 1:24] <- NA
  scores <- suppressMessages(predict(fit, silent))
  expect_identical(is.na(scores$estimate), c(FALSE, TRUE, FALSE))
  expect_snapshot(error = TRUE, {
    predict(fit, vote_matrix())
    predict(fit, newdta = votes)
    predict(fit, votes[, 1:24] == 1)
    predict(fit, votes, type = "class")
    predict(fit, votes, refine = NA)
  })
  expect_error(predict(fit, vote_matrix()), class = "vaeirt_error_newdata")
})

test_that("a broken model is an error", {
  fit <- small_fit()
  fit$model <- fit$model[1:100]
  expect_error(predict(fit, small_truth()$responses), class = "vaeirt_error_model")
})

test_that("one person's answers as a vector get a hint at rows", {
  fit <- small_fit()
  answers <- small_truth()$responses[1, ]
  expect_error(predict(fit, answers), "drop = FALSE", class = "vaeirt_error_input")
  words <- ifelse(answers == 1, "yes", "no")
  expect_error(predict(fit, words), "drop = FALSE", class = "vaeirt_error_input")
  expect_error(predict(fit, unname(words)), "drop = FALSE", class = "vaeirt_error_input")
  expect_equal(nrow(predict(fit, small_truth()$responses[1, , drop = FALSE])), 1)
})

test_that("new data in another coding are warned of", {
  votes <- small_truth()$responses
  fit <- small_fit()
  expect_warning(predict(fit, votes + 1), "coded otherwise", class = "vaeirt_warning_newdata")
  odd <- votes
  odd[1:5, 1] <- 7
  expect_message(predict(fit, odd), "with an option that is not")
  expect_silent(predict(fit, votes))
})

test_that("standard errors of new respondents carry the items as those of the fit do", {
  votes <- simulate_irt(120, 40, dims = 2, seed = 5)$responses
  rownames(votes) <- paste0("r", 1:120)
  renamed <- votes
  rownames(renamed) <- paste0("new", 1:120)
  expect_as_uncertain <- function(fit, expected = fit$estimates, tolerance = 1e-3) {
    found <- predict(fit, renamed)
    # An anchor has no errors among those who were fitted.
    known <- expected$std.error > 0
    expect_equal(found$std.error[known], expected$std.error[known], tolerance = tolerance)
  }
  fit <- vae_irt(votes, 2, seed = 1, control = one_thread)
  expect_as_uncertain(fit)
  expect_as_uncertain(rotate(fit, "varimax"))
  anchors <- rbind(r1 = c(-1, 0), r2 = c(1, 0), r3 = c(0, 1))
  expect_as_uncertain(rotate(fit, anchors = anchors), tolerance = 0.02)
  expect_identical(predict(read_model(write_model(fit, withr::local_tempfile())), renamed), predict(fit, renamed))
  given_items <- update(fit, control = vae_control(threads = 1, std_errors = "conditional"))
  expect_true(all(predict(given_items, renamed)$std.error < predict(fit, renamed)$std.error))
  expect_equal(predict(given_items, renamed)$std.error, given_items$estimates$std.error, tolerance = 1e-6)
})

test_that("intervals of people whom a small court did not know hold their ideal points", {
  held <- vapply(1:6, function(seed) {
    truth <- simulate_irt(109, 200, seed = seed)
    fit <- vae_irt(truth$responses[1:9, ], seed = 1, control = one_thread)
    new <- suppressMessages(predict(fit, truth$responses[10:109, ]))
    ideal <- truth$respondents$estimate[10:109] * sign(cor(new$estimate, truth$respondents$estimate[10:109]))
    mean(new$conf.low <= ideal & ideal <= new$conf.high)
  }, numeric(1))
  expect_gt(mean(held), 0.9)
})
