# How the defaults of vae_control() were chosen: settings changed one at a time over a grid of simulated shapes. Writes
# bench/defaults.csv: medians over seeds of the seconds, of the R^2 of the worst dimension (the truth on all estimates), of the
# slope of the estimated on the true discriminations after Procrustes rotation, and of the loss of marginal log-likelihood
# per response against the best setting.
library(vaeirt)

shapes <- list(
  "9 x 200, 1-D" = list(9, 200),
  "100 x 600, 1-D" = list(100, 600),
  "500 x 30, 2-D" = list(500, 30, dims = 2),
  "2,000 x 60, 1-D, 80 % missing" = list(2000, 60, missing = 0.8),
  "3,000 x 100, 3-D, 70 % missing" = list(3000, 100, dims = 3, missing = 0.7),
  "10,000 x 100, 1-D" = list(10000, 100),
  "20,000 x 200, 4-D, 3 options, 90 % missing" = list(20000, 200, dims = 4, n_options = 3, missing = 0.9),
  "50,000 x 50, 2-D, 4 options" = list(50000, 50, dims = 2, n_options = 4, missing = 0.5)
)
settings <- list(
  "default" = list(),
  "tolerance 1e-4" = list(tolerance = 1e-4),
  "tolerance 3e-3" = list(tolerance = 3e-3),
  "learning rate .025" = list(learning_rate = 0.025),
  "learning rate .1" = list(learning_rate = 0.1),
  "1 sample" = list(importance_samples = 1),
  "8 samples" = list(importance_samples = 8),
  "batch 256" = list(batch_size = 256),
  "batch 2,048" = list(batch_size = 2048),
  "hidden 32" = list(hidden = 32),
  "hidden 128" = list(hidden = 128)
)
seeds <- 1:2

rows_of <- function(table, width) matrix(table$estimate, ncol = width, byrow = TRUE)

measure <- function(shape, setting, seed) {
  truth <- do.call(simulate_irt, c(shape, list(seed = seed)))
  dims <- shape$dims %||% 1
  control <- do.call(vae_control, c(setting, list(refine = TRUE, std_errors = "none")))
  seconds <- system.time(
    fit <- suppressWarnings(suppressMessages(vae_irt(truth$responses, dims = dims, seed = seed, control = control)))
  )[["elapsed"]]
  # The same model may have lost an item that everybody answered alike.
  known <- truth$items[truth$items$item %in% fit$items$item & truth$items$response %in% fit$items$response, ]
  key <- function(x) paste(x$item, x$response)
  known <- known[key(known) %in% key(fit$items), ]
  true <- rows_of(known, dims + 1)[, seq_len(dims), drop = FALSE]
  ours <- rows_of(fit$items[key(fit$items) %in% key(known), ], dims + 1)[, seq_len(dims), drop = FALSE]
  turn <- svd(crossprod(true, ours))
  turned <- true %*% turn$u %*% t(turn$v)
  traits <- rows_of(truth$respondents, dims)
  estimates <- rows_of(fit$estimates, dims)
  fits <- summary(stats::lm(traits ~ estimates))
  worst <- min(vapply(if (dims > 1) fits else list(fits), function(x) x$r.squared, numeric(1)))
  c(
    seconds = seconds, worst_r2 = worst, slope = sum(turned * ours) / sum(turned^2),
    log_likelihood = sum(fit$parameters$respondents$log_evidence, na.rm = TRUE) / sum(fit$catalogue$n_responses)
  )
}

`%||%` <- function(x, y) if (is.null(x)) y else x
table <- do.call(rbind, lapply(names(shapes), function(shape) {
  of_shape <- lapply(names(settings), function(setting) {
    values <- vapply(seeds, function(seed) measure(shapes[[shape]], settings[[setting]], seed), numeric(4))
    data.frame(shape = shape, setting = setting, t(apply(values, 1, stats::median)))
  })
  of_shape <- do.call(rbind, of_shape)
  of_shape$loss <- max(of_shape$log_likelihood) - of_shape$log_likelihood
  of_shape
}))
table$log_likelihood <- NULL
table[3:6] <- lapply(table[3:6], signif, 4)
print(table, right = FALSE, row.names = FALSE)
write.csv(table, "bench/defaults.csv", row.names = FALSE)
