# Intervals where respondents are few and items many: courts, committees, chambers with party lines, sparse items. Rscript
# bench/chambers.R [data sets per design]; writes chambers.csv to the working folder. True values are known by simulation;
# everything but `coverage_prior` is on the normalised scale.
library(vaeirt)

most <- as.integer(c(commandArgs(TRUE), 100)[[1]])
designs <- data.frame(
  name = c(
    "court, items N(0, 1)", "court, steep votes", "committee", "committee", "council, many votes", "pooled courts, nine a case",
    "chamber with party lines", "chamber, two parties apart", "chamber, two parties apart", "sparse items, ten responses each",
    "sparse items, five responses each"
  ),
  n_respondents = c(9, 9, 15, 30, 20, 45, 100, 158, 158, 300, 300),
  n_items = c(200, 200, 50, 100, 2000, 5000, 500, 500, 2000, 3000, 3000),
  each = c(NA, NA, NA, NA, NA, 9, NA, NA, NA, 10, 5),
  slope = c("normal", "court", "normal", "normal", "normal", "normal", "parties", "steep", "steep", "normal", "normal"),
  n_sets = pmin(most, c(100, 100, 100, 100, 20, 10, 40, 20, 4, 10, 10))
)

# Slopes that go up or down for the two options alike.
slopes <- function(kind, n) {
  size <- switch(kind, normal = rnorm(n), court = rnorm(n, 2.5), parties = exp(rnorm(n, 0.7, 0.7)), steep = rnorm(n, 8, 3))
  size * sample(c(-1, 1), n, replace = TRUE)
}

traits <- function(design) {
  n <- design$n_respondents
  side <- rep_len(c(1, -1), n)
  switch(design$slope, parties = 0.9 * side + rnorm(n, 0, 0.45), steep = side + rnorm(n, 0, 0.3), rnorm(n))
}

# Who answers an item: everybody, neighbours in time (nine of a court), or anybody.
answering <- function(design) {
  n <- design$n_respondents
  if (is.na(design$each)) seq_len(n)
  else if (design$each == 9) sample(n - 8, 1) + 0:8
  else sample(n, design$each)
}

simulate_chamber <- function(design, seed) {
  set.seed(seed)
  theta <- traits(design)
  spread <- switch(design$slope, court = 1.5, parties = 2, steep = 3, 1)
  y <- matrix(NA_integer_, design$n_respondents, design$n_items)
  items <- matrix(0, design$n_items, 2)
  for (j in seq_len(design$n_items)) {
    repeat {
      items[j, ] <- c(slopes(design$slope, 1), rnorm(1, 0, spread))
      who <- answering(design)
      own <- rbinom(length(who), 1, plogis(items[j, 1] * theta[who] - items[j, 2]))
      if (min(own) < max(own)) break
    }
    y[who, j] <- own
  }
  colnames(y) <- paste0("v", seq_len(ncol(y)))
  list(responses = y, theta = theta, items = items)
}

assess <- function(design, seed) {
  data <- simulate_chamber(design, seed)
  answered <- rowSums(!is.na(data$responses)) > 0
  seconds <- system.time(fit <- suppressMessages(vae_irt(data$responses, seed = 1)))[["elapsed"]]
  true <- data$theta[answered]
  mean_true <- mean(true)
  sd_true <- sqrt(mean((true - mean_true)^2))
  own <- tidy(fit, scale = "normalised")[answered, ]
  way <- sign(cor(own$estimate, true))
  z <- (true - mean_true) / sd_true
  inside <- function(low, high, value) mean(low <= value & value <= high)
  estimates <- fit$estimates[answered, ]
  items <- tidy(fit, "items", scale = "normalised")
  a <- items[items$term == "discrimination", ]
  b <- items[items$term == "difficulty", ]
  true_a <- way * data$items[, 1] * sd_true
  true_b <- data$items[, 2] - data$items[, 1] * mean_true
  c(
    coverage = inside(own$conf.low, own$conf.high, way * z),
    coverage_prior = inside(estimates$conf.low, estimates$conf.high, way * true),
    truth_on_estimate = sum(way * z * own$estimate) / sum(own$estimate^2), correlation = abs(cor(own$estimate, true)),
    coverage_discriminations = inside(a$conf.low, a$conf.high, true_a),
    coverage_difficulties = inside(b$conf.low, b$conf.high, true_b),
    truth_on_discrimination = sum(true_a * a$estimate) / sum(a$estimate^2), seconds = seconds
  )
}

results <- lapply(seq_len(nrow(designs)), function(k) {
  design <- designs[k, ]
  found <- vapply(seq_len(design$n_sets), function(seed) assess(design, seed), numeric(8))
  row <- data.frame(
    design[c("name", "n_respondents", "n_items", "n_sets")], t(round(rowMeans(found), 3)),
    simulation_error = round(sd(found["coverage", ]) / sqrt(design$n_sets), 3)
  )
  print(row, row.names = FALSE)
  row
})
write.csv(do.call(rbind, results), "chambers.csv", row.names = FALSE)
