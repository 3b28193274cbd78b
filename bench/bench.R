# Speed and accuracy, in one run, as seconds and as ratios to a yardstick: 500 iterations of pscl::ideal on the 109th
# Senate. Peers that are not installed are left out.
library(vaeirt)
data(s109, package = "pscl")

seconds <- function(code) system.time(code)[["elapsed"]]
normalise <- function(x) (x - mean(x)) / sd(x)

rows <- list()
report <- function(job, time, accuracy = "") {
  rows[[length(rows) + 1]] <<- data.frame(job = job, seconds = round(time, 2), ratio = round(time / yardstick, 2), accuracy = accuracy)
}

yardstick <- seconds(pscl::ideal(s109, d = 1, maxiter = 500, burnin = 100, thin = 10, store.item = FALSE))
report("pscl::ideal, s109, 500 iterations (the yardstick)", yardstick)

if (requireNamespace("MCMCpack", quietly = TRUE)) {
  votes <- irt_responses(s109)
  y <- matrix(NA, nrow(votes$respondents), nrow(votes$items))
  y[cbind(rep(seq_len(nrow(y)), votes$respondents$n_responses), votes$options %/% 2 + 1)] <- votes$options %% 2
  rownames(y) <- votes$respondents$respondent
  report("MCMCpack::MCMCirt1d, s109, 1,000 iterations", seconds(
    MCMCpack::MCMCirt1d(y, theta.constraints = list("BOXER (D CA)" = "-"), burnin = 100, mcmc = 900, AB0 = 0.04)
  ))
}

senate <- function(...) suppressMessages(vae_irt(s109, ..., seed = 1))
reference <- read.csv("tests/testthat/senate_mcmc.csv")
time <- seconds(fit <- senate(link = "probit"))
ours <- fit$estimates$estimate[match(reference$respondent, fit$estimates$respondent)]
ours <- normalise(ours) * sign(cor(ours, reference$mean))
report("vaeirt, s109, probit, 1-D", time, sprintf(
  "r with MCMC %.5f, median |difference| %.2f posterior SD, %.1f %% classified",
  cor(ours, reference$mean),
  median(abs(ours - reference$mean) / reference$sd),
  100 * fit$statistics$classification
))
time <- seconds(fit <- senate(link = "probit", dims = 2))
report("vaeirt, s109, probit, 2-D", time, sprintf("%.1f %% classified", 100 * fit$statistics$classification))
time <- seconds(fit <- senate())
report("vaeirt, s109, logit, 1-D", time, sprintf("%.1f %% classified", 100 * fit$statistics$classification))

truth <- simulate_irt(10000, 100, seed = 1)
trait <- truth$respondents$estimate
true <- matrix(truth$items$estimate, ncol = 2, byrow = TRUE)
time <- seconds(fit <- vae_irt(truth$responses, seed = 1))
nodes <- seq(-5, 5, length.out = 201)
eta <- outer(nodes, true[, 1]) - rep(true[, 2], each = 201)
density <- truth$responses %*% t(plogis(eta, log.p = TRUE)) + (1 - truth$responses) %*% t(plogis(-eta, log.p = TRUE))
density <- density + rep(dnorm(nodes, log = TRUE), each = nrow(density))
weights <- exp(density - apply(density, 1, max))
estimated <- matrix(fit$items$estimate, ncol = 2, byrow = TRUE)[, 1]
r <- cor(fit$estimates$estimate, trait)
report("vaeirt, 10,000 x 100, logit, 1-D", time, sprintf(
  "r with the truth %.5f (true items allow %.5f), discrimination slope %.3f",
  abs(r), cor(weights %*% nodes / rowSums(weights), trait), sign(r) * sum(estimated * true[, 1]) / sum(true[, 1]^2)
))
if (requireNamespace("emIRT", quietly = TRUE)) {
  y <- truth$responses * 2 - 1
  data <- list(votes = y)
  report("emIRT::binIRT, 10,000 x 100", seconds(
    peer <- emIRT::binIRT(
      .rc = data, .starts = emIRT::getStarts(nrow(y), ncol(y), 1), .priors = emIRT::makePriors(nrow(y), ncol(y), 1),
      .control = list(threads = 1, verbose = FALSE, thresh = 1e-6)
    )
  ), sprintf("r with the truth %.5f", abs(cor(peer$means$x[, 1], trait))))
}

table <- do.call(rbind, rows)
print(table, right = FALSE, row.names = FALSE)
write.csv(table, "bench/results.csv", row.names = FALSE)
