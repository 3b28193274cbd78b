# The reference for the 109th Senate: a long run of MCMCpack::MCMCirt1d (probit, item prior precision .04), every draw
# normalised so that the respondents have mean 0 and SD 1. Writes tests/testthat/senate_mcmc.csv (the respondents) and
# senate_mcmc_items.csv (the items); takes about five minutes.
data(s109, package = "pscl")
votes <- s109$votes
y <- matrix(NA, nrow(votes), ncol(votes), dimnames = dimnames(votes))
y[votes %in% s109$codes$yea] <- 1
y[votes %in% s109$codes$nay] <- 0
y <- y[, apply(y, 2, function(x) length(unique(x[!is.na(x)])) == 2)]

draws <- MCMCpack::MCMCirt1d(
  y,
  theta.constraints = list("BOXER (D CA)" = "-", "SESSIONS (R AL)" = "+"),
  burnin = 5000, mcmc = 100000, thin = 10, ab0 = 0, AB0 = 0.04, store.item = TRUE, store.ability = TRUE, seed = 1
)
part <- function(name) unclass(draws)[, startsWith(colnames(draws), name)]
center <- rowMeans(part("theta"))
scale <- apply(part("theta"), 1, sd)
# MCMCpack's alpha is the difficulty and its beta the discrimination, in the order of the columns of y.
discrimination <- part("beta") * scale
difficulty <- part("alpha") - part("beta") * center
moments <- function(values) data.frame(mean = signif(colMeans(values), 6), sd = signif(apply(values, 2, sd), 6))
respondents <- data.frame(respondent = rownames(y), moments((part("theta") - center) / scale))
items <- rbind(
  data.frame(item = colnames(y), term = "discrimination", moments(discrimination)),
  data.frame(item = colnames(y), term = "difficulty", moments(difficulty))
)
write.csv(respondents, "tests/testthat/senate_mcmc.csv", row.names = FALSE)
write.csv(items, "tests/testthat/senate_mcmc_items.csv", row.names = FALSE)
