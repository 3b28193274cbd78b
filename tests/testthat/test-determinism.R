# The same data and seed give the same numbers, whatever the threads, and R's own generator is not touched.

numbers_of <- function(fit) fit[c("estimates", "items", "posterior", "training", "moments", "statistics", "model")]

# Data of every kind with what vae_irt() is called with.
determinism_cases <- function() {
  weighted <- simulate_irt(300, 30, missing = 0.2, seed = 4)$responses
  few <- simulate_irt(2000, 6, n_options = 2, seed = 5)$responses
  list(
    `one dimension` = list(simulate_irt(700, 40, missing = 0.3, seed = 1)$responses),
    `three dimensions` = list(simulate_irt(700, 40, dims = 3, missing = 0.2, seed = 2)$responses, dims = 3),
    nominal = list(simulate_irt(600, 30, dims = 2, n_options = 4, seed = 3)$responses, dims = 2),
    probit = list(simulate_irt(300, 60, seed = 6)$responses, link = "probit"),
    weights = list(weighted, weights = rep(c(0.5, 1, 2.5), 100)),
    `equal rows` = list(few),
    `many items` = list(simulate_irt(300, 1500, dims = 3, seed = 7)$responses, dims = 3)
  )
}

test_that("threads change nothing", {
  cases <- determinism_cases()
  for (name in names(cases)) {
    fit <- function(threads) {
      control <- vae_control(threads = threads, max_epochs = 15)
      suppressWarnings(suppressMessages(do.call(vae_irt, c(cases[[name]], list(seed = 1, control = control)))))
    }
    one <- numbers_of(fit(1))
    for (threads in c(2, 4, 8)) {
      expect_identical(numbers_of(fit(threads)), one, label = paste0(name, ", ", threads, " threads"))
    }
    expect_identical(numbers_of(fit(2)), one, label = paste0(name, ", once more"))
  }
})

test_that("threads change nothing about what follows a fit", {
  truth <- simulate_irt(400, 30, dims = 3, missing = 0.1, seed = 1)
  results <- lapply(c(1, 2, 4, 8), function(threads) {
    control <- vae_control(threads = threads, max_epochs = 15)
    fit <- suppressWarnings(vae_irt(truth$responses, dims = 3, seed = 1, control = control))
    path <- tempfile(fileext = ".parquet")
    predict(fit, truth$responses, to = path)
    list(
      predict(fit, truth$responses[400:1, ]), predict(fit, truth$responses, type = "prob"), tools::md5sum(path)[[1]],
      suppressWarnings(cv_dims(truth$responses, 1:2, folds = 2, seed = 1, control = control)),
      if (requireNamespace("posterior", quietly = TRUE)) posterior::as_draws_df(fit, n = 50),
      rotate(fit, "varimax")$items
    )
  })
  for (other in results[-1]) expect_identical(other, results[[1]])
})

# Every function with a seed, on small data.
seeded_calls <- function() {
  truth <- simulate_irt(60, 15, seed = 1)
  fit <- vae_irt(truth$responses, seed = 1, control = one_thread)
  quick <- vae_control(threads = 1, max_epochs = 5)
  list(
    vae_irt = function(seed) suppressWarnings(vae_irt(truth$responses, seed = seed, control = quick))$estimates,
    restarts = function(seed) {
      control <- vae_control(threads = 1, max_epochs = 5, restarts = 2)
      suppressWarnings(vae_irt(truth$responses, seed = seed, control = control))$restarts
    },
    update = function(seed) suppressWarnings(update(fit, seed = seed, control = quick))$estimates,
    cv_dims = function(seed) suppressWarnings(cv_dims(truth$responses, 1:2, folds = 2, seed = seed, control = quick)),
    simulate_irt = function(seed) simulate_irt(20, 5, seed = seed),
    simulate = function(seed) simulate(fit, seed = seed)
  )
}

current_seed <- function() get0(".Random.seed", globalenv(), inherits = FALSE)

# The state of R's generator is that of the tests again when the calling function ends.
keep_test_seed <- function(frame = parent.frame()) {
  state <- current_seed()
  kinds <- RNGkind()
  withr::defer(
    {
      suppressWarnings(do.call(RNGkind, as.list(kinds)))
      if (is.null(state)) rm(".Random.seed", envir = globalenv()) else assign(".Random.seed", state, globalenv())
    },
    envir = frame
  )
}

test_that("a seed leaves R's generator alone, and gives the same numbers under every generator", {
  keep_test_seed()
  calls <- seeded_calls()
  for (name in names(calls)) {
    call <- calls[[name]]
    first <- call(7)
    for (kind in c("Mersenne-Twister", "L'Ecuyer-CMRG", "Wichmann-Hill")) {
      suppressWarnings(RNGkind(kind, "Box-Muller", "Rounding"))
      set.seed(3)
      before <- current_seed()
      expect_identical(call(7), first, label = paste(name, "under", kind))
      expect_identical(current_seed(), before, label = paste("the state after", name))
      rm(".Random.seed", envir = globalenv())
      call(7)
      expect_null(current_seed(), label = paste("a state that", name, "left"))
      expect_identical(RNGkind(), c(kind, "Box-Muller", "Rounding"))
      rm(list = intersect(".Random.seed", ls(globalenv(), all.names = TRUE)), envir = globalenv())
    }
    suppressWarnings(RNGkind("default", "default", "default"))
    if (name != "simulate") expect_identical(call(2^40), call(2^40), label = paste(name, "with a large seed"))
  }
})

test_that("without a seed one number is drawn from R's generator", {
  keep_test_seed()
  calls <- seeded_calls()
  # As stats::simulate() asks for, that method goes on with R's generator.
  for (name in setdiff(names(calls), "simulate")) {
    for (kind in c("Mersenne-Twister", "L'Ecuyer-CMRG")) {
      RNGkind(kind)
      set.seed(11)
      drawn <- calls[[name]](NULL)
      after <- current_seed()
      set.seed(11)
      stats::runif(1)
      expect_identical(after, current_seed(), label = paste("the state after", name))
      set.seed(11)
      expect_identical(calls[[name]](NULL), drawn, label = name)
      expect_false(identical(calls[[name]](NULL), drawn), label = paste(name, "twice the same"))
    }
  }
  RNGkind("default")
  set.seed(11)
  drawn <- calls$simulate(NULL)
  set.seed(11)
  expect_identical(calls$simulate(NULL), drawn)
})
