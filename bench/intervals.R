# Intervals and probabilities where users are: with weights, of new respondents, relative to anchors, of cells left out. Rscript
# bench/intervals.R [data sets per design]; writes intervals.csv to the working folder. True values are known by simulation:
# traits
# and items are N(0, 1). `scale`: the one on which estimates are compared; "anchors": that of the anchors.
library(vaeirt)

most <- as.integer(c(commandArgs(TRUE), 100)[[1]])
one_thread <- vae_control(threads = 1)
designs <- data.frame(
  what = rep(
    c("weights", "weights of who was sampled", "new respondents", "anchors", "cells left out", "two dimensions"), c(2, 1, 4, 2, 4, 1)
  ),
  n_respondents = c(400, 15, 400, 60, 100, 9, 400, 100, 200, 60, 100, 100, 300, 100),
  n_items = c(40, 50, 40, 60, 300, 200, 20, 300, 100, 60, 300, 40, 40, 400),
  dims = c(1, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 2, 2),
  n_sets = pmin(most, c(rep(100, 8), 50, 100, 40, 100, 100, 20))
)
n_new <- 200

draw <- function(traits, discriminations, difficulties) {
  p <- plogis(tcrossprod(traits, discriminations) - rep(difficulties, each = nrow(traits)))
  y <- matrix(rbinom(length(p), 1, p), nrow(p))
  dimnames(y) <- list(paste0("r", seq_len(nrow(y))), paste0("i", seq_len(ncol(y))))
  y
}

# Unequal weights; of people who were sampled with a probability that depends on the trait, they are its inverse.
sampled <- function(what, n) {
  if (what == "weights") return(list(traits = rnorm(n), weights = exp(rnorm(n, 0, 0.8))))
  pool <- rnorm(20 * n)
  chosen <- sample(length(pool), n, prob = exp(0.7 * pool))
  list(traits = pool[chosen], weights = exp(-0.7 * pool[chosen]))
}

# Turns what are true traits to the estimates; the items turn with them.
turn_to <- function(traits, estimates) {
  parts <- svd(crossprod(traits, estimates))
  parts$u %*% t(parts$v)
}

held <- function(table, truth) mean(table$conf.low <= truth & truth <= table$conf.high, na.rm = TRUE)

estimates_of <- function(fit) matrix(fit$estimates$estimate, ncol = fit$dims, byrow = TRUE)

# Coverage of respondents and items on the scale of the prior, after a turn.
compare <- function(fit, traits, discriminations, difficulties) {
  turn <- turn_to(traits, estimates_of(fit))
  own <- match(fit$catalogue$item, paste0("i", seq_along(difficulties)))
  is_slope <- fit$items$term == "discrimination"
  truth <- as.vector(t(traits %*% turn))
  c(
    respondents = held(fit$estimates, truth),
    discriminations = held(fit$items[is_slope, ], as.vector(t(discriminations[own, , drop = FALSE] %*% turn))),
    difficulties = held(fit$items[!is_slope, ], difficulties[own]),
    truth_on_estimate = slope(truth, fit$estimates$estimate)
  )
}

slope <- function(truth, estimate) unname(stats::coef(stats::lm(truth ~ estimate))[[2]])

# Everybody but the anchors.
compare_anchored <- function(fit, traits, anchors) {
  positions <- traits[anchors, , drop = FALSE]
  rownames(positions) <- paste0("r", anchors)
  anchored <- rotate(fit, anchors = positions)
  others <- !anchored$estimates$respondent %in% rownames(positions)
  truth <- as.vector(t(traits))
  c(
    respondents = held(anchored$estimates[others, ], truth[others]),
    truth_on_estimate = slope(truth[others], anchored$estimates$estimate[others])
  )
}

# Where anchors are wanted, and who is nearest.
anchors_of <- function(dims) if (dims == 1) cbind(c(-1, 1)) else rbind(c(-1, -0.5), c(1, -0.5), c(0, 1))

nearest <- function(traits, points) {
  apply(points, 1, function(point) which.min(colSums((t(traits) - point)^2)))
}

# How often what has a probability comes true: the logistic slope of the outcomes of cells that were left out.
calibration <- function(responses, dims) {
  out <- matrix(stats::runif(length(responses)) < 0.2, nrow(responses))
  given <- replace(responses, out, NA)
  fit <- vae_irt(given, dims, seed = 1, control = one_thread)
  found <- predict(fit, type = "prob", conf.int = FALSE)
  found <- found[found$response == "1", ]
  at <- cbind(match(found$respondent, rownames(responses)), match(found$item, colnames(responses)))
  left_out <- out[at]
  outcome <- responses[at][left_out]
  model <- stats::glm(outcome ~ stats::qlogis(found$.prob[left_out]), family = stats::binomial)
  c(calibration = unname(stats::coef(model)[[2]]))
}

assess <- function(design, seed) {
  set.seed(seed)
  n <- design$n_respondents
  discriminations <- matrix(rnorm(design$n_items * design$dims), ncol = design$dims)
  difficulties <- rnorm(design$n_items)
  is_weighted <- startsWith(design$what, "weights")
  chosen <- if (is_weighted) sampled(design$what, n) else list(traits = rnorm((n + n_new) * design$dims))
  traits <- matrix(chosen$traits, ncol = design$dims)
  responses <- draw(traits, discriminations, difficulties)
  fitted <- seq_len(n)
  fit <- function(...) vae_irt(responses[fitted, ], design$dims, seed = 1, control = one_thread, ...)
  switch(design$what,
    "weights" = , "weights of who was sampled" = compare(
      fit(weights = chosen$weights, weight_type = "sampling"), traits, discriminations, difficulties
    ),
    "new respondents" = {
      found <- fit()
      turn <- turn_to(traits[fitted, , drop = FALSE], estimates_of(found))
      new <- predict(found, responses[-fitted, ])
      truth <- as.vector(t(traits[-fitted, , drop = FALSE] %*% turn))
      c(respondents = held(new, truth), truth_on_estimate = slope(truth, new$estimate))
    },
    "anchors" = {
      own <- traits[fitted, , drop = FALSE]
      compare_anchored(fit(), own, nearest(own, anchors_of(design$dims)))
    },
    "cells left out" = calibration(responses[fitted, ], design$dims),
    # The truth is turned to the estimates: so their axes count as chosen.
    "two dimensions" = compare(rotate(fit(), "varimax"), traits[fitted, , drop = FALSE], discriminations, difficulties)
  )
}

columns <- c("respondents", "discriminations", "difficulties", "truth_on_estimate", "calibration")

rows <- lapply(seq_len(nrow(designs)), function(k) {
  design <- designs[k, ]
  found <- parallel::mclapply(seq_len(design$n_sets), mc.cores = 2, function(seed) {
    suppressMessages(suppressWarnings(assess(design, seed)))[columns]
  })
  found <- do.call(rbind, found)
  main <- if (all(is.na(found[, 1]))) 5 else 1
  row <- cbind(
    design, t(round(colMeans(found), 3)), simulation_error = round(stats::sd(found[, main]) / sqrt(design$n_sets), 3)
  )
  names(row)[seq_along(columns) + ncol(design)] <- columns
  print(row)
  row
})
utils::write.csv(do.call(rbind, rows), "intervals.csv", row.names = FALSE, na = "")
