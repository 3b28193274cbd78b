# Fixed positions of 30 members of two parties, and what other estimators might make of them.
chamber <- function(dims = 1) {
  k <- 1:30
  positions <- cbind(qnorm(k / 31) + 0.8 * sign(k - 15.5), sin(7 * k))[, seq_len(dims), drop = FALSE]
  rownames(positions) <- sprintf("MEMBER %02d", k)
  positions
}
as_published <- function(positions, se = NA) {
  n <- nrow(positions)
  row <- rep(seq_len(n), each = ncol(positions))
  data.frame(
    respondent = rownames(positions)[row], party = ifelse(row <= 15, "D", "R"), dimension = seq_len(ncol(positions)),
    estimate = as.vector(t(positions)), std.error = se
  )
}
shaken <- function(by, curve = 0) {
  x <- chamber()
  x + by * cos(11 * seq_along(x)) + curve * x^3
}

test_that("a fit on another scale agrees perfectly once it is aligned", {
  ours <- as_published(chamber(), 0.2)
  theirs <- as_published(3 - 4 * chamber(), 0.2)
  theirs$conf.low <- theirs$estimate - 0.3
  theirs$conf.high <- theirs$estimate + 0.7
  compared <- compare_ideal_points(ours, theirs)
  expect_identical(c(compared$x, compared$y, compared$group), c("ours", "theirs", "all"))
  expect_equal(c(compared$pearson, compared$spearman, compared$rmsd, compared$n), c(1, 1, 0, 30))
  points <- ideal_points(compared)
  ours <- points[points$fit == "ours", ]
  theirs <- points[points$fit == "theirs", ]
  expect_equal(c(mean(ours$estimate), sd(ours$estimate)), c(0, 1))
  expect_equal(theirs$estimate, ours$estimate)
  scale <- sd(chamber())
  expect_equal(ours$std.error, rep(0.2 / scale, 30))
  expect_equal(theirs$std.error, rep(0.2 / (4 * scale), 30))
  # The axis is turned, and the long side of the interval with it.
  expect_equal(theirs$conf.low, theirs$estimate - 0.7 / (4 * scale))
  expect_equal(theirs$conf.high, theirs$estimate + 0.3 / (4 * scale))
})

test_that("agreement is that of the aligned points, over all and within groups", {
  compared <- compare_ideal_points(a = as_published(chamber()), b = shaken(0.3)[, 1], group = party)
  points <- ideal_points(compared)
  expect_named(
    points,
    c("fit", "respondent", "party", "dimension", "estimate", "std.error", "conf.low", "conf.high", "difference")
  )
  a <- as.vector(scale(chamber()))
  b <- as.vector(scale(shaken(0.3)))
  expect_equal(points$estimate, c(a, b))
  expect_equal(points$difference, c(rep(0, 30), b - a))
  expect_identical(compared$group, c("all", "D", "R"))
  expect_equal(compared$n, c(30, 15, 15))
  expect_equal(compared$rmsd, sqrt(c(mean((a - b)^2), mean((a - b)[1:15]^2), mean((a - b)[16:30]^2))))
  expect_equal(compared$pearson, c(cor(a, b), cor(a[1:15], b[1:15]), cor(a[16:30], b[16:30])))
  expect_equal(compared$spearman[2], cor(a[1:15], b[1:15], method = "spearman"))
})

test_that("several dimensions are rotated, not stretched", {
  turn <- matrix(c(0.6, 0.8, -0.8, 0.6), 2)
  rownames(turn) <- NULL
  theirs <- sweep(-2 * chamber(2) %*% turn, 2, c(1, 5), "+")
  compared <- compare_ideal_points(
    ours = as_published(chamber(2), 0.1), theirs = as_published(theirs, rep(c(0.1, 0.2), 30))
  )
  expect_identical(compared$dimension, 1:2)
  expect_equal(compared$rmsd, c(0, 0))
  points <- ideal_points(compared)
  ours <- by_row(points[points$fit == "ours", ], 2)
  expect_equal(c(mean(apply(ours, 2, var)), colMeans(ours)), c(1, 0, 0))
  ratio <- apply(ours, 2, sd) / apply(chamber(2), 2, sd)
  expect_equal(ratio[[1]], ratio[[2]])
  # The errors of independent dimensions turn with them.
  expect_equal(points$std.error[61:62], ratio[[1]] / 2 * sqrt(c(0.1^2, 0.2^2) %*% turn^2)[1, ])
})

test_that("respondents without a counterpart are counted and have no difference", {
  theirs <- rbind(chamber()[5:30, , drop = FALSE], stranger = 0)
  theirs["MEMBER 07", ] <- NA
  expect_snapshot(compared <- compare_ideal_points(ours = chamber(), theirs = theirs))
  expect_identical(compared$n, 25L)
  expect_equal(compared$pearson, 1)
  points <- ideal_points(compared)
  expect_identical(points$respondent[points$fit == "theirs" & is.na(points$difference)], c("MEMBER 07", "stranger"))
  expect_equal(points$estimate[points$respondent == "MEMBER 20"], rep(((chamber() - mean(chamber())) / sd(chamber()))[20], 2))
})

test_that("the reference sets the scale, by number or name", {
  fits <- list(first = chamber(), second = shaken(0.5), third = 10 + 5 * shaken(0.2))
  by_name <- do.call(compare_ideal_points, c(fits, reference = "third"))
  expect_identical(attr(by_name, "reference"), "third")
  expect_equal(by_name, do.call(compare_ideal_points, c(fits, reference = 3)))
  expect_identical(by_name$x, c("first", "first", "second"))
  points <- ideal_points(by_name)
  expect_equal(sd(points$estimate[points$fit == "third"]), 1)
  expect_true(all(points$difference[points$fit == "third"] == 0))
  # Without names: variables have theirs, all else that of its class.
  scores <- chamber()
  expect_identical(compare_ideal_points(scores, shaken(0.1), shaken(0.2))$y, c("matrix", "matrix 1", "matrix 1"))
  expect_identical(unique(ideal_points(compare_ideal_points(scores, new = shaken(0.1)))$fit), c("scores", "new"))
})

test_that("periods are compared with the same periods", {
  court <- data.frame(respondent = rep(c("a", "b", "c"), each = 3), period = 1:3, estimate = c(1, 2, 3, 5, 4, 0, 0, 1, 2))
  other <- court[c(9:1), ]
  other$estimate <- 1 - 2 * other$estimate
  compared <- compare_ideal_points(court, other)
  expect_equal(c(compared$n, compared$rmsd), c(9, 0))
  expect_identical(ideal_points(compared)$period, c(rep(1:3, 3), rep(3:1, 3)))
  expect_error(compare_ideal_points(court, chamber()), class = "vaeirt_error_argument")
})

test_that("fits with more dimensions are compared on their first", {
  expect_message(compared <- compare_ideal_points(line = shaken(0.1), plane = chamber(2)), "the first dimension,")
  expect_identical(compared$dimension, 1L)
  expect_equal(compared$pearson, cor(shaken(0.1)[, 1], chamber(2)[, 1]))
})

test_that("who differs most comes first", {
  theirs <- chamber()[, 1]
  theirs[c(3, 20)] <- theirs[c(3, 20)] + c(0.5, -1)
  found <- summary(compare_ideal_points(ours = as_published(chamber()), theirs, group = party), n = 2)
  expect_identical(found$respondent, c("MEMBER 20", "MEMBER 03"))
  expect_identical(found$party, c("R", "D"))
  expect_equal(found$difference, found$estimate_y - found$estimate_x)
  expect_equal(found$rank_x, c(20, 3))
  expect_equal(found$rank_y, unname(rank(theirs))[c(20, 3)])
})

test_that("our fit of the Senate agrees with a long chain of MCMC", {
  chain <- ideal_points(utils::read.csv(test_path("senate_mcmc.csv")), estimate = mean, std.error = sd)
  compared <- compare_ideal_points(ours = senate_fit_of_chain(), chain = chain, group = party)
  expect_true(all(compared$pearson[compared$group != "Indep"] > 0.998))
  expect_lt(compared$rmsd[1], 0.03)
  points <- ideal_points(compared)
  ratio <- points$std.error[points$fit == "ours"] / points$std.error[points$fit == "chain"]
  expect_lt(abs(median(ratio) - 1), 0.1)
})

test_that("a comparison is printed as a table", {
  expect_snapshot({
    compare_ideal_points(ours = as_published(chamber()), theirs = -shaken(0.3), group = party)
    compare_ideal_points(
      a = chamber(2) + shaken(0.2)[, 1], b = chamber(2)[, 2:1], c = chamber(2) + cbind(shaken(0.4)[, 1], 0), reference = "b"
    )
  })
  expect_output(print(compare_ideal_points(chamber(), shaken(0.2))["pearson"]), "A tibble: 1")
})

test_that("what cannot be compared is an error", {
  scores <- chamber()
  expect_snapshot(error = TRUE, {
    compare_ideal_points(scores)
    compare_ideal_points(scores, lm(1 ~ 1))
    compare_ideal_points(a = scores, a = scores)
    compare_ideal_points(scores, c(ann = 1, bob = 2, cat = 0))
    compare_ideal_points(scores, scores[1:3, ])
    compare_ideal_points(scores, 0 * scores)
    compare_ideal_points(scores, shaken(1), reference = 3)
    compare_ideal_points(scores, shaken(1), reference = "their")
    compare_ideal_points(scores, shaken(1), group = party)
    compare_ideal_points(transform(as_published(scores), state = 1), shaken(1), group = c(party, state))
    summary(compare_ideal_points(scores, shaken(1)), n = 0)
    autoplot(compare_ideal_points(scores, shaken(1)), dimension = 2)
  })
})

test_that("the figure has a panel per pair, with the most different named", {
  compared <- compare_ideal_points(a = as_published(chamber()), b = shaken(0.3), c = shaken(0.1, 0.1), group = party)
  plot <- autoplot(compared, n_labels = 2)
  points <- ggplot2::layer_data(plot, 3)
  expect_identical(nrow(points), 90L)
  expect_identical(length(unique(points$PANEL)), 3L)
  expect_identical(sort(unique(points$colour)), c("#0072B2", "#D55E00"))
  names <- ggplot2::layer_data(plot, 4)
  names <- names$label[names$PANEL == names$PANEL[[1]] & names$label != ""]
  expect_identical(sort(names), sort(summary(compared, 2)$respondent[1:2]))
  expect_identical(sum(ggplot2::layer_data(autoplot(compared, n_labels = 0), 4)$label != ""), 0L)
  many <- stats::setNames(seq_len(2500), paste0("voter ", seq_len(2500)))
  plot <- autoplot(compare_ideal_points(many, rev(sqrt(many))), n_labels = 4)
  expect_identical(nrow(ggplot2::layer_data(plot, 4)), 4L)
  # Members without a party are drawn too.
  some <- as_published(chamber())
  some$party[1:4] <- c(NA, NA, "", " ")
  plot <- autoplot(compare_ideal_points(some, shaken(0.3), group = party))
  expect_identical(sum(ggplot2::layer_data(plot, 3)$colour == faint), 4L)
  expect_identical(levels(plot$data$group), c("D", "R", "(missing)"))
})

test_that("the figures look as they did", {
  skip_if_not_installed("vdiffr")
  ours <- as_published(chamber())
  two <- compare_ideal_points(vaeirt = ours, ideal = shaken(0.05), group = party)
  three <- compare_ideal_points(vaeirt = chamber(), ideal = shaken(0.05), expert = shaken(0.3))
  four <- compare_ideal_points(
    vaeirt = ours, ideal = shaken(0.05), wnominate = shaken(0.1, -0.04), oc = shaken(0.5), group = party
  )
  vdiffr::expect_doppelganger("comparison of two fits", autoplot(two))
  vdiffr::expect_doppelganger("comparison of three fits", autoplot(three))
  vdiffr::expect_doppelganger("comparison of four fits", autoplot(four))
})

test_that("standard errors in a comparison are not those of the axes that a fit had", {
  skip_on_cran()
  # Three axes that explain nearly the same.
  truth <- simulate_irt(300, 60, dims = 3, seed = 8)
  fit <- vae_irt(truth$responses, dims = 3, seed = 1)
  points <- ideal_points(compare_ideal_points(truth = truth$respondents, fit = fit))
  fitted <- points[points$fit == "fit", ]
  true <- points[points$fit == "truth", ]
  error <- (fitted$estimate - true$estimate) / fitted$std.error
  expect_gt(sd(error), 0.85)
  expect_lt(sd(error), 1.15)
})
