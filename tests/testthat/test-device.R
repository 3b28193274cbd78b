# What computes. The computation on devices is tested by the Rust core; a GPU is not needed for anything here.

test_that("vaeirt_info() tells features and devices", {
  info <- vaeirt_info()
  expect_true(all(info$features %in% "cuda"))
  expect_identical(info$devices[1:2], c("cpu", "candle"))
  expect_true(all(info$devices %in% c("cpu", "candle", info$features)))
  expect_output(print(info), "Features: (none|cuda)")
})

test_that("a GPU that is not there is an error before anything is read, never a silent fallback", {
  skip_if("cuda" %in% vaeirt_info()$features, "this build can use GPUs")
  expect_snapshot(vae_control(device = "cuda"), error = TRUE)
  error <- expect_error(vae_irt(stop("not read"), control = vae_control(device = "cuda")), class = "vaeirt_error_device")
  expect_identical(rlang::call_name(error$call), "vae_control")
  fit <- small_fit()
  fit$control$device <- "cuda"
  expect_error(predict(fit, small_truth()$responses), class = "vaeirt_error_device")
})

test_that("an unknown device is refused by name", {
  expect_snapshot(vae_control(device = "gpu"), error = TRUE)
})

test_that("the operations of Candle give the estimates of the kernels", {
  fit <- vae_irt(small_truth()$responses, seed = 1, control = vae_control(threads = 1, device = "candle"))
  expect_equal(fit$estimates$estimate, small_fit()$estimates$estimate, tolerance = 0.01)
  expect_equal(as.numeric(logLik(fit)), as.numeric(logLik(small_fit())), tolerance = 1e-5)
  scores <- predict(fit, small_truth()$responses)
  expect_equal(scores$estimate, fit$estimates$estimate, tolerance = 0.001)
})

test_that("a GPU gives the estimates of the processor", {
  skip_if_not("cuda" %in% vaeirt_info()$devices, "there is no GPU")
  fit <- vae_irt(small_truth()$responses, seed = 1, control = vae_control(threads = 1, device = "cuda"))
  expect_equal(fit$estimates$estimate, small_fit()$estimates$estimate, tolerance = 0.01)
  scores <- predict(fit, small_truth()$responses)
  expect_equal(scores$estimate, fit$estimates$estimate, tolerance = 0.001)
})

test_that("device = \"auto\" takes the processor where there is no GPU", {
  skip_if("cuda" %in% vaeirt_info()$devices, "there is a GPU")
  automatic <- vae_irt(small_truth()$responses, seed = 1, control = vae_control(threads = 1, device = "auto"))
  expect_identical(automatic$estimates, small_fit()$estimates)
  expect_identical(automatic$control$device, "auto")
})
