columns <- c("estimate", "std.error", "conf.low", "conf.high")

test_that("the ideal points of our fits are those of tidy()", {
  fit <- senate_fit()
  points <- ideal_points(fit, scale = "normalised", conf.level = 0.8)
  expect_equal(points[columns], tidy(fit, scale = "normalised", conf.level = 0.8)[columns])
  expect_identical(setdiff(names(points), names(senate()$legis.data)), c("respondent", "dimension", columns))
  expect_identical(points$party, senate()$legis.data$party)
})

test_that("draws of ideal() are taken relative to each other", {
  truth <- matrix(qnorm(1:40 / 41), dimnames = list(paste0("m", 1:40), "D1"))
  draws <- wandering_draws(truth, 400, 0.1)
  draws[draws[, 40, 1] < draws[, 1, 1], , ] <- -draws[draws[, 40, 1] < draws[, 1, 1], , ]
  fit <- structure(list(n = 40, d = 1, x = draws, xbar = apply(draws, 2:3, mean)), class = "ideal")
  points <- ideal_points(fit, conf.level = 0.9)
  normalised <- t(apply(draws[, , 1], 1, function(x) (x - mean(x)) / sd(x)))
  expect_identical(points$respondent, rownames(truth))
  expect_equal(points$std.error / sd(points$estimate), unname(apply(normalised, 2, sd) / sd(colMeans(normalised))))
  expect_equal(cor(points$estimate, colMeans(normalised)), 1)
  expect_equal(c(mean(points$estimate), sd(points$estimate)), c(mean(fit$xbar), sd(fit$xbar)))
  expect_equal(
    (points$conf.high - points$conf.low) / points$std.error,
    unname(apply(normalised, 2, function(x) diff(quantile(x, c(0.05, 0.95)))) / apply(normalised, 2, sd))
  )
  raw <- ideal_points(fit, align_draws = FALSE)
  expect_equal(raw$estimate, unname(fit$xbar[, 1]))
  expect_equal(raw$std.error, unname(apply(draws[, , 1], 2, sd)))
  expect_gt(median(raw$std.error / points$std.error), 2)
})

test_that("draws in several dimensions are rotated to each other", {
  truth <- cbind(qnorm(1:50 / 51), sin(1:50))
  rownames(truth) <- paste0("m", 1:50)
  draws <- wandering_draws(truth, 300, 0.05)
  fit <- structure(list(n = 50, d = 2, x = draws, xbar = draws[1, , ]), class = "ideal")
  points <- ideal_points(fit)
  expect_identical(points$dimension, rep(1:2, 50))
  found <- by_row(points, 2)
  map <- procrustes(found, truth)
  expect_equal(apply_map(found, map), truth, tolerance = 0.01, ignore_attr = TRUE)
  expect_equal(mean(points$std.error) * map$scale, 0.05, tolerance = 0.05)
  expect_equal(found, draws[1, , ], tolerance = 0.1, ignore_attr = TRUE)
})

test_that("fits of pscl are read", {
  skip_if_not_installed("pscl")
  votes <- senate()
  capture.output(
    fit <- suppressWarnings(pscl::ideal(votes, maxiter = 60, burnin = 10, thin = 5, normalize = TRUE))
  )
  points <- ideal_points(fit, align_draws = FALSE)
  expect_identical(points$respondent, rownames(votes$votes))
  expect_equal(points$estimate, unname(fit$xbar[, 1]))
  expect_equal(points$std.error, unname(apply(fit$x[, , 1], 2, sd)))
  expect_gt(abs(cor(points$estimate, ideal_points(senate_fit())$estimate)), 0.98)
})

test_that("fits of MCMCpack are read, in one dimension, in several and by period", {
  skip_if_not_installed("MCMCpack")
  votes <- small_truth()$responses[1:12, ]
  rownames(votes) <- paste0("Smith.", 1:12)
  line <- MCMCpack::MCMCirt1d(votes, burnin = 10, mcmc = 20, store.item = TRUE, seed = 1)
  points <- ideal_points(line, align_draws = FALSE)
  expect_identical(points$respondent, rownames(votes))
  expect_equal(points$estimate, unname(colMeans(unclass(line)[, 1:12])))
  expect_equal(points$conf.low, unname(apply(unclass(line)[, 1:12], 2, quantile, 0.025)))

  plane <- suppressWarnings(
    MCMCpack::MCMCirtKd(votes, dimensions = 2, burnin = 10, mcmc = 20, store.ability = TRUE, store.item = TRUE, seed = 1)
  )
  points <- ideal_points(plane, align_draws = FALSE)
  expect_identical(points$respondent, rep(rownames(votes), each = 2))
  second <- colMeans(unclass(plane)[, paste0("theta.Smith.", 1:12, ".2")])
  expect_equal(points$estimate[points$dimension == 2], unname(second))

  court <- new.env()
  utils::data("Rehnquist", package = "MCMCpack", envir = court)
  periods <- MCMCpack::MCMCdynamicIRT1d(
    t(court$Rehnquist[, 1:9]), item.time.map = court$Rehnquist$time, theta.start = c(0, -3, 0, 0, 0, 0, 2, 0, 0), mcmc = 20,
    burnin = 10, verbose = 0, tau2.start = rep(0.1, 9), a0 = 0, A0 = 1, b0 = 0, B0 = 1, c0 = -1, d0 = -1, e0 = 0, E0 = 1,
    store.item = FALSE, theta.constraints = list(Stevens = "-", Thomas = "+")
  )
  points <- ideal_points(periods, align_draws = FALSE)
  expect_identical(points$respondent, rep(colnames(court$Rehnquist)[1:9], each = 11))
  expect_identical(points$period, rep(1:11, 9))
  expect_equal(points$estimate[points$respondent == "Scalia" & points$period == 4], mean(periods[, "theta.Scalia.t4"]))
})

test_that("what the columns of MCMCpack mean does not depend on the title alone", {
  expect_identical(read_theta(c("a.1", "b.2", "c.2"), NULL)$respondent, c("a.1", "b.2", "c.2"))
  expect_identical(read_theta(c("a.1", "a.2", "b.1", "b.2"), NULL)$dimension, c(1:2, 1:2))
  expect_identical(read_theta(c("a.1", "a.2"), "MCMCirt1d Posterior Sample")$respondent, c("a.1", "a.2"))
  expect_identical(read_theta(c("a.1", "b.1"), NULL)$respondent, c("a", "b"))
})

test_that("fits of wnominate and oc are read with their legislators", {
  points <- ideal_points(made_up_wnominate(), conf.level = 0.9)
  expect_named(
    points,
    c("respondent", "dimension", columns, "state", "icpsrState", "cd", "icpsrLegis", "party", "partyCode")
  )
  expect_identical(points$respondent, rep(members, each = 2))
  expect_equal(points$estimate[1:4], c(0.9, 0.1, -0.8, 0.3))
  expect_equal(points$std.error[1:4], c(0.05, 0.1, 0.04, 0.2))
  expect_equal(points$conf.high[1], 0.9 + qnorm(0.95) * 0.05)
  expect_true(all(is.na(points[13:14, columns])))
  expect_true(all(is.na(ideal_points(made_up_wnominate(bootstrapped = FALSE))$std.error)))
  ranks <- ideal_points(made_up_oc())
  expect_equal(ranks$estimate, made_up_oc()$legislators$rank)
  expect_true(all(is.na(ranks$conf.low)))
})

test_that("fits of emIRT are read", {
  points <- ideal_points(made_up_binirt())
  expect_identical(points$respondent, members)
  expect_equal(points$std.error, rep(0.2, 7))
  expect_equal(ideal_points(made_up_binirt(2))$std.error, rep(c(0.2, 0.3), 7))
  expect_equal(ideal_points(made_up_binirt(bootstrap = list(x = 1:7 / 10)))$std.error, 1:7 / 10)
  expect_identical(ideal_points(made_up_ordirt())$respondent, c("1", "2", "3", "4"))
  expect_equal(ideal_points(made_up_ordirt(), respondents = letters[1:4])$estimate, c(0.5, -0.2, 1, -1))
  expect_identical(ideal_points(made_up_ordirt(), respondents = letters[1:4])$respondent, letters[1:4])
  points <- ideal_points(made_up_hierirt())
  expect_equal(points$estimate, c(0.5, -0.2, 1))
  expect_true(all(is.na(points$std.error)))
  expect_equal(ideal_points(made_up_hierirt(list(x_implied = 1:3 / 10)))$std.error, 1:3 / 10)
  points <- ideal_points(made_up_dynirt())
  expect_identical(points$respondent, c("Black", "Black", rep("Frankfurter", 3), "Harlan"))
  expect_identical(points$period, c(1:2, 1:3, 3L))
  expect_equal(points$estimate, c(-1, -1.1, 0.2, 0.4, 0.5, 0.9))
  expect_equal(points$std.error, rep(0.1, 6))
})

test_that("scores of mirt are read from their matrix", {
  points <- ideal_points(made_up_scores())
  expect_identical(points$respondent, rep(c("1", "2", "3", "4"), each = 2))
  expect_equal(points$estimate[5:8], c(-1, 0, 2, 1))
  expect_equal(points$std.error[5:8], c(0.4, 0.2, 0.5, 0.2))
  expect_true(all(is.na(points[3:4, columns])))
})

test_that("a model of mirt is scored", {
  skip_if_not_installed("mirt")
  votes <- small_truth()$responses
  rownames(votes) <- paste("voter", seq_len(nrow(votes)))
  fit <- mirt::mirt(as.data.frame(votes), 1, verbose = FALSE)
  points <- ideal_points(fit, method = "MAP", respondents = rownames(votes))
  scores <- mirt::fscores(fit, method = "MAP", full.scores.SE = TRUE)
  expect_identical(points$respondent, rownames(votes))
  expect_equal(points$estimate, unname(scores[, "F1"]))
  expect_equal(points$std.error, unname(scores[, "SE_F1"]))
})

test_that("published scores are read from data frames", {
  voteview <- data.frame(
    icpsr = c(14066, 1e5, 14009), bioname = c("YOUNG", "COCHRAN", "ABREU"), nominate_dim1 = c(0.3, 0.4, -0.5),
    nominate_dim2 = c(0, -0.3, 0.1), party_code = c(200, 200, 100)
  )
  points <- ideal_points(voteview, respondent = icpsr, estimate = c(nominate_dim1, nominate_dim2))
  expect_identical(points$respondent, rep(c("14066", "100000", "14009"), each = 2))
  expect_equal(points$estimate, c(0.3, 0, 0.4, -0.3, -0.5, 0.1))
  expect_named(points, c("respondent", "dimension", columns, "bioname", "party_code"))

  long <- data.frame(
    dimension = c(2, 1, 2, 1), respondent = c("b", "b", "a", "a"), estimate = 1:4, std.error = c(1, 1, 2, 2), party = "D"
  )
  points <- ideal_points(long, conf.level = 0.5)
  expect_identical(points$respondent, c("b", "b", "a", "a"))
  expect_identical(points$dimension, c(1L, 2L, 1L, 2L))
  expect_equal(points$estimate, c(2, 1, 4, 3))
  expect_equal(points$conf.low, points$estimate - qnorm(0.75) * points$std.error)
  expect_equal(ideal_points(points), points)
  expect_equal(ideal_points(ideal_points(made_up_dynirt())), ideal_points(made_up_dynirt()))
})

test_that("vectors and matrices are positions", {
  points <- ideal_points(c(ann = -1, bob = 2))
  expect_identical(points$respondent, c("ann", "bob"))
  expect_equal(points$estimate, c(-1, 2))
  expect_equal(ideal_points(1:2, respondents = c("x", "y"))$respondent, c("x", "y"))
  expect_identical(ideal_points(matrix(1:4, 2))$dimension, c(1L, 2L, 1L, 2L))
})

test_that("what has no ideal points is an error that says what has", {
  expect_snapshot(error = TRUE, {
    ideal_points(structure(list(), class = "networkIRT"))
    ideal_points("scores.csv")
    ideal_points(structure(matrix(0, 2, 2, dimnames = list(NULL, c("alpha.1", "beta.1"))), class = "mcmc"))
    ideal_points(structure(list(), class = "ideal"))
    ideal_points(data.frame(name = "ann", score = 1))
    ideal_points(data.frame(respondent = c("ann", "ann"), estimate = 1:2))
    ideal_points(data.frame(respondent = "ann", estimate = "high"))
    ideal_points(data.frame(respondent = "ann", estimate = 1, dimension = 1.5))
    ideal_points(data.frame(respondent = "ann", estimate = 1, se = 1), std.error = c(estimate, se))
    ideal_points(matrix("a"))
    ideal_points(c(a = 1, a = 2))
    ideal_points(1:3, respondents = c("a", "b"))
    ideal_points(small_fit(), scales = "prior")
    ideal_points(small_fit(), conf.level = 95)
  })
})

test_that("errors and intervals of one column are not those of another", {
  table <- tidy(small_fit())
  table$expert <- round(table$estimate)
  other <- ideal_points(table, estimate = expert)
  expect_identical(other$estimate, table$expert)
  expect_true(all(is.na(other$std.error) & is.na(other$conf.low) & is.na(other$conf.high)))
  own <- ideal_points(table)
  expect_identical(own[c("std.error", "conf.low")], table[c("std.error", "conf.low")])
})
