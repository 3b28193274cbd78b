# Data that are valid but odd: all numbers of the fit are finite, and a warning says what the user should know.

expect_finite_fit <- function(fit) {
  answered <- fit$estimates$n_responses > 0
  numbers <- c("estimate", "std.error", "conf.low", "conf.high")
  expect_true(all(is.finite(as.matrix(fit$estimates[answered, numbers]))))
  expect_true(all(fit$estimates$std.error[answered] > 0))
  expect_true(all(is.na(fit$estimates$estimate[!answered])))
  expect_true(all(is.finite(as.matrix(fit$items[numbers]))))
  expect_true(all(is.finite(unlist(fit$statistics))))
  expect_true(is.finite(logLik(fit)))
  options <- predict(fit, type = "prob")
  options <- options[options$respondent %in% fit$estimates$respondent[answered], ]
  limits <- as.matrix(options[c(".prob", "conf.low", "conf.high")])
  expect_true(all(is.finite(limits) & limits >= 0 & limits <= 1))
  expect_true(all(options$conf.low <= options$.prob & options$.prob <= options$conf.high))
  expect_output(print(fit), "respondents")
}

fit_quietly <- function(data, ...) suppressMessages(vae_irt(data, ..., seed = 1, control = one_thread))

base_votes <- function() once("base_votes", simulate_irt(100, 10, seed = 1)$responses)

test_that("fits of odd data are finite in one dimension and in two", {
  votes <- base_votes()
  some <- function(values) c(values, rep(NA, 100 - length(values)))
  one_against_many <- matrix(NA, 300, 5000)
  one_against_many[1, ] <- rep(0:1, 2500)
  one_against_many[cbind(2:300, 1 + (2:300) %% 40)] <- rep(1:0, length.out = 299)
  sparse <- simulate_irt(2000, 100, seed = 3)$responses
  sparse[withr::with_seed(2, stats::runif(length(sparse))) < 0.99] <- NA
  cases <- list(
    "perfect separation (a Guttman scale)" = outer(1:30, 1:29, ">") * 1,
    "two camps that never mix" = rbind(matrix(0, 10, 5), matrix(1, 10, 5)),
    "an item twice" = with_columns(cbind(votes, votes[, 1]), 1:11),
    "an item and its opposite" = with_columns(cbind(votes, 1 - votes[, 1]), 1:11),
    "an item with a single response" = with_columns(cbind(votes, some(1)), 1:11),
    "an item with two responses" = with_columns(cbind(votes, some(0:1)), 1:11),
    "a respondent with one response" = rbind(votes, c(1, rep(NA, 9))),
    "respondents who always or never agree" = rbind(votes, 0, 1),
    "a lone dissenter on every item" = diag(12),
    "one respondent with 5,000 responses beside many with 1" = one_against_many,
    "99 % missing" = sparse
  )
  thin <- c("one respondent with 5,000 responses beside many with 1", "99 % missing")
  for (name in names(cases)) {
    for (dims in 1:2) {
      label <- paste(name, "in", dims)
      twice <- name %in% c("an item twice", "an item and its opposite")
      said <- 0
      expect_no_warning(
        withCallingHandlers(fit <- fit_quietly(cases[[name]], dims = dims), vaeirt_warning_items = function(cnd) {
          said <<- said + 1
          if (twice) tryInvokeRestart("muffleWarning")
        }, vaeirt_warning_few = function(cnd) {
          if (name %in% thin) tryInvokeRestart("muffleWarning")
        }),
        message = label
      )
      expect_equal(said, as.integer(twice), label = label)
      expect_finite_fit(fit)
      expect_true(fit$converged, label = label)
    }
  }
})

test_that("the smallest data are fitted", {
  cases <- list(
    "2 respondents and 3 items" = rbind(c(0, 1, 1), c(1, 0, 0)),
    "2 respondents who differ on one item of 3" = rbind(c(0, 1, 1), c(1, 1, 1)),
    "one item" = cbind(q = c(0, 1, 1, 0, 1)),
    "one nominal item" = cbind(q = c("a", "b", "c", "a")),
    "one response each" = cbind(p = c(0, 1, NA), q = c(NA, 1, 0), r = c(0, NA, 1))
  )
  for (name in names(cases)) {
    expect_no_warning(fit <- fit_quietly(cases[[name]]), message = name)
    expect_finite_fit(fit)
  }
})

test_that("a Guttman scale is ranked as it is, and its mirror as the mirror", {
  scale <- outer(1:30, 1:29, ">") * 1
  fit <- fit_quietly(scale)
  expect_equal(rank(fit$estimates$estimate), 1:30)
  expect_equal(rank(fit_quietly(1 - scale, reference = 1)$estimates$estimate), 1:30)
  expect_true(all(diff(cutpoints(fit)$cutpoint) > 0))
})

test_that("identical items get the same numbers, and respondents who are the same too", {
  votes <- with_columns(cbind(base_votes(), base_votes()[, 3]), 1:11)
  expect_warning(items <- fit_quietly(rbind(votes, votes[7, ])), "11 (3)", fixed = TRUE, class = "vaeirt_warning_items")
  parameters <- by_row(items$items, 2)
  expect_equal(parameters[11, ], parameters[3, ], tolerance = 1e-3)
  expect_identical(items$estimates$estimate[101], items$estimates$estimate[7])
})

test_that("blocks that share no item are compared by nobody", {
  blocks <- base_votes()
  blocks[1:50, 1:5] <- NA
  blocks[51:100, 6:10] <- NA
  for (dims in 1:2) {
    expect_warning(fit <- fit_quietly(blocks, dims = dims), class = "vaeirt_warning_groups")
    expect_finite_fit(fit)
  }
  # The names of items are shown as they are, cut where they are long, and never run as code.
  warned <- function(prefix) {
    found <- tryCatch(fit_quietly(with_columns(blocks, paste0(prefix, 1:10))), vaeirt_warning_groups = conditionMessage)
    expect_match(found, substr(prefix, 1, 60), fixed = TRUE)
    expect_lt(nchar(found), 1000)
  }
  for (prefix in c("{stop('run as code')}", "{", "}", "%s%n", "<b>", "Größe ", "\u4e2d\u6587", long_label)) warned(prefix)
})

test_that("everybody with the same responses, or nobody in common with anybody, is said", {
  same <- matrix(rep(c(0, 1, 1), each = 20), 20)
  expect_error(fit_quietly(same), class = "vaeirt_error_empty")
  alone <- matrix(NA, 40, 20)
  alone[cbind(1:40, rep(1:20, 2))] <- rep(0:1, each = 20)
  expect_warning(
    expect_warning(fit <- fit_quietly(alone), "20 groups", class = "vaeirt_warning_groups"),
    class = "vaeirt_warning_few"
  )
  expect_finite_fit(fit)
})

test_that("extreme settings give finite numbers, or an error that says what to change", {
  votes <- base_votes()
  for (prior in list(irt_prior(1e-6, 1e-6), irt_prior(1e6, 1e6), irt_prior(1e-6, 1e6))) {
    expect_finite_fit(fit_quietly(votes, prior = prior))
  }
  for (weights in list(rep(1e-12, 100), rep(1e12, 100), rep(c(1e-6, 1e6), 50))) {
    fit <- suppressWarnings(
      fit_quietly(votes, weights = weights), classes = c("vaeirt_warning_convergence", "vaeirt_warning_weights")
    )
    expect_true(all(is.finite(fit$estimates$estimate) & is.finite(fit$estimates$std.error)))
    expect_true(all(is.finite(fit$items$estimate)))
  }
  expect_error(
    vae_irt(votes, seed = 1, control = vae_control(learning_rate = 1e10, threads = 1)), "Lower",
    class = "vaeirt_error_not_finite"
  )
})

test_that("codes may be as large as numbers are exact, negative, or any text", {
  said <- cbind(a = c(2^53, -2^53, 0, 0), b = c(-1, 1, -1, 1))
  x <- suppressWarnings(irt_responses(said), classes = "vaeirt_warning_codes")
  expect_identical(x$items$options, list(c("-9007199254740992", "0", "9007199254740992"), c("-1", "1")))
  text <- cbind(a = c(long_label, "y", "y"), b = c("\u00e4", "{b}", "\u4e2d\u6587"), c = c("%s", "\\n", "\\n"))
  x <- irt_responses(text)
  expect_setequal(unlist(x$items$options), as.vector(text))
  fit <- fit_quietly(x)
  expect_finite_fit(fit)
  expect_setequal(predict(fit, type = "prob")$response, as.vector(text))
  latin <- "Mu\xf1oz"
  Encoding(latin) <- "latin1"
  names <- with_rows(vote_matrix(), c(latin, "\u738b", "c"))
  expect_identical(irt_responses(names)$respondents$respondent, c("Mu\u00f1oz", "\u738b", "c"))
})

test_that("300 response options are 300 options", {
  many <- data.frame(a = factor(rep(1:300, 10)), b = rep(0:1, 1500), c = rep(c(0, 1, 1), 1000))
  expect_warning(x <- irt_responses(many), class = "vaeirt_warning_codes")
  expect_identical(lengths(x$items$options), c(300L, 2L, 2L))
  few <- vae_control(threads = 1, max_epochs = 3, refine = FALSE, std_errors = "none")
  fit <- suppressWarnings(vae_irt(x, seed = 1, control = few), classes = "vaeirt_warning_convergence")
  expect_true(all(is.finite(fit$items$estimate)) && all(is.finite(fit$estimates$estimate)))
})
