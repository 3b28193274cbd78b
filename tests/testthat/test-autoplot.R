test_that("the figure has one sorted point per respondent, with its interval", {
  fit <- senate_fit()
  plot <- autoplot(fit, colour = party)
  points <- ggplot2::layer_data(plot, 2)
  segments <- ggplot2::layer_data(plot, 1)
  expect_identical(nrow(points), 102L)
  expect_identical(points$x[order(points$y)], sort(fit$estimates$estimate))
  expect_true(all(segments$x < points$x & points$x < segments$xend))
  colours <- stats::setNames(points$colour, fit$estimates$party[order(fit$estimates$estimate)])
  expect_identical(unique(unname(colours[names(colours) == "D"])), "#0072B2")
  expect_identical(unique(unname(colours[names(colours) == "R"])), "#D55E00")
  expect_identical(length(unique(points$colour)), 3L)
})

test_that("names can be shown or not, and dimensions chosen", {
  plot <- autoplot(planar_fit(), dimension = 2)
  expect_match(plot$labels$x, "dimension 2")
  expect_identical(nrow(ggplot2::layer_data(plot, 2)), 2500L)
  expect_null(ggplot2::layer_scales(plot)$y$breaks)
  expect_length(ggplot2::layer_scales(autoplot(small_fit(), labels = TRUE))$y$breaks, 150)
})

test_that("wrong arguments are named", {
  fit <- small_fit()
  expect_snapshot(error = TRUE, {
    autoplot(fit, type = "pie")
    autoplot(fit, dimension = 2)
    autoplot(fit, colour = party)
    autoplot(fit, colour = c(estimate, std.error))
    autoplot(fit, labels = "yes")
  })
})
