# What every function gives for a fit, as plain values.
all_results <- function(fit) {
  new <- small_truth()$responses[1:5, ]
  path <- withr::local_tempfile(fileext = ".parquet")
  model <- withr::local_tempfile(fileext = ".safetensors")
  write_model(fit, model)
  figures <- list("ideal_points", "density", "items", "response_curves", "training")
  list(
    print = capture.output(print(fit)), summary = capture.output(print(summary(fit))),
    tidy = tidy(fit), normalised = tidy(fit, scale = "normalised", conf.level = 0.8),
    items = tidy(fit, "items"), normalised_items = tidy(fit, "items", scale = "normalised"),
    glance = glance(fit), augment = augment(fit), augment_new = augment(fit, new), fitted = fitted(fit),
    residuals = lapply(c("response", "pearson", "deviance"), function(type) residuals(fit, type)),
    coef = lapply(c("respondents", "items"), function(part) coef(fit, part)),
    confint = lapply(c("respondents", "items"), function(part) confint(fit, component = part)),
    logLik = logLik(fit), nobs = nobs(fit), AIC = AIC(fit), draws = posterior::as_draws_df(fit, n = 5),
    predict = lapply(c("ideal_point", "prob", "response"), function(type) predict(fit, type = type)),
    predict_new = lapply(c("ideal_point", "prob", "response"), function(type) predict(fit, new, type = type)),
    simulate = simulate(fit, 2, seed = 1), cutpoints = cutpoints(fit),
    response_fit = list(response_fit(fit), response_fit(fit, "items")), ideal_points = ideal_points(fit),
    rotate = rotate(fit, anchors = c("1" = -1, "2" = 1, "3" = 0))[c("estimates", "items", "parameters")],
    compare = compare_ideal_points(fit = fit, truth = small_truth()$respondents),
    update = update(fit, evaluate = FALSE), model = predict(read_model(model), new),
    figures = lapply(figures, function(type) ggplot2::ggplot_build(autoplot(fit, type))$data),
    written = {
      write_estimates(fit, path)
      stored <- vaeirt:::unwrap_rust(vaeirt:::rust_parquet_fields(path))
      list(stored, unname(tools::md5sum(path)))
    }
  )
}

test_that("tables of a fit that are sorted, filtered, edited or deleted change no result", {
  skip_if_not_installed("posterior")
  fit <- small_fit()
  expected <- all_results(fit)
  sorted <- fit
  sorted$items <- fit$items[order(fit$items$estimate), ]
  sorted$estimates <- fit$estimates[order(fit$estimates$estimate), ]
  sorted$catalogue <- fit$catalogue[order(fit$catalogue$n_responses), ]
  filtered <- fit
  filtered$items <- fit$items[fit$items$term == "discrimination", ]
  filtered$estimates <- fit$estimates[fit$estimates$estimate > 0, c("respondent", "estimate")]
  edited <- fit
  edited$items$estimate <- 0
  edited$estimates$estimate <- rev(fit$estimates$estimate)
  edited$estimates$std.error <- NULL
  deleted <- fit
  deleted$items <- fit$items[0, ]
  deleted$estimates <- fit$estimates[0, ]
  deleted$catalogue <- fit$catalogue[0, ]
  for (changed in list(sorted, filtered, edited, deleted)) {
    found <- all_results(changed)
    for (name in names(expected)) expect_identical(found[[name]], expected[[name]], label = name)
  }
})

test_that("parameters have names and agree with the tables", {
  fit <- planar_fit()
  own <- fit$parameters
  expect_identical(rownames(own$respondents$mean), unique(fit$estimates$respondent))
  expect_identical(as.vector(t(own$respondents$mean)), fit$estimates$estimate)
  expect_identical(dimnames(own$items$values), list(
    own$items$item, c("discrimination_1", "discrimination_2", "difficulty")
  ))
  expect_identical(as.vector(t(own$items$values)), fit$items$estimate)
  expect_identical(own$items$options, fit$catalogue$options)
  expect_equal(unname(colMeans(own$respondents$mean)), own$traits$mean)
})

test_that("what is no fit, or no whole one, is refused by name", {
  empty <- structure(list(), class = "vae_irt")
  torn <- small_fit()
  torn$parameters$items$values <- torn$parameters$items$values[-1, ]
  old <- unclass(small_fit())
  old$posterior <- old$parameters$respondents
  old$moments <- list(mean = 0, sd = 1)
  old$parameters <- NULL
  old <- structure(old, class = "vae_irt")
  lost <- small_fit()
  lost$responses <- NULL
  expect_snapshot(error = TRUE, {
    print(empty)
    tidy(empty)
    predict(torn)
    coef(old)
    augment(lost)
    rotate(1:3)
  })
  methods <- list(
    print, summary, tidy, glance, augment, fitted, residuals, coef, confint, logLik, nobs, predict, simulate, update, autoplot,
    plot, ideal_points, cutpoints, response_fit, rotate, write_model, write_estimates
  )
  for (method in methods) expect_error(method(empty), class = "vaeirt_error_fit")
})

test_that("answers of Rust have the fields that are written down", {
  wrappers <- grep("^rust_", ls(asNamespace("vaeirt")), value = TRUE)
  expect_setequal(setdiff(wrappers, c("rust_info", "rust_settings", "rust_responses")), names(answer_fields))
  rust_device <- function(name) list(value = list(title = name))
  expect_error(unwrap_rust(rust_device("cpu")), "answers title", class = "vaeirt_error_internal")
})
