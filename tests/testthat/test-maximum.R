# The maximum of the marginal posterior of five binary items by other means: sums over a fine grid for every pattern of responses,
# and R's own optimiser, then Newton steps with numerical second derivatives.
maximum_by_patterns <- function(responses, counts, prior_sd = 5) {
  x <- seq(-8, 8, length.out = 401)
  log_weight <- dnorm(x, log = TRUE) + log(x[[2]] - x[[1]])
  n_items <- ncol(responses)
  negative <- function(parameters) {
    slope <- parameters[seq_len(n_items)]
    predictor <- outer(x, slope) - rep(parameters[n_items + seq_len(n_items)], each = length(x))
    joint <- plogis(predictor, log.p = TRUE) %*% t(responses) + plogis(-predictor, log.p = TRUE) %*% t(1 - responses) + log_weight
    largest <- apply(joint, 2, max)
    evidence <- largest + log(colSums(exp(joint - rep(largest, each = length(x)))))
    expected <- exp(joint - rep(evidence, each = length(x))) * rep(counts, each = length(x))
    residual <- expected %*% responses - rowSums(expected) * plogis(predictor)
    list(
      value = sum(parameters^2) / (2 * prior_sd^2) - sum(counts * evidence),
      gradient = parameters / prior_sd^2 - c(colSums(residual * x), -colSums(residual))
    )
  }
  share <- colSums(responses * counts) / sum(counts)
  found <- optim(c(rep(1, n_items), -qlogis(share)), function(p) negative(p)$value, function(p) negative(p)$gradient,
    method = "BFGS", control = list(maxit = 1000, reltol = 1e-14)
  )$par
  for (step in 1:5) {
    hessian <- vapply(seq_along(found), function(j) {
      shift <- replace(numeric(length(found)), j, 1e-4)
      (negative(found + shift)$gradient - negative(found - shift)$gradient) / 2e-4
    }, found)
    found <- found - solve((hessian + t(hessian)) / 2, negative(found)$gradient)
  }
  list(estimate = found, std.error = sqrt(diag(solve((hessian + t(hessian)) / 2))), log_posterior = -negative(found)$value)
}

# Slopes, then difficulties, the slopes positive.
in_order <- function(fit) {
  estimates <- fit$items[order(fit$items$term == "difficulty"), ]
  slopes <- estimates$term == "discrimination"
  sign <- sign(sum(estimates$estimate[slopes]))
  list(estimate = ifelse(slopes, sign, 1) * estimates$estimate, std.error = estimates$std.error)
}

test_that("the items are at the maximum of their marginal posterior, at any size, with weights and repeated rows", {
  patterns <- as.matrix(expand.grid(rep(list(0:1), 5)))
  colnames(patterns) <- paste0("item_", 1:5)
  chances <- local({
    x <- seq(-6, 6, length.out = 200)
    p <- plogis(outer(x, c(0.8, 0.7, 0.9, 0.7, 0.6)) - rep(c(-2.8, -1, -0.2, -1.3, -2), each = 200))
    each <- apply(patterns, 1, function(y) exp(log(p) %*% y + log(1 - p) %*% (1 - y)))
    colSums(each * dnorm(x)) / sum(dnorm(x))
  })
  # 1,000 and 100,000 rows, the latter by repeated rows and by weights.
  for (n in c(1000, 100000)) {
    counts <- round(n * chances)
    exact <- maximum_by_patterns(patterns, counts)
    known <- counts > 0
    of_rows <- patterns[rep(seq_along(counts), counts), ]
    fits <- list(
      vae_irt(of_rows, prior = irt_prior(5, 5), seed = 1),
      vae_irt(of_rows, prior = irt_prior(5, 5), seed = 2),
      vae_irt(patterns[known, ], weights = counts[known], prior = irt_prior(5, 5), seed = 1)
    )
    for (fit in fits) {
      found <- in_order(fit)
      expect_true(fit$polished)
      expect_lt(max(abs(found$estimate - exact$estimate) / exact$std.error), 0.05)
      expect_lt(max(abs(found$std.error / exact$std.error - 1)), 0.06)
      expect_lt(abs(as.numeric(logLik(fit)) - sum(exact$estimate^2) / 50 - exact$log_posterior), 0.02)
    }
    expect_lt(max(abs(in_order(fits[[1]])$estimate - in_order(fits[[2]])$estimate) / exact$std.error), 0.05)
  }
})

# The log-likelihood of a fit in one dimension at the items that it returns, on a fine grid.
log_likelihood_on_grid <- function(fit) {
  x <- seq(-8, 8, length.out = 4001)
  log_probabilities <- do.call(cbind, lapply(vaeirt:::response_functions(fit), function(at) log(at(matrix(x)))))
  ids <- vaeirt:::option_ids(fit$responses) + 1
  rows <- rep(seq_along(vaeirt:::responses_given(fit$responses)), vaeirt:::responses_given(fit$responses))
  by_respondent <- vapply(split(ids, rows), function(own) {
    joint <- rowSums(log_probabilities[, own, drop = FALSE]) + dnorm(x, log = TRUE)
    max(joint) + log(sum(exp(joint - max(joint)))) + log(x[[2]] - x[[1]])
  }, numeric(1))
  sum(by_respondent)
}

test_that("the log-likelihood is right where items are steep", {
  set.seed(4)
  trait <- rnorm(3000)
  slopes <- rep(c(1.2, 15), c(8, 4))
  chance <- plogis(outer(trait, slopes) - rep(slopes * seq(-1, 1, length.out = 12), each = 3000))
  # A wide prior: the reported scale is that of the aggregate posterior, which a narrow one would move.
  prior <- irt_prior(discrimination = 50, difficulty = 50)
  fit <- vae_irt(matrix(as.integer(runif(length(chance)) < chance), 3000), prior = prior, seed = 1)
  expect_true(fit$polished)
  expect_identical(fit$std_errors, "joint")
  expect_lt(abs(as.numeric(logLik(fit)) - log_likelihood_on_grid(fit)), 0.05)
})
