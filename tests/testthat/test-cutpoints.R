test_that("at the cutpoint both options are equally probable", {
  fit <- small_fit()
  cuts <- cutpoints(fit)
  items <- by_row(fit$items, 2)
  expect_equal(plogis(cuts$cutpoint * items[, 1] - items[, 2]), rep(0.5, nrow(cuts)))
  above <- plogis((cuts$cutpoint + 0.1) * items[, 1] - items[, 2]) > 0.5
  expect_identical(cuts$direction, ifelse(above, "above", "below"))
  votes <- small_truth()$responses
  expect_identical(cuts$n_response, unname(as.integer(colSums(votes == 1, na.rm = TRUE))))
  expect_identical(cuts$n_reference, unname(as.integer(colSums(votes == 0, na.rm = TRUE))))
  expect_identical(cuts[c("classification", "pre", "gmp")], response_fit(fit, "items")[c("classification", "pre", "gmp")])
  expect_identical(unique(cuts$reference), "0")
})

test_that("cutpoints move with the axis, and so do their intervals", {
  fit <- small_fit()
  cuts <- cutpoints(fit)
  moved <- cutpoints(rotate(fit, "procrustes", target = as.matrix(-2 * fit$estimates$estimate)))
  map <- function(x) -x
  ends <- cbind(map(cuts$conf.low), map(cuts$conf.high))
  bounded <- is.finite(cuts$conf.low)
  expect_true(any(bounded) && any(!bounded))
  expect_equal(moved$cutpoint, map(cuts$cutpoint))
  expect_equal(moved$conf.low[bounded], pmin(ends[, 1], ends[, 2])[bounded], tolerance = 1e-4)
  expect_equal(moved$conf.high[bounded], pmax(ends[, 1], ends[, 2])[bounded], tolerance = 1e-4)
  expect_equal(moved$std.error, cuts$std.error * abs(map(1) - map(0)), tolerance = 1e-4)
  expect_identical(moved$direction == cuts$direction, rep(FALSE, nrow(cuts)))
  # Anchors move the cutpoints too; their errors are then relative to these.
  anchored <- cutpoints(rotate(fit, anchors = c("3" = 1, "8" = -1)))
  map <- function(x) 1 - 2 * (x - fit$estimates$estimate[[3]]) / diff(fit$estimates$estimate[c(3, 8)])
  expect_equal(anchored$cutpoint, map(cuts$cutpoint))
})

test_that("intervals are bounded where the discrimination differs from 0", {
  fit <- small_fit()
  cuts <- cutpoints(fit)
  excludes_0 <- abs(cuts$discrimination) > qnorm(0.975) * tidy(fit, "items")$std.error[fit$items$term == "discrimination"]
  expect_identical(is.finite(cuts$conf.low) & is.finite(cuts$conf.high), excludes_0)
  expect_identical(is.na(cuts$std.error), !excludes_0)
  expect_true(all(cuts$conf.low < cuts$cutpoint & cuts$cutpoint < cuts$conf.high))
  none <- cutpoints(vae_irt(small_truth()$responses, seed = 1, control = vae_control(threads = 1, std_errors = "none")))
  expect_true(all(is.na(none$std.error) & is.na(none$conf.low) & is.na(none$conf.high)))
})

test_that("limits of a ratio solve their equation", {
  covariance <- list(discrimination = c(0.04, 1), difficulty = c(0.09, 1), both = c(0.02, 0.5))
  limits <- ratio_limits(c(1, 1), c(2, 0.1), covariance, 0.9)
  test <- function(k) (1 - 2 * k)^2 / (0.09 - 2 * k * 0.02 + k^2 * 0.04)
  expect_equal(c(test(limits$low[1]), test(limits$high[1])), rep(qnorm(0.95)^2, 2))
  expect_equal(limits$low[2], -Inf)
  # The delta method against draws from a narrow distribution.
  narrow <- lapply(covariance, `*`, 1e-4)
  root <- chol(1e-4 * matrix(c(0.04, 0.02, 0.02, 0.09), 2))
  draws <- withr::with_seed(1, matrix(rnorm(2e5), ncol = 2) %*% root)
  spread <- sd((1 + draws[, 2]) / (2 + draws[, 1]))
  expect_equal(ratio_limits(1, 2, lapply(narrow, `[`, 1), 0.95)$sd, spread, tolerance = 0.02)
})

test_that("the Senate is cut where a long chain cuts it", {
  fit <- senate_fit_of_chain()
  cuts <- cutpoints(fit)
  expect_true(all(c("question", "bill", "date") %in% names(cuts)))
  chain <- utils::read.csv(test_path("senate_mcmc_items.csv"))
  part <- function(term) {
    own <- chain[chain$term == term, ]
    own$mean[match(cuts$item, own$item)]
  }
  ours <- (cuts$cutpoint - fit$parameters$traits$mean) / fit$parameters$traits$sd
  theirs <- part("difficulty") / part("discrimination")
  certain <- is.finite(cuts$conf.low)
  expect_gt(sum(certain), 440)
  expect_gt(cor(ours[certain], theirs[certain]), 0.998)
  expect_lt(median(abs(ours - theirs)[certain] / cuts$std.error[certain]), 0.15)
  expect_identical(cuts$direction == "above", part("discrimination") > 0 | !certain & cuts$discrimination > 0)
})

test_that("intervals of cutpoints cover the truth", {
  skip_on_cran()
  covered <- lapply(1:8, function(s) {
    truth <- simulate_irt(200, 40, seed = s)
    cuts <- cutpoints(vae_irt(truth$responses, seed = 1))
    true <- by_row(truth$items, 2)[match(cuts$item, unique(truth$items$item)), ]
    sign <- sign(sum(true[, 1] * cuts$discrimination))
    cut <- sign * true[, 2] / true[, 1]
    cuts$conf.low <= cut & cut <= cuts$conf.high
  })
  expect_gt(mean(unlist(covered)), 0.92)
  expect_lt(mean(unlist(covered)), 0.98)
})

test_that("the options of a nominal item are each compared with the reference", {
  fit <- nominal_fit()
  cuts <- cutpoints(fit)
  expect_identical(nrow(cuts), 80L)
  expect_identical(cuts$response[1:2], c("1", "2"))
  expect_identical(unique(cuts$reference), "0")
  counts <- table(nominal_truth()$responses[, 1])
  expect_identical(c(cuts$n_reference[[1]], cuts$n_response[1:2]), as.vector(counts))
  for (k in c(1, 2, 80)) {
    shares <- response_functions(fit)[[match(cuts$item[[k]], fit$catalogue$item)]](matrix(cuts$cutpoint[[k]]))
    expect_equal(shares[[match(cuts$response[[k]], c("0", "1", "2"))]], shares[[1]])
  }
})

test_that("cutting lines are where both options are equally probable", {
  fit <- planar_fit()
  cuts <- cutpoints(fit)
  items <- by_row(fit$items, 3)
  eta <- function(x, y) x * items[, 1] + y * items[, 2] - items[, 3]
  angle <- cuts$angle * pi / 180
  for (t in c(0, -1, 2.5)) {
    expect_equal(eta(cuts$midpoint_1 + t * cos(angle), cuts$midpoint_2 + t * sin(angle)), rep(0, nrow(cuts)))
  }
  expect_equal(eta(cuts$midpoint_1 + cuts$normal_1, cuts$midpoint_2 + cuts$normal_2), cuts$discrimination)
  expect_true(all(cuts$discrimination > 0))
  expect_equal(cuts$normal_1^2 + cuts$normal_2^2, rep(1, nrow(cuts)))
  # The midpoint is the foot of the normal.
  expect_equal(cuts$midpoint_1 * cos(angle) + cuts$midpoint_2 * sin(angle), rep(0, nrow(cuts)))
  swapped <- cutpoints(fit, c(2, 1))
  expect_equal(swapped$midpoint_1, cuts$midpoint_2)
  expect_equal(swapped$angle, (90 - cuts$angle) %% 180)
})

test_that("angles are those of the line with the first axis", {
  values <- rbind(c(1, 0), c(0, 1), c(1, 1), c(1, -1), c(-1, -1), c(-1, 0), c(0, -2))
  fit <- list(dims = 2L, parameters = list(items = list(values = cbind(values, 1))))
  lines <- cutting_lines(fit, 1:2)
  expect_equal(lines$angle, c(90, 0, 135, 45, 135, 90, 0))
  expect_equal(lines$midpoint_2, c(0, 1, 0.5, -0.5, -0.5, 0, -0.5))
})

test_that("what is no plane is an error", {
  expect_snapshot(error = TRUE, {
    cutpoints(small_fit(), 2)
    cutpoints(planar_fit(), 1)
    cutpoints(planar_fit(), c(1, 3))
    cutpoints(planar_fit(), c(1, 1))
    cutpoints("fit")
  })
})
