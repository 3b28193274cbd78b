# Processes and threads.

test_that("forks after a fit do not hang and give the same numbers", {
  skip_on_cran()
  skip_on_os("windows")
  skip_if_not_installed("callr")
  result <- callr::r(
    function() {
      library(vaeirt)
      truth <- simulate_irt(150, 20, dims = 3, seed = 1)
      work <- function(k) {
        fit <- vae_irt(truth$responses, dims = 3, seed = 1, control = vae_control(threads = 2, max_epochs = 500))
        list(fit$estimates, fit$items, fit$model, predict(fit, truth$responses[1:9, ]))
      }
      before <- work(0)
      forked <- parallel::mclapply(1:4, work, mc.cores = 2)
      list(same = vapply(forked, identical, logical(1), before), after = identical(work(0), before))
    },
    libpath = .libPaths(), timeout = 120
  )
  expect_identical(result, list(same = rep(TRUE, 4), after = TRUE))
})

test_that("two processes that fit at once do not share state", {
  skip_on_cran()
  skip_if_not_installed("callr")
  fit <- function(seed) {
    library(vaeirt)
    truth <- simulate_irt(300, 30, seed = seed)
    vae_irt(truth$responses, seed = seed, control = vae_control(threads = 2))[c("estimates", "items", "model")]
  }
  both <- lapply(1:2, function(seed) callr::r_bg(fit, list(seed), libpath = .libPaths()))
  for (seed in 1:2) {
    both[[seed]]$wait(120000)
    expect_identical(both[[seed]]$get_result(), fit(seed))
  }
})

test_that("there are as many worker threads as asked for, and none afterwards", {
  skip_on_cran()
  skip_if_not(dir.exists("/proc/self/task"))
  skip_if_not_installed("callr")
  for (threads in c(1L, 3L)) {
    folder <- withr::local_tempdir()
    at <- function(what) file.path(folder, what)
    session <- callr::r_bg(
      function(threads, folder) {
        library(vaeirt)
        options(vaeirt.threads = 7L)
        truth <- simulate_irt(1500, 60, dims = 3, seed = 1)
        path <- tempfile(fileext = ".parquet")
        step <- function(what) {
          file.create(file.path(folder, what))
          Sys.sleep(0.3)
        }
        step("ready")
        control <- vae_control(threads = threads, draws = 2000)
        fit <- suppressWarnings(vae_irt(truth$responses, dims = 3, seed = 1, control = control))
        predict(fit, truth$responses)
        predict(fit, truth$responses, to = path)
        write_model(fit, path)
        suppressWarnings(cv_dims(truth$responses, 1, folds = 2, seed = 1, control = control))
        rotate(fit, "varimax")
        step("done")
      },
      list(threads, folder),
      libpath = .libPaths()
    )
    names_of_threads <- function() {
      tasks <- list.files(file.path("/proc", session$get_pid(), "task"), full.names = TRUE)
      names <- vapply(tasks, function(task) {
        c(tryCatch(readLines(file.path(task, "comm"), warn = FALSE), error = function(cnd) character()), NA_character_)[[1]]
      }, character(1))
      names[!is.na(names)]
    }
    while (!file.exists(at("ready")) && session$is_alive()) Sys.sleep(0.01)
    Sys.sleep(0.1)
    before <- names_of_threads()
    most <- 0
    strangers <- character()
    last <- names_of_threads()
    while (!file.exists(at("done")) && session$is_alive()) {
      now <- suppressWarnings(names_of_threads())
      # A pool that is done takes a moment to go.
      lasting <- now[intersect(names(now), names(last))]
      most <- max(most, sum(grepl("^vaeirt-[0-9]+$", lasting)))
      strangers <- union(strangers, lasting[!names(lasting) %in% names(before) & !startsWith(lasting, "vaeirt-")])
      last <- now
      Sys.sleep(0.02)
    }
    Sys.sleep(0.1)
    after <- names_of_threads()
    session$wait(60000)
    expect_silent(session$get_result())
    expect_equal(most, threads, label = paste("worker threads where", threads, "were asked for"))
    expect_identical(strangers, character())
    expect_identical(after, before)
  }
})

test_that("the default obeys the limits of clusters and of R CMD check", {
  withr::local_envvar(`_R_CHECK_LIMIT_CORES_` = NA, OMP_THREAD_LIMIT = NA)
  withr::local_options(vaeirt.threads = NULL)
  expect_identical(default_threads(16L), 16L)
  limits <- list(
    list("", "3", 3L), list("", "0", 16L), list("", "many", 16L), list("", "99", 16L), list("TRUE", "", 2L),
    list("warn", "1", 1L), list("true", "5", 2L), list("false", "", 16L)
  )
  for (limit in limits) {
    withr::with_envvar(list(`_R_CHECK_LIMIT_CORES_` = limit[[1]], OMP_THREAD_LIMIT = limit[[2]]), {
      expect_identical(default_threads(16L), limit[[3]], label = paste(limit, collapse = " "))
    })
  }
  withr::local_envvar(OMP_THREAD_LIMIT = "1")
  expect_identical(vae_control()$threads, 1L)
  expect_identical(vae_control(threads = 4)$threads, 4L)
})
