test_that("settings are checked and printed", {
  expect_s3_class(vae_control(), "vae_control")
  expect_identical(vae_control(batch_size = 100)$batch_size, 100L)
  expect_snapshot(print(vae_control(threads = 2, progress = FALSE)))
  expect_snapshot(print(irt_prior()))
  expect_snapshot(error = TRUE, {
    vae_control(threads = 0)
    vae_control(hidden = 1:2)
    vae_control(hidden = 1e9)
    vae_control(learning_rate = -1)
    vae_control(tolerance = NA)
    vae_control(level = 95)
    vae_control(std_errors = "all")
    vae_control(progress = NULL)
    irt_prior(discrimination = 0)
    irt_prior(difficulty = "5")
  })
})

test_that("threads follow the option and the limit of R CMD check", {
  withr::local_options(vaeirt.threads = 1L)
  expect_identical(vae_control()$threads, 1L)
  withr::local_options(vaeirt.threads = NULL)
  withr::local_envvar(`_R_CHECK_LIMIT_CORES_` = "true")
  expect_identical(vaeirt:::default_threads(8L), 2L)
  withr::local_envvar(`_R_CHECK_LIMIT_CORES_` = "")
  expect_identical(vaeirt:::default_threads(8L), 8L)
})

test_that("the prior holds the item parameters", {
  wide <- small_fit()
  tight <- vae_irt(
    small_truth()$responses,
    seed = 1, prior = irt_prior(difficulty = 0.3), control = one_thread
  )
  spread <- function(fit) sd(fit$items$estimate[fit$items$term == "difficulty"])
  expect_lt(spread(tight), 0.8 * spread(wide))
})

test_that("vaeirt_info() says what was built", {
  info <- vaeirt_info()
  expect_identical(info$version, as.character(packageVersion("vaeirt")))
  expect_true("cpu" %in% info$devices)
  expect_output(print(info), "Devices: cpu")
})
