test_that("the figures look as they did", {
  skip_if_not_installed("vdiffr")
  line <- drawn_fit()
  plane <- drawn_fit(dims = 2)
  space <- drawn_fit(dims = 3, n_options = 3)
  picture <- vdiffr::expect_doppelganger
  picture("ideal points", autoplot(line))
  picture("ideal points by party", autoplot(line, colour = party, labels = FALSE))
  picture("ideal points with some names", autoplot(line, labels = c("Member 3", "Member 40", "Member 41")))
  picture("density", autoplot(line, "density"))
  picture("density by party", autoplot(line, "density", colour = party))
  picture("map", autoplot(plane, "map"))
  named <- c("Member 3", "Member 60")
  picture("map by party with names", autoplot(plane, "map", colour = party, labels = named, items = "Bill 5"))
  picture("items", autoplot(line, "items"))
  picture("items in three dimensions", autoplot(space, "items", items = c("Bill 1", "Bill 2")))
  picture("response curves", autoplot(line, "response_curves"))
  picture("response curves of three options", autoplot(space, "response_curves", dimension = 2, items = c("Bill 2", "Bill 3")))
  picture("training", autoplot(line, "training"))
  picture("pareto k", autoplot(space, "pareto_k"))
  picture("dimensions", autoplot(space, "dimensions"))
  scores <- tibble::tibble(dims = 1:3, difference = c(-0.03, 0, -0.004), std.error = c(0.004, 0, 0.002))
  picture("scores by dimension", autoplot(structure(scores, class = c("cv_dims", class(scores)))))
})

test_that("densities are averages of the posteriors and sum to one", {
  fit <- drawn_fit()
  curves <- ggplot2::layer_data(autoplot(fit, "density", colour = party))
  areas <- tapply(curves$y, curves$group, sum) * diff(sort(unique(curves$x)))[[1]]
  expect_equal(sum(areas), 1, tolerance = 1e-3)
  expect_equal(as.vector(areas), as.vector(table(fit$estimates$party)) / 60, tolerance = 1e-3)
  whole <- ggplot2::layer_data(autoplot(fit, "density"))
  at <- whole$x[[200]]
  expect_equal(whole$y[[200]], mean(stats::dnorm(at, fit$estimates$estimate, fit$estimates$std.error)))
})

test_that("densities have the spread of the population, however uncertain its location and axes", {
  fit <- spatial_nominal_fit()
  for (d in 1:3) {
    for (scale in c("prior", "normalised")) {
      curve <- ggplot2::layer_data(autoplot(fit, "density", dimension = d, scale = scale))
      height <- curve$y / sum(curve$y)
      center <- sum(height * curve$x)
      sd <- if (scale == "prior") 1 else 1 / fit$parameters$traits$sd[[d]]
      expect_equal(sqrt(sum(height * (curve$x - center)^2)), sd, tolerance = 0.01)
    }
  }
})

test_that("ideal points are drawn on either scale", {
  fit <- small_fit()
  for (scale in c("prior", "normalised")) {
    drawn <- ggplot2::layer_data(autoplot(fit, scale = scale), 1)
    table <- tidy(fit, scale = scale)
    expect_equal(drawn$x, table$conf.low[order(table$estimate)])
  }
  expect_error(autoplot(fit, scale = "raw"), class = "vaeirt_error_argument")
})

test_that("response curves are the model's and the points the data's", {
  fit <- small_fit()
  figure <- autoplot(fit, "response_curves", items = "7")
  curve <- ggplot2::layer_data(figure, 1)
  parameters <- coef(fit, "items")["7", ]
  expect_equal(curve$y, stats::plogis(parameters[[1]] * curve$x - parameters[[2]]))
  points <- ggplot2::layer_data(figure, 3)
  votes <- small_truth()$responses[, 7]
  # Ten groups of nearly the same size.
  expect_identical(nrow(points), 10L)
  expect_lt(abs(mean(points$y) - mean(votes, na.rm = TRUE)), 0.02)
  limits <- ggplot2::layer_data(figure, 2)
  expect_true(all(limits$ymin <= points$y & points$y <= limits$ymax))
  expect_equal(vaeirt:::wilson(8, 10)[c("low", "high")], as.list(stats::prop.test(8, 10, correct = FALSE)$conf.int) |>
    stats::setNames(c("low", "high")), ignore_attr = TRUE)
})

test_that("cutting lines divide the map where the options are equally probable", {
  fit <- drawn_fit(dims = 2)
  segments <- vaeirt:::cutting_segments(fit, c(1, 2), NULL, c(-2, 2), c(-2, 2))
  expect_identical(nrow(segments), 4L)
  for (i in seq_len(nrow(segments))) {
    parameters <- matrix(coef(fit, "items")[segments$label[[i]], ], 1)
    ends <- rbind(c(segments$x[[i]], segments$y[[i]]), c(segments$xend[[i]], segments$yend[[i]]))
    expect_equal(vaeirt:::option_probabilities(parameters, ends, "logit")[, 2], c(0.5, 0.5))
    arrow <- cbind(segments$arrow_xend[[i]], segments$arrow_yend[[i]])
    expect_gt(vaeirt:::option_probabilities(parameters, arrow, "logit")[, 2], 0.5)
  }
  expect_identical(nrow(vaeirt:::cutting_segments(fit, c(1, 2), character(), c(-2, 2), c(-2, 2))), 0L)
})

test_that("the explained variances are shares in their order", {
  shares <- vaeirt:::explained_variance(planar_fit())$share
  expect_equal(sum(shares), 1)
  expect_gt(shares[[1]], shares[[2]])
})

test_that("the explained variances do not depend on the units of the axes", {
  fit <- planar_fit()
  points <- coef(fit)[c("1", "5", "9", "13"), ]
  stretched <- rotate(fit, anchors = points * rep(c(10, 1), each = 4) + 3)
  expect_equal(vaeirt:::explained_variance(stretched), vaeirt:::explained_variance(fit), tolerance = 1e-5)
})

test_that("the explained variances of nominal items do not depend on their references", {
  fit <- spatial_nominal_fit()
  # All five options of every item, less their mean.
  gamma <- array(aperm(array(by_row(fit$items, 4)[, 1:3], c(4, 30, 3)), c(1, 3, 2)), c(4, 3, 30))
  gram <- Reduce(`+`, lapply(1:30, function(j) {
    own <- scale(rbind(0, gamma[, , j]), scale = FALSE)
    fit$catalogue$n_responses[[j]] * crossprod(own)
  }))
  expect_equal(vaeirt:::explained_variance(fit)$share, diag(gram) / sum(diag(gram)), tolerance = 1e-8)
  # The principal axes are those of this measure.
  expect_lt(max(abs(gram[upper.tri(gram)])), 1e-6 * max(gram))
  expect_false(is.unsorted(-diag(gram)))
})

test_that("more groups than colours become one, and numbers are no groups", {
  fit <- senate_fit()
  expect_message(figure <- autoplot(fit, color = state), "51 values; the 44 rarest")
  expect_identical(nlevels(figure$data$.group), 8L)
  expect_error(autoplot(fit, colour = n_responses), class = "vaeirt_error_argument")
})

test_that("many respondents are thinned", {
  skip_on_cran()
  fit <- planar_fit()
  expect_identical(nrow(ggplot2::layer_data(vaeirt:::plot_ideal_points(fit, 1, character(), NULL, most = 100), 2)), 100L)
})

test_that("figures that a fit cannot give are errors", {
  line <- drawn_fit()
  expect_snapshot(error = TRUE, {
    autoplot(line, "map")
    autoplot(line, "pareto_k")
    autoplot(line, "items", items = "Bill 99")
    autoplot(line, "response_curves", items = character())
    autoplot(drawn_fit(2), "map", dimension = 1)
    autoplot(drawn_fit(2), "map", labels = "Nobody")
  })
  path <- withr::local_tempfile()
  grDevices::pdf(path)
  withr::defer(grDevices::dev.off())
  expect_s3_class(plot(line), "ggplot")
})
