# Items with options in order.

as_ordered <- function(responses) {
  data <- as.data.frame(lapply(as.data.frame(responses), factor, ordered = TRUE))
  rlang::set_names(data, seq_along(data))
}

expect_between <- function(x, low, high) {
  expect_gt(x, low)
  expect_lt(x, high)
}

graded_truth <- function() once("graded_truth", simulate_irt(400, 6, n_options = 4, missing = 0.05, seed = 4, items = "graded"))
graded_fit <- function() {
  once("graded_fit", vae_irt(as_ordered(graded_truth()$responses), seed = 1, control = one_thread))
}

test_that("graded items are recovered, and their intervals cover the truth", {
  found <- lapply(1:3, function(seed) {
    truth <- simulate_irt(2000, 15, n_options = 4, seed = seed, items = "graded")
    right <- truth$respondents$respondent[[which.max(truth$respondents$estimate)]]
    fit <- vae_irt(as_ordered(truth$responses), seed = 1, polarity = right)
    expect_true(fit$polished)
    # The discrimination that the rows of an item share counts once.
    own <- fit$items$term == "difficulty" | fit$items$response == "1"
    expect_equal(fit$items$item, truth$items$item)
    list(
      items = data.frame(fit$items, truth = truth$items$estimate)[own, ],
      respondents = data.frame(fit$estimates, truth = truth$respondents$estimate)
    )
  })
  items <- do.call(rbind, lapply(found, `[[`, "items"))
  respondents <- do.call(rbind, lapply(found, `[[`, "respondents"))
  slopes <- items$term == "discrimination"
  expect_between(slope(items$truth[slopes], items$estimate[slopes]), 0.96, 1.04)
  expect_between(slope(items$truth[!slopes], items$estimate[!slopes]), 0.96, 1.04)
  covered <- function(table) mean(abs(table$estimate - table$truth) < stats::qnorm(0.975) * table$std.error)
  expect_between(covered(items), 0.91, 0.985)
  expect_between(covered(respondents), 0.935, 0.965)
})

# The maximum of the marginal posterior of five items by optim(), on the scale on which all posteriors together have mean 0 and
# standard deviation 1.
by_optim <- function(responses, cdf) {
  n_items <- ncol(responses)
  nodes <- seq(-6, 6, length.out = 121)
  prior <- stats::dnorm(nodes) / sum(stats::dnorm(nodes))
  unpack <- function(theta) {
    theta <- matrix(theta, n_items)
    # Distances on the log scale keep the thresholds in order.
    cbind(theta[, 1], theta[, 2], theta[, 2] + exp(theta[, 3]))
  }
  at_nodes <- function(parameters) {
    Reduce(`*`, lapply(seq_len(n_items), function(j) {
      above <- sapply(2:3, function(k) cdf(parameters[j, 1] * nodes - parameters[j, k]))
      prob <- cbind(1 - above[, 1], above[, 1] - above[, 2], above[, 2])
      t(prob)[responses[, j] + 1, ]
    }))
  }
  loss <- function(theta) {
    parameters <- unpack(theta)
    -sum(log(at_nodes(parameters) %*% prior)) - sum(stats::dnorm(parameters, 0, 5, log = TRUE))
  }
  start <- cbind(rep(1, n_items), -0.5, 0)
  found <- unpack(stats::optim(start, loss, method = "BFGS", control = list(maxit = 500, reltol = 1e-12))$par)
  weights <- at_nodes(found) * rep(prior, each = nrow(responses))
  all_together <- colMeans(weights / rowSums(weights))
  mean <- sum(all_together * nodes)
  sd <- sqrt(sum(all_together * (nodes - mean)^2))
  cbind(found[, 1] * sd, found[, -1] - found[, 1] * mean)
}

test_that("the items are at the maximum that optim() finds", {
  truth <- simulate_irt(500, 5, n_options = 3, seed = 8, items = "graded")
  for (link in c("logit", "probit")) {
    fit <- vae_irt(as_ordered(truth$responses), link = link, prior = irt_prior(5, 5), seed = 1, control = one_thread)
    expected <- by_optim(truth$responses, if (link == "logit") stats::plogis else stats::pnorm)
    values <- matrix(coef(fit, "items")[, "difficulty"], 5, byrow = TRUE)
    found <- cbind(coef(fit, "items")[c(TRUE, FALSE), "discrimination_1"], values)
    if (sum(found[, 1] * expected[, 1]) < 0) found[, 1] <- -found[, 1]
    error <- matrix(fit$items$std.error, 5, byrow = TRUE)[, c(1, 2, 4)]
    # Newton's method stops at a mean squared step of a fiftieth of a standard error.
    expect_lt(max(abs(found - expected) / error), 0.15)
    expect_lt(sqrt(mean(((found - expected) / error)^2)), 0.05)
  }
})

test_that("probabilities of options lie between those of the thresholds", {
  fit <- graded_fit()
  parameters <- coef(fit, "items")
  expect_equal(unname(parameters[1:3, 1]), rep(parameters[[1, 1]], 3))
  expect_true(all(diff(parameters[1:3, 2]) > 0))
  predicted <- predict(fit, type = "prob")
  own <- predicted[predicted$respondent == "1" & predicted$item == "1", ]
  above <- stats::plogis(parameters[1:3, 1] * coef(fit)[["1", 1]] - parameters[1:3, 2])
  plain <- at_estimates(fit)
  expect_equal(plain$.prob[plain$respondent == "1" & plain$item == "1"], -diff(c(1, unname(above), 0)))
  # Averages are less extreme.
  expect_equal(own$.prob, -diff(c(1, unname(above), 0)), tolerance = 0.05)
  expect_true(all(predicted$conf.low <= predicted$.prob + 1e-9 & predicted$.prob <= predicted$conf.high + 1e-9))
  classes <- predict(fit, type = "response")
  expect_equal(classes$.prob, unname(tapply(predicted$.prob, rep(seq_len(nrow(classes)), each = 4), max)), ignore_attr = TRUE)
  expect_equal(nrow(simulate(fit, seed = 1)), nobs(fit))
  expect_equal(attr(logLik(fit), "df"), 6 * (1 + 3))
  expect_equal(cutpoints(fit)$cutpoint, unname(parameters[, 2] / parameters[, 1]))
})

test_that("intervals of probabilities cover the truth, those of options in the middle too", {
  covered <- vapply(1:4, function(seed) {
    truth <- simulate_irt(300, 8, n_options = 4, seed = seed, items = "graded")
    fit <- vae_irt(as_ordered(truth$responses), seed = 1, polarity = which.max(truth$respondents$estimate), control = one_thread)
    predicted <- predict(fit, type = "prob")
    parameters <- by_row(truth$items, 2)
    right <- unlist(lapply(truth$respondents$estimate, function(x) {
      above <- stats::plogis(parameters[, 1] * x - parameters[, 2])
      as.vector(apply(matrix(above, 3), 2, function(own) -diff(c(1, own, 0))))
    }))
    inside <- predicted$conf.low <= right & right <= predicted$conf.high
    tapply(inside, predicted$response, mean)
  }, numeric(4))
  expect_gt(min(rowMeans(covered)), 0.9)
})

test_that("simulations of a fit are graded again", {
  fit <- graded_fit()
  again <- simulate(fit, seed = 1)
  expect_s3_class(again$sim_1, "ordered")
  refit <- vae_irt(again, respondent = respondent, item = item, response = sim_1, seed = 1, control = one_thread)
  expect_identical(refit$parameters$items$model, rep("graded", 6))
})

test_that("options that a part of the data lacks leave an item what it is", {
  truth <- simulate_irt(300, 8, n_options = 4, seed = 2, items = "graded")
  data <- as_ordered(truth$responses)
  # The third option of an item is chosen once: one fold of two has to do without it.
  often <- which(data[[1]] == "2")
  data[[1]][often[-1]] <- "1"
  scores <- cv_dims(data, dims = 1, folds = 2, seed = 1, control = one_thread)
  nominal <- cv_dims(data, dims = 1, folds = 2, seed = 1, control = one_thread, items = "nominal")
  expect_gt(scores$log_score, nominal$log_score - 0.02)
  expect_gt(scores$log_score, log(0.25))
})

test_that("new respondents are scored by a fit and by its file alike", {
  fit <- graded_fit()
  path <- write_model(fit, withr::local_tempfile())
  model <- read_model(path)
  new <- as_ordered(graded_truth()$responses)[1:20, ]
  # Under names of their own: the file does not know the respondents of the sample.
  rownames(new) <- paste("new", 1:20)
  expect_equal(predict(fit, new)$estimate, fit$estimates$estimate[1:20], tolerance = 1e-6)
  expect_identical(predict(model, new), predict(fit, new))
  expect_identical(predict(model, new, type = "prob", conf.int = FALSE), predict(fit, new, type = "prob", conf.int = FALSE))
  expect_identical(model$parameters$items$model, rep("graded", 6))
  expect_identical(glance(model)$df, glance(fit)$df)
})

test_that("ordered factors are graded by default, and `items` says otherwise", {
  data <- as_ordered(graded_truth()$responses)
  expect_identical(irt_responses(data)$items$model, rep("graded", 6))
  expect_null(irt_responses(data, items = "nominal")$items[["model"]])
  numbers <- graded_truth()$responses
  expect_null(irt_responses(numbers)$items[["model"]])
  expect_identical(irt_responses(numbers, items = "graded")$items$model, rep("graded", 6))
  # Items with two options are the same either way, and those of the default fit together.
  mixed <- data.frame(data[1:2], yes = as.integer(data[[3]] > "1"), colour = rep(c("red", "green", "blue", "red"), 100))
  responses <- irt_responses(mixed)
  expect_identical(responses$items$model, c("graded", "graded", "nominal", "nominal"))
  expect_identical(responses$items$options[[1]], c("0", "1", "2", "3"))
  fit <- vae_irt(mixed, seed = 1, control = one_thread)
  expect_equal(attr(logLik(fit), "df"), 2 * 4 + 2 + 2 * 2)
  expect_output(print(responses), "in order for 2 graded items", fixed = TRUE)
  expect_output(print(fit), "4 items (2 graded)", fixed = TRUE)
  expect_output(print(graded_fit()), "6 items (graded)", fixed = TRUE)
  two <- irt_responses(mixed["yes"], items = "graded")
  expect_null(two$items[["model"]])
})

test_that("the options of all kinds of data keep their order", {
  levels <- c("low", "middle", "high")
  said <- factor(levels[graded_truth()$responses[, 1] %% 3 + 1], levels)
  wide <- data.frame(q = said)
  expect_identical(irt_responses(wide, items = "graded")$items$options[[1]], levels)
  long <- data.frame(who = seq_along(said), what = "q", said = factor(said, ordered = TRUE))[!is.na(said), ]
  responses <- irt_responses(long, respondent = who, item = what, response = said)
  expect_identical(responses$items$options[[1]], levels)
  expect_identical(responses$items$model, "graded")
  path <- withr::local_tempfile(fileext = ".parquet")
  rows <- data.frame(
    who = as.character(rep(1:400, 6)), what = rep(paste0("q", 1:6), each = 400), said = as.vector(graded_truth()$responses)
  )
  vaeirt:::write_parquet_table(rows[!is.na(rows$said), ], path)
  of_file <- irt_responses(path, respondent = who, item = what, response = said, items = "graded")
  expect_identical(of_file$items$options, rep(list(c("0", "1", "2", "3")), 6))
  expect_identical(of_file$items$model, rep("graded", 6))
})

test_that("columns of the user are not taken for models, and NULL may be a variable", {
  data <- as_ordered(graded_truth()$responses)
  model <- NULL
  expect_identical(irt_responses(data, items = model)$items$model, rep("graded", 6))
  responses <- irt_responses(graded_truth()$responses)
  responses$items$model <- "a column of mine"
  fit <- vae_irt(responses, seed = 1, control = one_thread)
  expect_null(fit$parameters$items[["model"]])
  of_factors <- irt_responses(data)
  of_factors$items$model <- "nominal"
  expect_identical(irt_responses(of_factors)$items$model, rep("graded", 6))
})

test_that("levels in the order of the alphabet are warned of", {
  labels <- c("Agree", "Disagree", "Neither", "Strongly agree")
  said <- rep(labels, 20)
  expect_snapshot(alphabetical <- irt_responses(data.frame(q = factor(said)), items = "graded"))
  expect_warning(irt_responses(data.frame(q = factor(rep(1:10, 5), levels = sort(as.character(1:10)), ordered = TRUE))),
                 class = "vaeirt_warning_order")
  expect_silent(irt_responses(data.frame(q = factor(said, rev(labels), ordered = TRUE))))
  expect_silent(irt_responses(data.frame(q = rep(1:4, 20)), items = "graded"))
  expect_silent(irt_responses(data.frame(q = factor(rep(LETTERS[1:4], 20), ordered = TRUE))))
})

test_that("graded items that make no sense are refused", {
  text <- data.frame(q = rep(c("often", "seldom", "never"), 10), r = rep(c("yes", "no"), 15))
  ordered <- data.frame(q = factor(text$q, c("never", "seldom", "often"), ordered = TRUE))
  expect_refused("argument", {
    irt_responses(text, items = "graded")
    irt_responses(text, items = "ordinal")
    irt_responses(text, items = "grade")
    irt_responses(text, items = c("graded", "nominal"))
    irt_responses(text, items = c(q = "graded"))
    irt_responses(text, items = q)
    irt_responses(ordered, reference = "often")
    irt_responses(ordered, reference = c(q = "seldom"))
    irt_responses(irt_responses(ordered), items = "graded")
    vae_irt(text, link = "probit")
  })
  # The first level is where the order begins anyhow.
  expect_identical(irt_responses(ordered, reference = "never")$items$model, "graded")
})

test_that("rare options of graded items are dropped where others are pooled", {
  answers <- c(rep(1:4, c(10, 10, 1, 1)))
  data <- data.frame(graded = factor(answers, ordered = TRUE), nominal = answers)
  responses <- suppressMessages(irt_responses(data, min_count = 2, rare = "pool"))
  expect_identical(responses$items$options, list(c("1", "2"), c("1", "2", "(other)")))
  expect_identical(responses$dropped$reason[responses$dropped$kind == "option"], c("pooled", "pooled", "rare", "rare"))
})

test_that("graded items of several dimensions share their axes", {
  truth <- simulate_irt(1500, 20, dims = 2, n_options = 4, seed = 3, items = "graded")
  fit <- vae_irt(as_ordered(truth$responses), dims = 2, seed = 1)
  expect_equal(attr(logLik(fit), "df"), 20 * (2 + 3) - 1)
  agreement <- stats::cancor(coef(fit), by_row(truth$respondents, 2))$cor
  expect_gt(min(agreement)^2, 0.7)
})
