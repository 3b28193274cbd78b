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
  kernels <- vaeirt:::smooth_posteriors(fit$estimates$estimate, fit$estimates$std.error, rep(1, 60))
  expect_equal(whole$y[[200]], mean(stats::dnorm(at, kernels[[1]], kernels[[2]])))
})

test_that("narrow posteriors are smoothed, wide ones are as they are, and the variance stays", {
  smooth <- vaeirt:::smooth_posteriors
  variance <- function(kernels) mean((kernels[[1]] - mean(kernels[[1]]))^2 + kernels[[2]]^2)
  # Two parties.
  means <- c(stats::qnorm(stats::ppoints(45), -1, 0.3), stats::qnorm(stats::ppoints(55), 1, 0.3))
  one <- rep(1, 100)
  wide <- rep(0.8, 100)
  expect_identical(smooth(means, wide, one), list(means, wide))
  narrow <- rep(0.02, 100)
  kernels <- smooth(means, narrow, one)
  expect_equal(variance(kernels), variance(list(means, narrow)))
  grid <- seq(-3, 3, 0.01)
  modes <- function(kernels) {
    height <- vapply(grid, function(at) mean(stats::dnorm(at, kernels[[1]], kernels[[2]])), numeric(1))
    sum(diff(sign(diff(height))) < 0)
  }
  expect_gt(modes(list(means, narrow)), 8)
  expect_identical(modes(kernels), 2L)
  # One, two or equal respondents.
  expect_identical(smooth(1, 0.1, 1), list(1, 0.1))
  expect_identical(smooth(c(1, 1), c(0.1, 0.1), c(1, 1)), list(c(1, 1), c(0.1, 0.1)))
  expect_true(all(is.finite(unlist(smooth(c(-1, 1), c(0.1, 0.1), c(1, 2))))))
})

test_that("as many names are drawn as fit, from the first to the last", {
  fit <- vaeirt:::fit_names
  expect_identical(fit(102, 1000), list(size = 8, kept = as.numeric(1:102)), tolerance = 0)
  small <- fit(102, 231)
  expect_identical(small$size, 6)
  expect_identical(range(small$kept), c(1, 102))
  expect_identical(length(small$kept), 34L)
  for (n in c(2, 3, 17, 102, 299)) {
    for (height in c(5, 60, 230, 400, 2000)) {
      found <- fit(n, height)
      expect_identical(range(found$kept), c(1, n))
      if (length(found$kept) > 2) expect_gte(min(diff(found$kept)) * height / (n - 1), found$size)
    }
  }
  expect_identical(fit(1, 0)$kept, 1L)
  # What is left out is said on the device on which it is.
  texts <- function(height) {
    path <- withr::local_tempfile(fileext = ".pdf")
    grDevices::pdf(path, 6, height)
    withr::defer(grDevices::dev.off())
    names <- ggplot2::layer_grob(autoplot(senate_fit()), 3)[[1]]
    grobs <- grid::makeContent(names)$children
    list(names = grobs[[1]]$children[[length(grobs[[1]]$children)]]$label, note = if (length(grobs) > 1) grobs[[2]]$label)
  }
  low <- texts(4)
  expect_match(low$note, paste("Names of", length(low$names), "of 102"))
  expect_lt(length(low$names), 50)
  tall <- texts(20)
  expect_null(tall$note)
  expect_identical(length(tall$names), 102L)
})

test_that("names that were asked for are moved apart within limits", {
  move_apart <- vaeirt:::move_apart
  expect_equal(move_apart(c(0.1, 0.5, 0.9), 0.1, c(0, 1)), c(0.1, 0.5, 0.9))
  near <- move_apart(c(0.5, 0.5, 0.51), 0.1, c(0, 1))
  expect_true(all(diff(near) > 0.1 - 1e-9))
  expect_equal(mean(near), 0.5, tolerance = 0.02)
  low <- move_apart(c(0, 0.01, 0.02, 0.99, 1), 0.1, c(0, 1))
  expect_true(all(diff(low) > 0.1 - 1e-9) && low[[1]] >= 0 && low[[5]] <= 1)
})

test_that("long names are wrapped and keep what tells them apart", {
  wrap <- vaeirt:::wrap_names
  expect_identical(wrap(c("yea", "a name of twenty-eight signs")), c("yea", "a name of twenty-eight signs"))
  long <- paste(rep("word", 40), collapse = " ")
  lines <- strsplit(wrap(long), "\n")[[1]]
  expect_length(lines, 3)
  expect_true(all(nchar(lines) <= 28))
  expect_match(lines[[3]], "\\.\\.\\.$")
  numbered <- wrap(paste(long, 1:12))
  expect_identical(anyDuplicated(numbered), 0L)
  expect_match(numbered[[12]], "word 12$")
  expect_true(all(nchar(strsplit(wrap(strrep("x", 70)), "\n")[[1]]) <= 28))
  cut <- vaeirt:::cut_names(paste(long, 1:12))
  expect_identical(anyDuplicated(cut), 0L)
  expect_true(all(nchar(cut) <= 31))
  # In a legend, a strip and beside points.
  truth <- simulate_irt(80, 12, n_options = 3, seed = 1)
  colnames(truth$responses) <- paste("Should the government", long, 1:12)
  fit <- vae_irt(truth$responses, dims = 2, seed = 1, control = vae_control(threads = 1))
  grobs <- ggplot2::ggplotGrob(autoplot(fit, "response_curves"))
  expect_s3_class(grobs, "gtable")
  names <- ggplot2::layer_data(autoplot(fit, "map"), 3)$label
  expect_true(all(nchar(unlist(strsplit(names, "\n"))) <= 31))
})

test_that("the default items divide the respondents, and have answers of both kinds", {
  fit <- drawn_fit()
  best <- vaeirt:::items_by_information(fit, 1)
  expect_setequal(best, 1:16)
  chosen <- vaeirt:::example_items(fit, 1)
  expect_length(unique(chosen), 4)
  slopes <- abs(fit$parameters$items$values[, 1])
  expect_gt(min(slopes[chosen]), stats::median(slopes))
  # A steep item beside the population, and a flat one, tell nothing.
  odd <- fit
  odd$parameters$items$values[best[[1]], ] <- c(3, 30)
  odd$parameters$items$values[best[[2]], ] <- c(0.001, 0)
  expect_setequal(utils::tail(vaeirt:::items_by_information(odd, 1), 2), best[1:2])
})

test_that("an item with many options draws a few of its cutting lines and curves", {
  truth <- simulate_irt(400, 12, dims = 2, n_options = 10, seed = 1)
  fit <- vae_irt(truth$responses, dims = 2, seed = 1, control = vae_control(threads = 1, std_errors = "none"))
  lines <- function(...) vaeirt:::cutting_segments(fit, c(1, 2), ..., c(-3, 3), c(-3, 3))
  expect_true(all(table(lines(NULL)$owner) == 1))
  expect_true(all(table(lines(fit$catalogue$item[1:3])$owner) <= 2))
  plot <- autoplot(fit, "map", items = fit$catalogue$item[1:3])
  expect_match(plot$labels$caption, "cutting lines of these items: the options that divide most")
  curves <- autoplot(fit, "response_curves", items = fit$catalogue$item[[1]])
  expect_identical(nlevels(curves$data$response), 8L)
  expect_match(curves$labels$caption, "more than 8 options")
  expect_null(autoplot(drawn_fit(2, 3), "response_curves")$labels$caption)
})

test_that("the map marks who was asked for and keeps others in its panel", {
  plot <- autoplot(planar_fit(), "map", labels = c("3", "2100"))
  marked <- ggplot2::layer_data(plot, 5)
  expect_identical(nrow(marked), 2L)
  expect_identical(unique(marked$shape), 1)
  expect_s3_class(plot$coordinates, "CoordCartesian")
  expect_false(inherits(plot$coordinates, "CoordFixed"))
  near <- vaeirt:::near_names(1:1000, rep(0, 1000), seq_len(1000) %in% c(10, 500), most = 100)
  expect_length(near, 100)
  expect_true(all(c(10, 500) %in% near))
  expect_identical(vaeirt:::near_names(1:3, 1:3, c(FALSE, FALSE, FALSE)), integer())
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
    expect_equal(vaeirt:::option_probabilities(parameters, ends, vaeirt:::response_form("logit"))[, 2], c(0.5, 0.5))
    arrow <- cbind(segments$arrow_xend[[i]], segments$arrow_yend[[i]])
    expect_gt(vaeirt:::option_probabilities(parameters, arrow, vaeirt:::response_form("logit"))[, 2], 0.5)
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
  expect_identical(nrow(ggplot2::layer_data(vaeirt:::plot_ideal_points(fit, 1, list(), NULL, most = 100), 2)), 100L)
})

test_that("figures that a fit cannot give are errors", {
  line <- drawn_fit()
  expect_snapshot(error = TRUE, {
    autoplot(line, "map")
    autoplot(line, "pareto_k")
    autoplot(line, "dimensions")
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
