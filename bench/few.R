# What becomes of the intervals where there are few respondents, or few responses to an item: coverage of the 95 % intervals of
# respondents on the scale of the prior, with the default prior of items, which is estimated, and with standard deviations
# of 1.5. Rscript bench/few.R [data sets per design]; writes bench/few.csv. The sentences of
# print() rest on it.
library(vaeirt)

n_sets <- as.integer(c(commandArgs(TRUE), 40)[[1]])
# `each`: responses of each respondent, to items that are drawn at random; all of them where it is NA.
designs <- data.frame(
  n_respondents = c(9, 9, 20, 29, 29, 50, 100, 100, 100, 100, 100, 100, 400, 400),
  n_items = c(50, 200, 200, 50, 200, 200, 50, 50, 50, 50, 50, 50, 100, 200),
  each = c(NA, NA, NA, NA, NA, NA, 5, 8, 12, 16, 25, NA, 5, 10)
)

simulate_few <- function(design, seed) {
  truth <- simulate_irt(design$n_respondents, design$n_items, seed = seed)
  responses <- truth$responses
  if (!is.na(design$each)) {
    set.seed(seed)
    for (i in seq_len(nrow(responses))) responses[i, -sample(ncol(responses), design$each)] <- NA
  }
  list(responses = responses, traits = truth$respondents$estimate)
}

cover <- function(design, seed, prior) {
  data <- simulate_few(design, seed)
  fit <- suppressWarnings(suppressMessages(
    vae_irt(data$responses, seed = 1, prior = prior, control = vae_control(threads = 1))
  ))
  own <- fit$estimates
  truth <- data$traits * sign(cor(own$estimate, data$traits, use = "complete.obs"))
  mean(truth >= own$conf.low & truth <= own$conf.high, na.rm = TRUE)
}

results <- lapply(seq_len(nrow(designs)), function(k) {
  design <- designs[k, ]
  shares <- vapply(seq_len(n_sets), function(seed) cover(design, seed, irt_prior()), numeric(1))
  tight <- vapply(seq_len(n_sets), function(seed) cover(design, seed, irt_prior(1.5, 1.5)), numeric(1))
  per_item <- ifelse(is.na(design$each), design$n_respondents, design$n_respondents * design$each / design$n_items)
  row <- data.frame(
    design, responses_per_item = per_item, coverage = round(mean(shares), 3),
    simulation_error = round(sd(shares) / sqrt(n_sets), 3), coverage_prior_1.5 = round(mean(tight), 3), data_sets = n_sets
  )
  print(row, row.names = FALSE)
  row
})
write.csv(do.call(rbind, results), "bench/few.csv", row.names = FALSE)
