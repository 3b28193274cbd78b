# Calls every function of the Rust library through the functions of the package, on small data. `boundary_calls()` is a list
# of functions without arguments; each returns plain values that have to be the same in whatever circumstances.
# gctorture.R and valgrind.sh use it.
boundary_calls <- function(folder) {
  suppressPackageStartupMessages(library(vaeirt))
  control <- vae_control(max_epochs = 3L, hidden = 4L, threads = 1L, progress = FALSE)
  quiet <- function(value) suppressMessages(suppressWarnings(value))
  votes <- simulate_irt(12, 5, missing = 0.1, seed = 1)$responses
  dimnames(votes) <- list(paste("v", seq_len(nrow(votes))), paste("item", seq_len(ncol(votes))))
  long <- data.frame(
    voter = rep(rownames(votes), ncol(votes)), race = rep(colnames(votes), each = nrow(votes)),
    choice = as.character(votes)
  )
  long <- long[!is.na(long$choice), ]
  fit <- quiet(vae_irt(votes, control = control, seed = 1))
  two <- quiet(vae_irt(votes, dims = 2, control = control, seed = 1))
  parquet <- file.path(folder, "long.parquet")
  model <- file.path(folder, "model.safetensors")
  estimates <- file.path(folder, "estimates.parquet")
  write_long <- function() vaeirt:::write_parquet_parts(function(k) long[if (k == 1) 1:20 else 21:nrow(long), ], 2, parquet)
  read_long <- function(...) quiet(irt_responses(parquet, respondent = voter, item = race, response = choice, ...))
  responses <- function(x) x[c("offsets", "options", "option_size")]
  list(
    info = function() vaeirt_info()$version,
    simulate = function() simulate_irt(5, 3, dims = 2, seed = 2),
    wide = function() responses(irt_responses(votes)),
    frame = function() responses(quiet(irt_responses(as.data.frame(votes), min_responses = 4))),
    long = function() responses(quiet(irt_responses(long, respondent = voter, item = race, response = choice))),
    duplicates = function() lapply(c("drop_response", "drop_item", "keep_identical"), function(what) {
      twice <- rbind(long, long[3, ])
      responses(quiet(irt_responses(twice, respondent = voter, item = race, response = choice, duplicates = what)))
    }),
    fit = function() as.data.frame(quiet(vae_irt(votes, control = control, seed = 1))$estimates),
    two = function() as.data.frame(two$items),
    predict = function() as.data.frame(predict(fit, votes[1:4, ])),
    probabilities = function() as.data.frame(predict(fit, type = "prob")),
    rotate = function() as.data.frame(quiet(rotate(two, anchors = matrix(
      c(1, 0, -1, 0, 0, 1), 3, 2, byrow = TRUE, dimnames = list(rownames(votes)[c(1, 5, 9)], NULL)
    )))$estimates),
    draws = function() unclass(posterior::as_draws_df(fit, n = 3)),
    held_out = function() as.data.frame(quiet(cv_dims(votes, dims = 1:2, folds = 2, control = control, seed = 1))),
    parquet_written = function() {
      write_long()
      file.exists(parquet)
    },
    parquet_read = function() responses(read_long()),
    parquet_refused = function() tryCatch(read_long(weights = race), error = class),
    model_written = function() {
      write_model(fit, model)
      tools::md5sum(model)[[1]]
    },
    model_read = function() as.data.frame(predict(read_model(model), votes[1:4, ])),
    model_refused = function() {
      bad <- file.path(folder, "bad.safetensors")
      writeBin(readBin(model, "raw", 200), bad)
      tryCatch(read_model(bad), error = class)
    },
    estimates_written = function() {
      predict(fit, read_long(), to = estimates)
      file.exists(estimates)
    }
  )
}
