test_that("a rotated fit predicts the same and scores on the new axes", {
  fit <- planar_fit()
  votes <- planar_truth()$responses[1:30, ]
  before <- predict(fit, votes, type = "prob")
  target <- by_row(planar_truth()$respondents, 2)
  fits <- list(
    rotate(fit, "varimax"), rotate(fit, "promax"), rotate(fit, "procrustes", target = target),
    rotate(fit, anchors = matrix(c(-1, 1, 0, 0, 0, 2), 3, dimnames = list(c("1", "5", "9"), NULL)))
  )
  for (rotated in fits) {
    # They are averages over the items, whose covariances were found anew.
    expect_equal(predict(rotated, votes, type = "prob")$.prob, before$.prob, tolerance = 1e-4)
    expect_equal(at_estimates(rotated)$.prob, at_estimates(fit)$.prob, tolerance = 1e-6)
    expect_equal(predict(rotated, votes)$estimate, rotated$estimates$estimate[1:60], tolerance = 1e-6)
    expect_false(anyNA(rotated$items$std.error))
  }
  # Varimax and Procrustes are orthogonal, promax keeps unit variances.
  total <- function(fit) sum(fit$estimates$estimate^2)
  expect_equal(total(fits[[1]]), total(fit), tolerance = 1e-6)
  expect_equal(total(fits[[3]]), total(fit), tolerance = 1e-6)
  expect_gt(min(diag(cor(by_row(fits[[3]]$estimates, 2), target))), 0.9)
})

test_that("anchors are where they are asked to be", {
  fit <- small_fit()
  anchored <- rotate(fit, anchors = c("3" = -1, "8" = 1))
  expect_equal(anchored$estimates$estimate[c(3, 8)], c(-1, 1), tolerance = 1e-8)
  scale <- 2 / diff(fit$estimates$estimate[c(3, 8)])
  expect_equal(abs(by_row(anchored$items, 2)[, 1] * scale), abs(by_row(fit$items, 2)[, 1]), tolerance = 1e-6)
})

test_that("oblimin and target rotations are those of GPArotation", {
  skip_if_not_installed("GPArotation")
  fit <- planar_fit()
  gamma <- by_row(fit$items, 3)[, 1:2]
  for (normalize in c(TRUE, FALSE)) {
    oblimin <- if (normalize) rotate(fit, "oblimin") else rotate(fit, "oblimin", normalize = FALSE)
    expected <- unclass(GPArotation::oblimin(gamma, normalize = normalize)$loadings)
    expect_equal(by_row(oblimin$items, 3)[, 1:2], expected, tolerance = 1e-3, ignore_attr = TRUE)
  }
  target <- gamma %*% matrix(c(0.6, 0.8, -0.8, 0.6), 2)
  target[1:5, ] <- NA
  turned <- rotate(fit, "target", target = target)
  expect_equal(by_row(turned$items, 3)[-(1:5), 1:2], target[-(1:5), ], tolerance = 1e-3)
})

test_that("the axes of a rotation do not depend on the references", {
  fit <- spatial_nominal_fit()
  gamma <- by_row(fit$items, 4)[, 1:3]
  # All five options of every item with another one as the reference, and less their mean.
  all <- do.call(rbind, lapply(1:30, function(j) scale(rbind(0, gamma[4 * (j - 1) + 1:4, ]), scale = FALSE)))
  expected <- by_row(fit$estimates, 3) %*% stats::varimax(all)$rotmat
  expect_equal(by_row(rotate(fit, "varimax")$estimates, 3), expected, tolerance = 1e-6)
  other <- fit
  other$items$estimate <- as.vector(t(cbind(all[rep(1:5, 30) != 3, ] - all[rep(5 * (0:29) + 3, each = 4), ], 0)))
  for (method in c("varimax", "promax", if (requireNamespace("GPArotation", quietly = TRUE)) "oblimin")) {
    expect_equal(rotate(other, method)$estimates, rotate(fit, method)$estimates, tolerance = 1e-6)
  }
})

test_that("oblimin finds the way where discriminations are large", {
  skip_if_not_installed("GPArotation")
  fit <- planar_fit()
  large <- fit
  large$items$estimate <- 30 * fit$items$estimate
  expect_equal(rotate(large, "oblimin")$estimates, rotate(fit, "oblimin")$estimates, tolerance = 1e-4)
})

test_that("after a rotation the axes count as chosen", {
  # Axes that explain nearly the same variance are hardly determined.
  fit <- planar_fit()
  aligned <- rotate(fit, "procrustes", target = fit$parameters$respondents$mean)
  expect_equal(aligned$estimates$estimate, fit$estimates$estimate, tolerance = 1e-6)
  expect_lt(mean(aligned$items$std.error), mean(fit$items$std.error))
})

test_that("what cannot be rotated is an error", {
  fit <- planar_fit()
  expect_snapshot(error = TRUE, {
    rotate(small_fit(), "varimax")
    rotate(fit, "procrustes")
    rotate(fit, "procrustes", target = matrix(0, 3, 2))
    rotate(fit, anchors = c("1" = 1))
    rotate(small_fit(), anchors = c(a = 1, "2" = 0))
    rotate(small_fit(), anchors = c("2" = 0))
    rotate(small_fit(), anchors = c("2" = 1, "3" = 1))
    rotate(fit, "varimax", anchors = c("1" = 1))
    rotate("fit")
  })
})

test_that("targets with names are matched by name", {
  fit <- planar_fit()
  positions <- fit$parameters$respondents$mean %*% matrix(c(0, 1, -1, 0), 2)
  expected <- rotate(fit, "procrustes", target = unname(positions))$estimates
  expect_equal(rotate(fit, "procrustes", target = positions[rev(seq_len(nrow(positions))), ])$estimates, expected)
  expect_equal(
    rotate(fit, "procrustes", target = positions[sample(nrow(positions), 500), ])$estimates, expected,
    tolerance = 1e-6
  )
  loadings <- coef(fit, "items")[, 1:2]
  skip_if_not_installed("GPArotation")
  expect_equal(
    rotate(fit, "target", target = loadings[rev(seq_len(nrow(loadings))), ])$items,
    rotate(fit, "target", target = unname(loadings))$items
  )
})

test_that("standard errors are relative to the anchors", {
  skip_if_not_installed("posterior")
  # Well known, so that a ratio of differences is nearly linear.
  fit <- vae_irt(simulate_irt(100, 400, seed = 2)$responses, seed = 1)
  drawn <- t(as.matrix(posterior::as_draws_df(fit, n = 4000))[, seq_len(100)])
  points <- fit$estimates$estimate
  ends <- order(points)[c(8, 93)]
  # Every draw taken to the anchors by itself, by least squares where they are three.
  for (rows in list(ends, c(ends, order(points)[[60]]))) {
    target <- points[rows] + c(-0.1, 0.1, 0.2)[seq_along(rows)]
    anchored <- rotate(fit, anchors = stats::setNames(target, fit$estimates$respondent[rows]))
    moved <- apply(drawn, 2, function(x) {
      map <- stats::lsfit(x[rows], target)$coefficients
      map[[1]] + map[[2]] * x
    })
    found <- anchored$estimates$std.error / unname(apply(moved, 1, sd))
    expect_equal(median(found[-rows]), 1, tolerance = 0.02)
    expect_gt(min(found[-rows]), 0.88)
    expect_lt(max(found[-rows]), 1.12)
    own <- anchored$estimates$std.error[rows]
    if (length(rows) == 2) expect_identical(own, c(0, 0)) else expect_equal(found[rows], rep(1, 3), tolerance = 0.1)
    expect_true(all(is.finite(anchored$items$std.error)))
  }
  # Where the items count as known, so does the map.
  conditional <- rotate(
    vae_irt(small_truth()$responses, seed = 1, control = vae_control(threads = 1, std_errors = "conditional")),
    anchors = stats::setNames(c(-1, 1), fit$estimates$respondent[ends])
  )
  expect_true(all(conditional$estimates$std.error > 0))
})

test_that("anchors in two dimensions are held, and cover the truth of the others", {
  skip_on_cran()
  covered <- vapply(1:6, function(s) {
    truth <- simulate_irt(200, 100, dims = 2, seed = s)
    true <- by_row(truth$respondents, 2)
    rownames(true) <- seq_len(200)
    anchors <- c(which.max(true[, 1]), which.max(true[, 2]), which.min(true[, 1] + true[, 2]))
    fit <- rotate(vae_irt(truth$responses, dims = 2, seed = 1), anchors = true[anchors, ])
    held <- fit$estimates$respondent %in% anchors
    expect_true(all(fit$estimates$std.error[held] == 0))
    known <- truth$items$estimate
    c(
      mean((fit$estimates$conf.low <= truth$respondents$estimate & truth$respondents$estimate <= fit$estimates$conf.high)[!held]),
      mean(fit$items$conf.low <= known & known <= fit$items$conf.high)
    )
  }, numeric(2))
  # They were .4 and .5.
  expect_gt(min(rowMeans(covered)), 0.86)
  expect_lt(max(rowMeans(covered)), 0.98)
})
