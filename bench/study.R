# How good the estimates and their intervals are: simulated designs with known truth, and the same data by marginal maximum
# likelihood. Writes bench/study.csv: one row per design, means over the replications (`_se`: Monte Carlo standard errors).
#
#   R_LIBS_USER=<library with mirt> Rscript bench/study.R a=100 b=100 c=100 d=20 e=20 f=20 peer=5
#
# <design>=<number of replications>, with the seeds 1, 2, ...; peer=<number of these, from seed 1, that the peer fits too, except
# on the scale of the respondents at hand>. The peer is mirt in one dimension, else the EM algorithm below: in three dimensions it
# finds what mirt finds in a tenth of the time; in two, mirt's nominal model is another one. VAEIRT_PEER_CACHE names a folder that
# keeps the peer's estimates, VAEIRT_STUDY_RAW a file for the results of every replication.
#
# (a) and (g) are compared on the scale "normalised" with the truth normalised alike, the other designs on the scale "prior" with the
# truth as it is, in several dimensions after Procrustes rotation of the traits to the true ones. For `rmse_items_*` and `peer_*` the
# items of both fits are rotated to the true items.

designs <- list(
  a = list(label = "100 x 500, 1-D", n_respondents = 100, n_items = 500, dims = 1, scale = "normalised"),
  b = list(label = "2,000 x 30, 1-D", n_respondents = 2000, n_items = 30, dims = 1),
  c = list(label = "2,000 x 60, 1-D, 80 % missing", n_respondents = 2000, n_items = 60, dims = 1, missing = 0.8),
  d = list(label = "3,000 x 40, 3-D", n_respondents = 3000, n_items = 40, dims = 3),
  e = list(label = "3,000 x 100, 3-D, 70 % missing", n_respondents = 3000, n_items = 100, dims = 3, missing = 0.7),
  f = list(label = "5,000 x 40, 2-D, 2 to 6 options", n_respondents = 5000, n_items = 40, dims = 2, n_options = 2:6),
  g = list(label = "1,000 x 8, 1-D", n_respondents = 1000, n_items = 8, dims = 1, scale = "normalised")
)

# Items as a matrix: one row per item and option other than the reference, named "item:response", the discriminations and the
# difficulty in its columns.
simulate <- function(design, seed) {
  set.seed(seed)
  n <- design$n_respondents
  dims <- design$dims
  n_options <- rep_len(if (is.null(design$n_options)) 2L else design$n_options, design$n_items)
  traits <- matrix(rnorm(n * dims), n)
  owner <- rep(seq_along(n_options), n_options - 1)
  items <- matrix(rnorm(length(owner) * (dims + 1)), ncol = dims + 1)
  rownames(items) <- paste(owner, sequence(n_options - 1), sep = ":")
  responses <- vapply(seq_along(n_options), function(j) {
    utilities <- cbind(0, cbind(traits, -1) %*% t(items[owner == j, , drop = FALSE]))
    # Gumbel noise makes the largest utility a draw from the softmax.
    max.col(utilities - log(rexp(length(utilities))), "first") - 1L
  }, integer(n))
  if (!is.null(design$missing)) responses[runif(length(responses)) < design$missing] <- NA
  list(traits = traits, items = items, responses = responses)
}

# The peers: they return the items as a matrix, on the scale where the traits are N(0, I), in axes of their own.

by_mirt <- function(data, design) {
  responses <- as.data.frame(data$responses)
  names(responses) <- seq_along(responses)
  responses <- responses[vapply(responses, function(x) length(unique(x[!is.na(x)])) == 2, logical(1))]
  fit <- mirt::mirt(
    responses[rowSums(!is.na(responses)) > 0, ], design$dims,
    itemtype = "2PL", verbose = FALSE, TOL = 1e-4, technical = list(NCYCLES = 2000)
  )
  if (!mirt::extract.mirt(fit, "converged")) stop("mirt did not converge")
  found <- mirt::coef(fit, simplify = TRUE, rotate = "none")$items
  items <- cbind(found[, seq_len(design$dims)], -found[, "d"])
  rownames(items) <- paste(rownames(found), 1, sep = ":")
  unname_columns(items)
}

# EM with the prior of the package, N(0, 5^2), on an even grid inside a ball. It starts at the truth, which saves time: without
# a maximum elsewhere the end is the same.
by_em <- function(data, design, tolerance = 3e-4, prior_sd = 5, max_steps = 500) {
  step <- c(0.2, 0.3, 0.5)[design$dims]
  axis <- step * seq(-ceiling(4.5 / step), ceiling(4.5 / step))
  nodes <- as.matrix(expand.grid(rep(list(axis), design$dims)))
  nodes <- nodes[rowSums(nodes^2) <= 4.5^2, , drop = FALSE]
  log_weights <- -rowSums(nodes^2) / 2
  known <- cbind(unname(nodes), -1)
  items <- data$items
  owner <- as.integer(sub(":.*", "", rownames(items)))
  rows <- split(seq_along(owner), owner)
  # One column per item and option, the reference of an item first.
  columns <- split(seq_len(length(owner) + length(rows)), rep(seq_along(rows), lengths(rows) + 1))
  first <- vapply(columns, `[`, integer(1), 1)
  cell <- which(!is.na(data$responses))
  chosen <- Matrix::sparseMatrix(
    row(data$responses)[cell], first[col(data$responses)[cell]] + data$responses[cell], x = 1,
    dims = c(nrow(data$responses), length(owner) + length(rows))
  )
  for (i in seq_len(max_steps)) {
    log_probability <- do.call(rbind, lapply(rows, function(r) t(log_softmax(known, items[r, , drop = FALSE]))))
    joint <- as.matrix(chosen %*% log_probability)
    joint <- sweep(joint, 2, log_weights, "+")
    joint <- exp(joint - joint[cbind(seq_len(nrow(joint)), max.col(joint, "first"))])
    counts <- as.matrix(Matrix::crossprod(chosen, joint / rowSums(joint)))
    updated <- items
    for (j in seq_along(rows)) {
      updated[rows[[j]], ] <- newton_softmax(known, t(counts[columns[[j]], ]), items[rows[[j]], , drop = FALSE], prior_sd)
    }
    change <- max(abs(updated - items))
    items <- updated
    if (change < tolerance) return(items)
  }
  stop("the EM algorithm did not converge")
}

log_softmax <- function(known, items) {
  utilities <- cbind(0, known %*% t(items))
  highest <- do.call(pmax, as.data.frame(utilities))
  utilities - highest - log(rowSums(exp(utilities - highest)))
}

# Two steps of Newton's method for the multinomial logit of weighted counts (nodes x options).
newton_softmax <- function(known, counts, items, prior_sd) {
  n_terms <- ncol(known)
  totals <- rowSums(counts)
  for (step in 1:2) {
    probability <- exp(log_softmax(known, items))[, -1, drop = FALSE]
    gradient <- crossprod(known, counts[, -1] - totals * probability) - t(items) / prior_sd^2
    hessian <- diag(1 / prior_sd^2, length(items))
    for (a in seq_len(nrow(items))) {
      for (b in seq_len(nrow(items))) {
        weight <- totals * probability[, a] * ((a == b) - probability[, b])
        block <- list((a - 1) * n_terms + seq_len(n_terms), (b - 1) * n_terms + seq_len(n_terms))
        hessian[block[[1]], block[[2]]] <- hessian[block[[1]], block[[2]]] + crossprod(known, weight * known)
      }
    }
    items <- items + matrix(solve(hessian, as.vector(gradient)), nrow(items), byrow = TRUE)
  }
  items
}

unname_columns <- function(x) {
  colnames(x) <- NULL
  x
}

# The peer's items with the attribute `seconds`, from the cache if it has them.
peer_items <- function(name, seed, data) {
  folder <- Sys.getenv("VAEIRT_PEER_CACHE")
  file <- file.path(folder, sprintf("peer_%s_%d.rds", name, seed))
  if (folder != "" && file.exists(file)) {
    items <- readRDS(file)
    if (!identical(attr(items, "responses"), sum(data$responses, na.rm = TRUE))) stop(file, " belongs to other data")
    return(items)
  }
  design <- designs[[name]]
  engine <- if (design$dims == 1) by_mirt else by_em
  seconds <- system.time(items <- engine(data, design))[["elapsed"]]
  attr(items, "seconds") <- seconds
  attr(items, "responses") <- sum(data$responses, na.rm = TRUE)
  if (folder != "") saveRDS(items, file)
  items
}

# Columns of the fit's tables as matrices.

item_column <- function(table, column, dims) {
  values <- matrix(table[[column]], ncol = dims + 1, byrow = TRUE)
  heads <- seq(1, nrow(table), dims + 1)
  rownames(values) <- paste(table$item[heads], table$response[heads], sep = ":")
  values
}

trait_column <- function(table, column, dims) {
  values <- matrix(table[[column]], ncol = dims, byrow = TRUE)
  rownames(values) <- table$respondent[seq(1, nrow(table), dims)]
  values
}

# The truth on the scale and with the sign of the estimates.
align_truth <- function(data, estimates, normalised) {
  items <- data$items
  traits <- data$traits
  rownames(traits) <- seq_len(nrow(traits))
  traits <- traits[rownames(estimates), , drop = FALSE]
  dims <- ncol(traits)
  if (normalised) {
    centre <- mean(traits)
    spread <- sd(traits)
    traits <- (traits - centre) / spread
    items[, 2] <- items[, 2] - items[, 1] * centre
    items[, 1] <- items[, 1] * spread
  }
  if (dims == 1 && cor(traits, estimates, use = "complete.obs") < 0) {
    traits <- -traits
    items[, 1] <- -items[, 1]
  }
  list(traits = traits, items = items)
}

# Root mean squared errors of the items after an orthogonal rotation of their discriminations to the true ones.
rotated_rmse <- function(items, truth) {
  terms <- seq_len(ncol(truth) - 1)
  turn <- svd(crossprod(items[, terms], truth[, terms]))
  c(
    discrimination = rmse(items[, terms] %*% turn$u %*% t(turn$v), truth[, terms]),
    difficulty = rmse(items[, -terms], truth[, -terms])
  )
}

rmse <- function(estimate, truth) sqrt(mean((estimate - truth)^2))
covered <- function(low, high, truth) mean(low <= truth & truth <= high, na.rm = TRUE)
slope <- function(estimate, truth) sum(estimate * truth) / sum(truth^2)

replication <- function(name, seed, with_peer) {
  design <- designs[[name]]
  dims <- design$dims
  data <- simulate(design, seed)
  seconds <- system.time(fit <- vaeirt::vae_irt(data$responses, dims = dims, seed = seed))[["elapsed"]]
  if (dims > 1) fit <- vaeirt::rotate(fit, "procrustes", target = data$traits)
  scale <- if (is.null(design$scale)) "prior" else design$scale
  respondents <- vaeirt::tidy(fit, "respondents", scale = scale)
  items <- vaeirt::tidy(fit, "items", scale = scale)

  estimates <- trait_column(respondents, "estimate", dims)
  truth <- align_truth(data, estimates, scale == "normalised")
  ours <- item_column(items, "estimate", dims)
  if (!all(rownames(ours) %in% rownames(truth$items))) stop("the fit has options that the truth has not")
  true <- truth$items[rownames(ours), , drop = FALSE]
  low <- item_column(items, "conf.low", dims)
  high <- item_column(items, "conf.high", dims)
  terms <- seq_len(dims)
  # Inf: no grid of the quadrature fits.
  pareto_k <- trait_column(respondents, "pareto_k", dims)[, 1]
  result <- c(
    n_items = nrow(ours), seconds = seconds, converged = fit$converged,
    correlation = mean(diag(cor(estimates, truth$traits, use = "complete.obs"))),
    rmse_traits = sqrt(mean((estimates - truth$traits)^2, na.rm = TRUE)),
    slope_discrimination = slope(ours[, terms], true[, terms]),
    slope_difficulty = slope(ours[, -terms], true[, -terms]),
    bias_discrimination = mean(sign(true[, terms]) * (ours[, terms] - true[, terms])),
    bias_difficulty = mean(ours[, -terms] - true[, -terms]),
    rmse_discrimination = rmse(ours[, terms], true[, terms]),
    rmse_difficulty = rmse(ours[, -terms], true[, -terms]),
    coverage_respondents = covered(
      trait_column(respondents, "conf.low", dims), trait_column(respondents, "conf.high", dims), truth$traits
    ),
    coverage_discrimination = covered(low[, terms], high[, terms], true[, terms]),
    coverage_difficulty = covered(low[, -terms], high[, -terms], true[, -terms]),
    no_interval = mean(is.na(low)),
    pareto_k_mean = if (all(is.na(pareto_k))) NA else mean(pareto_k[is.finite(pareto_k)]),
    pareto_k_max = if (all(is.na(pareto_k))) NA else max(pareto_k, na.rm = TRUE),
    pareto_k_high = if (all(is.na(pareto_k))) NA else mean(pareto_k > 0.7, na.rm = TRUE),
    rmse_items_discrimination = NA, rmse_items_difficulty = NA,
    peer_rmse_discrimination = NA, peer_rmse_difficulty = NA, peer_slope = NA, peer_seconds = NA, peer_distance = NA
  )
  peer <- if (with_peer) tryCatch(peer_items(name, seed, data), error = function(cnd) report(name, seed, cnd, "peer failed"))
  if (!is.null(peer)) {
    both <- intersect(rownames(ours), rownames(peer))
    true <- data$items[both, , drop = FALSE]
    result[c("rmse_items_discrimination", "rmse_items_difficulty")] <- rotated_rmse(ours[both, ], true)
    result[c("peer_rmse_discrimination", "peer_rmse_difficulty")] <- rotated_rmse(peer[both, ], true)
    turn <- svd(crossprod(peer[both, terms], true[, terms]))
    result["peer_slope"] <- slope(peer[both, terms] %*% turn$u %*% t(turn$v), true[, terms])
    result["peer_distance"] <- rotated_rmse(ours[both, ], peer[both, ])[["discrimination"]]
    result["peer_seconds"] <- attr(peer, "seconds")
  }
  result
}

# NULL.
report <- function(name, seed, cnd, what) message("design ", name, ", seed ", seed, ": ", what, ": ", conditionMessage(cnd))

# One row of the table; a replication that failed counts in `failed` and nowhere else.
summarise <- function(name, results, failed) {
  average <- function(column) mean(results[, column], na.rm = TRUE)
  error <- function(column) sd(results[, column], na.rm = TRUE) / sqrt(sum(!is.na(results[, column])))
  columns <- setdiff(colnames(results), c("n_items", "pareto_k_max"))
  with_error <- grep("^(slope|bias|coverage|rmse_(discr|diff))", columns, value = TRUE)
  table <- data.frame(design = name, label = designs[[name]]$label, replications = nrow(results), failed = failed)
  for (column in columns) {
    table[[column]] <- average(column)
    if (column %in% with_error) table[[paste0(column, "_se")]] <- error(column)
  }
  table$pareto_k_max <- max(results[, "pareto_k_max"])
  table$ratio_discrimination <- mean(results[, "rmse_items_discrimination"] / results[, "peer_rmse_discrimination"], na.rm = TRUE)
  table$ratio_difficulty <- mean(results[, "rmse_items_difficulty"] / results[, "peer_rmse_difficulty"], na.rm = TRUE)
  table$peer_replications <- sum(!is.na(results[, "peer_seconds"]))
  table
}

run_design <- function(name, n, n_peer) {
  results <- lapply(seq_len(n), function(seed) {
    tryCatch(
      replication(name, seed, seed <= n_peer && is.null(designs[[name]]$scale)),
      error = function(cnd) report(name, seed, cnd, "failed")
    )
  })
  names(results) <- seq_len(n)
  good <- do.call(rbind, results)
  if (is.null(good)) stop("every replication of design ", name, " failed")
  list(summary = summarise(name, good, n - nrow(good)), results = good)
}

main <- function(arguments = commandArgs(TRUE)) {
  pairs <- strsplit(arguments, "=", fixed = TRUE)
  counts <- setNames(as.integer(vapply(pairs, `[`, "", 2)), vapply(pairs, `[`, "", 1))
  if (length(counts) == 0 || anyNA(counts) || !all(names(counts) %in% c(names(designs), "peer"))) {
    stop("name designs and numbers of replications: a=100 b=100 peer=5")
  }
  n_peer <- if ("peer" %in% names(counts)) counts[["peer"]] else 0L
  counts <- counts[names(counts) != "peer"]
  runs <- lapply(names(counts), function(name) run_design(name, counts[[name]], n_peer))
  raw <- Sys.getenv("VAEIRT_STUDY_RAW")
  if (raw != "") {
    all <- Map(function(name, x) data.frame(design = name, seed = rownames(x$results), x$results), names(counts), runs)
    write.csv(do.call(rbind, all), raw, row.names = FALSE)
  }
  table <- do.call(rbind, lapply(runs, `[[`, "summary"))
  numbers <- vapply(table, is.double, logical(1))
  table[numbers] <- lapply(table[numbers], signif, 4)
  print(t(table), quote = FALSE)
  write.csv(table, "bench/study.csv", row.names = FALSE)
}

if (sys.nframe() == 0) main()
