test_that("a model that travelled scores people as the fit does", {
  for (fit in list(small_fit(), nominal_fit(), planar_fit())) {
    path <- withr::local_tempfile(fileext = ".safetensors")
    expect_identical(write_model(fit, path), path)
    model <- read_model(path)
    votes <- simulate_irt(30, nrow(fit$catalogue), fit$dims, n_options = length(fit$catalogue$options[[1]]), seed = 9)$responses
    expect_identical(predict(model, votes), predict(fit, votes))
    expect_identical(predict(model, votes, type = "prob"), predict(fit, votes, type = "prob"))
    expect_identical(tidy(model, "items"), tidy(fit, "items"))
    expect_equal(tidy(model, "items", scale = "normalised"), tidy(fit, "items", scale = "normalised"))
    same <- setdiff(names(glance(fit)), c("logLik", "AIC", "BIC", "epochs", "max_pareto_k", "amortisation_gap"))
    expect_equal(glance(model)[same], glance(fit)[same])
    expect_identical(nrow(model$estimates), 0L)
  }
})

test_that("rare labels, pooled options and metadata survive", {
  votes <- data.frame(
    `Größe` = rep(c("é", "b", "rare1", "rare2"), c(20, 20, 2, 2)), other = rep(c("x", "y"), 22), check.names = FALSE
  )
  fit <- suppressMessages(vae_irt(votes, min_count = 3, rare = "pool", seed = 1, control = one_thread))
  path <- withr::local_tempfile()
  write_model(rotate(fit, anchors = c("1" = 1, "21" = -1)), path)
  model <- read_model(path)
  expect_identical(model$catalogue$options, fit$catalogue$options)
  expect_identical(model$catalogue$pooled, fit$catalogue$pooled)
  expect_true(model$rotated)
  # A label that was pooled is still known.
  new <- data.frame(`Größe` = "rare2", other = "x", check.names = FALSE)
  expect_false(is.na(predict(model, new)$estimate))
})

test_that("the file says nothing about respondents", {
  path <- withr::local_tempfile()
  write_model(senate_fit(), path)
  text <- rawToChar(replace(readBin(path, "raw", file.size(path)), readBin(path, "raw", file.size(path)) == 0, as.raw(32)))
  expect_match(text, "vaeirt-model", fixed = TRUE, useBytes = TRUE)
  expect_match(text, "1-104", fixed = TRUE, useBytes = TRUE)
  expect_false(grepl("SESSIONS", text, fixed = TRUE, useBytes = TRUE))
})

test_that("what a model file does not hold is said", {
  path <- withr::local_tempfile()
  write_model(small_fit(), path)
  model <- read_model(path)
  expect_output(print(model), "No estimates of the respondents")
  expect_snapshot(error = TRUE, {
    predict(model)
    update(model, dims = 2)
    autoplot(model, "training")
    tidy(model, scale = "normalised")
  })
  expect_s3_class(autoplot(model, "items"), "ggplot")
})

test_that("files that are no model are errors with a reason", {
  folder <- withr::local_tempdir()
  withr::local_dir(folder)
  write_model(small_fit(), "good.safetensors")
  bytes <- readBin("good.safetensors", "raw", 1e7)
  writeBin(bytes[1:5000], "torn.safetensors")
  writeBin(charToRaw("respondent,item\n"), "votes.csv")
  writeBin(small_fit()$model, "weights.safetensors")
  text <- charToRaw("\\\"version\\\":1")
  at <- which(vapply(seq_len(4000), function(i) identical(bytes[seq(i, length.out = length(text))], text), logical(1)))
  newer <- bytes
  newer[at + length(text) - 1] <- charToRaw("9")
  writeBin(newer, "newer.safetensors")
  expect_error(read_model("torn.safetensors"), class = "vaeirt_error_file")
  expect_snapshot(error = TRUE, {
    read_model("none.safetensors")
    read_model("torn.safetensors")
    read_model("votes.csv")
    read_model("weights.safetensors")
    read_model("newer.safetensors")
    read_model(1)
    write_model(small_fit(), "no/such/folder/model")
    write_model("fit", "model")
  })
  written <- c("good.safetensors", "newer.safetensors", "torn.safetensors", "votes.csv", "weights.safetensors")
  expect_identical(list.files(), written)
})
