# Disks that are full or cannot be written, and memory that is not there: an error that says where and why, and the file that
# was there before is intact.

writers <- function() {
  fit <- small_fit()
  data <- small_truth()$responses
  list(
    write_model = function(path) write_model(fit, path),
    write_estimates = function(path) write_estimates(fit, path),
    `write_estimates, part by part` = function(path) {
      withr::local_options(vaeirt.part_size = 40)
      write_estimates(fit, path)
    },
    `predict(to =)` = function(path) predict(fit, data, to = path)
  )
}

# A message without its line breaks.
words <- function(cnd) gsub("\\s+", " ", conditionMessage(cnd))

expect_refused <- function(write, folder, reason, label) {
  path <- file.path(folder, "out.file")
  before <- list.files(folder, all.files = TRUE)
  error <- expect_error(write(path), class = "vaeirt_error_file", label = label)
  expect_match(words(error), "out.file", fixed = TRUE)
  expect_match(words(error), reason)
  expect_identical(list.files(folder, all.files = TRUE), before, label = paste("the files after", label))
  expect_identical(readLines(path), "there before", label = paste("the file after", label))
}

# A small disk of its own, for root on Linux.
small_disk <- function(frame = parent.frame()) {
  skip_on_cran()
  skip_on_os(c("windows", "mac"))
  folder <- withr::local_tempdir(.local_envir = frame)
  run <- function(command, arguments) suppressWarnings(system2(command, arguments, stdout = FALSE, stderr = FALSE))
  mounted <- nzchar(Sys.which("mount")) && run("mount", c("-t", "tmpfs", "-o", "size=1m", "tmpfs", folder)) == 0
  skip_if_not(mounted, "a disk cannot be mounted here")
  withr::defer(run("umount", c("-l", folder)), envir = frame)
  writeLines("there before", file.path(folder, "out.file"))
  folder
}

# Fills a disk but for so many bytes.
fill_disk <- function(folder, but = 0) {
  ballast <- file.path(folder, "ballast")
  connection <- file(ballast, "wb")
  suppressWarnings(for (k in 1:300) writeBin(raw(4096), connection))
  suppressWarnings(close(connection))
  kept <- readBin(ballast, "raw", file.size(ballast) - but)
  writeBin(kept, ballast)
  ballast
}

test_that("a full disk is an error and leaves what was there", {
  folder <- small_disk()
  fill_disk(folder)
  all <- writers()
  for (name in names(all)) expect_refused(all[[name]], folder, "No space left", name)
})

test_that("a training that finds the disk full keeps its checkpoint and goes on from it", {
  folder <- small_disk()
  fit <- function(checkpoint) {
    control <- vae_control(
      checkpoint = checkpoint, checkpoint_seconds = 1e-9, batch_size = 64, max_epochs = 4, threads = 1, std_errors = "none"
    )
    suppressWarnings(vae_irt(small_truth()$responses, seed = 1, control = control))
  }
  elsewhere <- withr::local_tempdir()
  unbroken <- fit(elsewhere)
  # Room for one checkpoint, but not for a second one beside it.
  ballast <- fill_disk(folder, but = round(1.5 * file.size(file.path(elsewhere, "training.checkpoint"))))
  error <- expect_error(fit(folder), class = "vaeirt_error_file")
  expect_match(words(error), "training.checkpoint.*No space left")
  expect_setequal(list.files(folder, all.files = TRUE, no.. = TRUE), c("ballast", "out.file", "training.checkpoint"))
  unlink(ballast)
  expect_message(resumed <- fit(folder), "Went on from the checkpoint")
  expect_identical(resumed[c("estimates", "items", "model")], unbroken[c("estimates", "items", "model")])
})

test_that("a disk that is read only is an error and leaves what was there", {
  folder <- small_disk()
  skip_if_not(system2("mount", c("-o", "remount,ro", folder), stdout = FALSE, stderr = FALSE) == 0)
  all <- writers()
  for (name in names(all)) expect_refused(all[[name]], folder, "Read-only", name)
})

test_that("a folder without permission is an error and leaves what was there", {
  skip_on_os("windows")
  folder <- withr::local_tempdir()
  writeLines("there before", file.path(folder, "out.file"))
  Sys.chmod(folder, "555")
  withr::defer(Sys.chmod(folder, "755"))
  skip_if(file.access(folder, 2) == 0, "nothing is forbidden to root")
  all <- writers()
  for (name in names(all)) expect_refused(all[[name]], folder, "Permission denied", name)
})

test_that("what is no plain file is not replaced", {
  folder <- withr::local_tempdir()
  dir.create(file.path(folder, "out.file"))
  all <- writers()
  for (name in names(all)) {
    expect_error(all[[name]](file.path(folder, "out.file")), "a folder or a device is there", class = "vaeirt_error_file")
  }
  expect_identical(list.files(folder, recursive = TRUE, include.dirs = TRUE), "out.file")
})

# Runs an expression, that prints, in a session with limits of the shell.
limited <- function(limit, code) {
  script <- withr::local_tempfile(fileext = ".R")
  writeLines(c(sprintf(".libPaths(%s)", deparse1(.libPaths())), "library(vaeirt)", deparse(code)), script)
  command <- sprintf("trap '' XFSZ; %s; exec %s --vanilla %s", limit, file.path(R.home("bin"), "Rscript"), script)
  suppressWarnings(system2("bash", c("-c", shQuote(command)), stdout = TRUE, stderr = TRUE))
}

test_that("a file that grows beyond the limit is an error and leaves what was there", {
  skip_on_cran()
  skip_on_os("windows")
  skip_if_not(nzchar(Sys.which("bash")))
  said <- limited("ulimit -f 4", quote({
    truth <- simulate_irt(1000, 60, seed = 1)
    fit <- suppressWarnings(vae_irt(truth$responses, seed = 1, control = vae_control(threads = 1, max_epochs = 2)))
    folder <- tempfile()
    dir.create(folder)
    path <- file.path(folder, "out.file")
    writeLines("there before", path)
    for (write in list(write_model, write_estimates, function(fit, path) predict(fit, truth$responses, to = path))) {
      error <- tryCatch(write(fit, path), error = identity)
      cat(inherits(error, "vaeirt_error_file"), grepl("File\\s+too\\s+large", conditionMessage(error)), "\n")
      cat(list.files(folder), readLines(path), "\n")
    }
  }))
  expect_identical(trimws(said), rep(c("TRUE TRUE", "out.file there before"), 3))
})

test_that("memory that is not there is an error, and the session goes on", {
  skip_on_cran()
  skip_on_os(c("windows", "mac"))
  skip_if_not(nzchar(Sys.which("bash")))
  said <- limited("ulimit -v 6000000", quote({
    truth <- simulate_irt(100, 20, seed = 1)
    work <- function() vae_irt(truth$responses, seed = 1, control = vae_control(threads = 1))
    fit <- work()
    for (ask in list(function() posterior::as_draws_df(fit, n = 1e8), function() simulate_irt(4e4, 5e4, seed = 1))) {
      cat(class(tryCatch(ask(), error = identity))[[1]], "\n")
    }
    cat(identical(work()$estimates, fit$estimates), "\n")
  }))
  expect_identical(trimws(said), c("vaeirt_error_memory", "vaeirt_error_memory", "TRUE"))
})
