# Runs the R tests against the installed package and ends with one line that counts them.
library(testthat)
library(vaeirt)
results <- as.data.frame(test_dir("tests/testthat", package = "vaeirt", load_package = "installed", reporter = "progress", stop_on_failure = FALSE))
failed <- sum(results$failed) + sum(results$error)
cat(sprintf("%d passed, %d failed, %d skipped\n", sum(results$passed), failed, sum(results$skipped)))
quit(status = if (failed > 0 || sum(results$passed) == 0) 1 else 0)
