# The reference for the 109th Senate: a long run of MCMCpack::MCMCirt1d (probit, item prior precision .04), every draw
# normalised to mean 0 and SD 1. Writes tests/testthat/senate_mcmc.csv; takes about two minutes.
data(s109, package = "pscl")
votes <- s109$votes
y <- matrix(NA, nrow(votes), ncol(votes), dimnames = dimnames(votes))
y[votes %in% s109$codes$yea] <- 1
y[votes %in% s109$codes$nay] <- 0
y <- y[, apply(y, 2, function(x) length(unique(x[!is.na(x)])) == 2)]

draws <- MCMCpack::MCMCirt1d(
  y,
  theta.constraints = list("BOXER (D CA)" = "-", "SESSIONS (R AL)" = "+"),
  burnin = 5000, mcmc = 50000, thin = 10, ab0 = 0, AB0 = 0.04, store.item = FALSE, seed = 1
)
normalised <- t(apply(draws[, startsWith(colnames(draws), "theta")], 1, function(x) (x - mean(x)) / sd(x)))
table <- data.frame(respondent = rownames(y), mean = colMeans(normalised), sd = apply(normalised, 2, sd))
table[-1] <- signif(table[-1], 6)
write.csv(table, "tests/testthat/senate_mcmc.csv", row.names = FALSE)
