# Made-up objects with the structure of the fits of packages that need not be installed here: classes, names and shapes are
# those of wnominate 1.4, oc 1.2.1, emIRT 0.0.14 and mirt 1.47 (checked against real fits), the numbers are ours.

members <- c("ADAMS (R AA)", "BAKER (D BB)", "CLARK (R CC)", "DAVIS (D DD)", "EVANS (D EE)", "FROST (I FF)", "GREEN (R GG)")

# The data frame of pscl's legislators and of what wnominate() and oc() count.
made_up_legislators <- function(...) {
  data.frame(
    state = factor(substr(members, 10, 11)), icpsrState = 1:7 * 10, cd = 0, icpsrLegis = 101:107,
    party = factor(substr(members, 8, 8)), partyCode = c(200, 100, 200, 100, 100, 328, 200), ...,
    row.names = members
  )
}

# The last member has too few votes; without a bootstrap (trials < 4) the standard errors are zeros.
made_up_wnominate <- function(bootstrapped = TRUE) {
  missing <- c(rep(1, 6), NA)
  legislators <- made_up_legislators(
    correctYea = 40 * missing, wrongYea = 4 * missing, wrongNay = 5 * missing, correctNay = 51 * missing,
    GMP = 0.8 * missing, CC = 0.9 * missing, coord1D = c(0.9, -0.8, 0.5, -0.4, -0.7, 0.1, NA),
    coord2D = c(0.1, 0.3, -0.6, 0.8, 0, -0.2, NA), se1D = bootstrapped * c(0.05, 0.04, 0.03, 0.06, 0.02, 0.07, NA),
    se2D = bootstrapped * c(0.1, 0.2, 0.15, 0.12, 0.11, 0.3, NA), corr.1 = bootstrapped * 0.2 * missing
  )
  structure(list(legislators = legislators, dimensions = 2, beta = 15, weights = c(0.5, 0.4)), class = "nomObject")
}

# In one dimension the coordinates are the ranks.
made_up_oc <- function() {
  rank <- c(7, 1, 5, 3, 2, 4, 6)
  legislators <- made_up_legislators(
    rank = rank, correctYea = 40, wrongYea = 4, wrongNay = 5, correctNay = 51, volume = 0, coord1D = rank
  )
  structure(list(legislators = legislators, dimensions = 1, fits = c(0.9, 0.7)), class = "OCobject")
}

# One posterior variance is shared by all respondents.
made_up_binirt <- function(dims = 1, bootstrap = NULL) {
  axes <- paste0("d", seq_len(dims))
  x <- matrix(c(1.4, -1.2, 0.8, -0.5, -0.9, 0.1, 0.6, 2:8 / 10), 7)[, seq_len(dims), drop = FALSE]
  structure(
    list(
      means = list(x = `dimnames<-`(x, list(members, axes))),
      vars = list(x = matrix(diag(c(0.04, 0.09), 2)[seq_len(dims), seq_len(dims)], dims, dimnames = list(axes, axes))),
      bse = bootstrap, n = 7, d = dims
    ),
    class = c("binIRT", "emIRT")
  )
}

# No names.
made_up_ordirt <- function() {
  structure(
    list(means = list(x = matrix(c(0.5, -0.2, 1, -1))), vars = list(x = matrix(0.01)), N = 4), class = c("ordIRT", "emIRT")
  )
}

made_up_hierirt <- function(bootstrap = NULL) {
  structure(
    list(
      means = list(eta = matrix(c(0, 0.1, -0.1)), x_implied = matrix(c(0.5, -0.2, 1)), gamma = matrix(1:4, 2)),
      vars = list(eta = matrix(0.01, 3)), N = list(D = 2, G = 2, I = 3), bse = bootstrap
    ),
    class = c("hierIRT", "emIRT")
  )
}

# A row per respondent, a column per period; zeros where somebody did not serve.
made_up_dynirt <- function() {
  x <- rbind(Black = c(-1, -1.1, 0), Frankfurter = c(0.2, 0.4, 0.5), Harlan = c(0, 0, 0.9))
  structure(list(means = list(x = x), vars = list(x = 0.01 * (x != 0)), N = 3, T = 3), class = "dynIRT")
}

# What mirt::fscores(full.scores = TRUE, full.scores.SE = TRUE) gives, without names, and with NA for rows without a
# response.
made_up_scores <- function() {
  cbind(F1 = c(0.1, NA, -1, 2), F2 = c(1, NA, 0, 1), SE_F1 = c(0.3, NA, 0.4, 0.5), SE_F2 = c(0.2, NA, 0.2, 0.2))
}

# Draws of a chain whose location, scale and axes wander: `points` is a matrix of positions, to which each draw adds noise.
wandering_draws <- function(points, n, noise) {
  withr::with_seed(7, {
    draws <- array(NA_real_, c(n, dim(points)), list(seq_len(n), rownames(points), paste0("D", seq_len(ncol(points)))))
    for (k in seq_len(n)) {
      turn <- qr.Q(qr(matrix(stats::rnorm(ncol(points)^2), ncol(points))))
      draws[k, , ] <- (points + stats::rnorm(length(points), sd = noise)) %*% turn * stats::runif(1, 0.5, 2) + stats::rnorm(1)
    }
    draws
  })
}
