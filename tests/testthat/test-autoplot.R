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
  expect_identical(plot$labels$caption, "2,500 respondents; no names drawn, `labels` adds some")
  named <- function(plot) Find(function(layer) inherits(layer$geom, "GeomNames"), plot$layers)
  expect_null(named(plot))
  expect_null(named(autoplot(small_fit(), labels = FALSE)))
  expect_true(all(nzchar(named(autoplot(small_fit()))$data$.label)))
  three <- autoplot(planar_fit(), labels = c("7", "8", "2000"))
  expect_setequal(setdiff(named(three)$data$.label, ""), c("7", "8", "2000"))
  expect_null(three$labels$caption)
})

test_that("from 300 respondents on the intervals are a ribbon", {
  draw <- function(n) {
    values <- stats::setNames(stats::qnorm(stats::ppoints(n)), seq_len(n))
    fit <- small_fit()
    fit$parameters$respondents <- lapply(fit$parameters$respondents, function(x) {
      if (is.matrix(x)) x[rep(1, n), , drop = FALSE] else rep(x[1], n)
    })
    fit$parameters$respondents$mean[] <- values
    fit$responses$respondents <- tibble::tibble(respondent = names(values), wing = rep(c("l", "r", NA), length.out = n))
    fit$responses$names$respondents <- names(values)
    fit$responses$offsets <- rep(0, n + 1)
    fit
  }
  geoms <- function(plot) vapply(plot$layers, function(layer) class(layer$geom)[[1]], character(1))
  expect_false("GeomRibbon" %in% geoms(autoplot(draw(299))))
  many <- autoplot(draw(300), colour = wing)
  expect_true(all(c("GeomRibbon", "GeomPath") %in% geoms(many)))
  expect_identical(nrow(ggplot2::layer_data(many, 1)), 300L)
  # A row of ticks for each group, below the ribbon.
  ticks <- ggplot2::layer_data(many, 3)
  expect_identical(as.vector(table(ticks$y)), c(100L, 100L, 100L))
  expect_true(all(ticks$y < 0))
  expect_identical(unique(ticks$colour[ticks$y == min(ticks$y)]), faint)
})

test_that("respondents without a party are a group of their own", {
  rolls <- senate()
  rolls$legis.data$party <- as.character(rolls$legis.data$party)
  rolls$legis.data$party[c(9, 20, 30)] <- c(NA, "", " ")
  fit <- suppressMessages(vae_irt(rolls, link = "probit", seed = 1, control = vae_control(threads = 1)))
  drawn <- autoplot(fit, colour = party)
  expect_identical(levels(drawn$data$.group), c("D", "Indep", "R", "(missing)"))
  expect_identical(nrow(ggplot2::layer_data(drawn, 2)), 102L)
  expect_identical(sum(ggplot2::layer_data(drawn, 2)$colour == faint), 3L)
  curves <- ggplot2::layer_data(autoplot(fit, "density", colour = party))
  expect_identical(length(unique(curves$group)), 4L)
  expect_false(anyNA(curves$y))
  areas <- tapply(curves$y, curves$group, sum) * diff(sort(unique(curves$x)))[[1]]
  expect_equal(areas[[4]], 3 / 102, tolerance = 1e-3)
  # Where nobody lacks a party there is no such group.
  expect_identical(levels(autoplot(senate_fit(), colour = party)$data$.group), c("D", "Indep", "R"))
})

test_that("a figure with names may be turned or faceted", {
  fit <- drawn_fit()
  expect_s3_class(ggplot2::ggplotGrob(autoplot(fit) + ggplot2::coord_flip()), "gtable")
  expect_s3_class(ggplot2::ggplotGrob(autoplot(fit) + ggplot2::facet_wrap("party")), "gtable")
})

test_that("no theme brings a legend of one group", {
  has_legend <- function(plot) "guide-box" %in% ggplot2::ggplotGrob(plot + ggplot2::theme_bw())$layout$name
  plane <- drawn_fit(2)
  plots <- list(
    autoplot(drawn_fit()), autoplot(drawn_fit(), "density"), autoplot(plane, "map"), autoplot(plane, "items"),
    autoplot(drawn_fit(), "response_curves"), autoplot(drawn_fit(3, 3), "pareto_k")
  )
  expect_identical(vapply(plots, has_legend, logical(1)), logical(6))
  expect_true(has_legend(autoplot(plane, "map", colour = party)))
  expect_true(has_legend(autoplot(drawn_fit(3, 3), "response_curves")))
})

test_that("a vector named by respondent gives the colours, in any order", {
  fit <- drawn_fit()
  party <- stats::setNames(fit$estimates$party, fit$estimates$respondent)
  by_column <- autoplot(fit, colour = party)$data$.group
  wing <- rev(party)
  by_vector <- autoplot(fit, colour = wing)
  expect_identical(by_vector$data$.group, by_column)
  expect_identical(autoplot(fit, colour = stats::setNames(party, names(party)))$data$.group, by_column)
  expect_identical(autoplot(fit, colour = "party")$data$.group, by_column)
  expect_identical(autoplot(fit, color = tidyselect::starts_with("par"))$data$.group, by_column)
  column <- "party"
  expect_identical(autoplot(fit, colour = tidyselect::all_of(column))$data$.group, by_column)
  # What was added to a table is given as a vector, with a row for each dimension.
  plane <- drawn_fit(2)
  plane$estimates$side <- plane$estimates$party == "D"
  plane$estimates <- plane$estimates[order(plane$estimates$estimate), ]
  drawn <- autoplot(plane, "map", colour = stats::setNames(plane$estimates$side, plane$estimates$respondent))
  expect_identical(as.character(drawn$data$.group), as.character(drawn$data$party == "D"))
  expect_message(two <- autoplot(fit, colour = c("Member 1" = "first", "Member 60" = "last", Nobody = "none")), "58 of 60")
  expect_identical(as.vector(table(two$data$.group)), c(1L, 1L, 58L))
})

test_that("wrong arguments are named", {
  fit <- small_fit()
  expect_snapshot(error = TRUE, {
    autoplot(fit, type = "pie")
    autoplot(fit, dimension = 2)
    autoplot(fit, colour = party)
    autoplot(fit, colour = estimate)
    autoplot(fit, colour = c(estimate, std.error))
    autoplot(fit, labels = "yes")
  })
})

test_that("colours that are no metadata are named", {
  fit <- drawn_fit()
  fit$estimates$bloc <- "a"
  who <- fit$estimates$respondent
  expect_snapshot(error = TRUE, {
    autoplot(fit, colour = bloc)
    autoplot(fit, colour = estimate)
    autoplot(fit, colour = block)
    autoplot(fit, colour = rep(c("a", "b"), 30))
    autoplot(fit, colour = c(Nobody = "a"))
    autoplot(fit, colour = setNames(c(who, "b"), c(who, who[[1]])))
    autoplot(fit, colour = setNames(seq_along(who), who))
  })
})
