#' Ideal points and item parameters by a variational autoencoder
#'
#' Fits an item response model to roll calls, surveys or ballots: respondent i chooses option c of item j with probability
#' `F(alpha_i . gamma_jc - beta_jc)`, where `alpha` are the latent traits (ideal points), `gamma` the discriminations and
#' `beta` the difficulties.
#'
#' @details
#' `F` is the softmax over the options of an item (for two options the inverse logit) or, with `link = "probit"`, the normal
#' distribution function. The reference option of every item has discrimination and difficulty 0. The traits have the prior
#' `N(0, I)`, the item parameters that of [irt_prior()]. A network that sums one embedding per observed response maps the
#' responses of any respondent to a normal posterior. By the reparametrisation trick the item parameters maximise the
#' importance-weighted evidence lower bound, the network the evidence lower bound averaged over the same samples, starting
#' from a truncated singular value decomposition and marginal logits. Then Newton's method takes the items to the maximum
#' of their marginal posterior, which removes what the bound leaves of shrinkage, and every posterior is refined: in one
#' or two dimensions by adaptive Gauss-Hermite quadrature, else by Newton's method from the network's answer to the mode
#' and importance sampling around it, with Pareto smoothed weights.
#'
#' @section Location, scale, rotation and sign:
#' The likelihood does not know them. They are set so that the aggregate posterior (the average of everybody's posterior
#' distributions) has mean 0 and covariance I, the prior's. The axes are the principal axes of the discriminations,
#' ordered by the variance of the linear predictors that they explain. Each axis points where the discriminations, weighted
#' by the items' numbers of responses, sum to a positive number (which depends on the reference options), unless
#' `polarity` names a respondent who is to be positive.
#'
#' The priors belong to the scale of estimation, where the traits are `N(0, I)` a priori; with many respondents the two
#' scales agree, with the size of a legislature they differ. The affine map between them leaves all probabilities as they
#' are. How uncertain location, scale and axes are, and what the standard errors make of it, is said in [vae_control()].
#'
#' @param data What [irt_responses()] accepts: a `rollcall` object, a matrix, a data frame or paths to Parquet files, or its
#'   value.
#' @param dims Number of latent dimensions.
#' @param ... Passed to [irt_responses()]: `respondent`, `item`, `response`, `metadata`, `reference`, `missing`, `drop`,
#'   `weights`, `min_responses`, `min_count`, `rare`, `duplicates`.
#' @param link `"logit"`, or `"probit"` for data with two options per item only, for results that can be laid beside pscl,
#'   MCMCpack and emIRT.
#' @param prior Priors of the item parameters, from [irt_prior()].
#' @param polarity Names (or row numbers) of respondents, one per dimension, whose ideal points are to be positive.
#' @param control Settings of the estimation, from [vae_control()].
#' @param seed A whole number that fixes all random numbers; the same data, seed and machine give the same numbers,
#'   whatever the number of threads. `NULL` draws one number from R's generator, so [set.seed()] works too.
#' @return A list of class `vae_irt`:
#'   * `estimates`: tibble with one row per respondent and dimension: `respondent` (character), metadata columns,
#'     `dimension` (1, 2, ...), `estimate` (posterior mean), `std.error` (posterior standard deviation; with
#'     `$std_errors` `"joint"` or `"blocks"` it carries the uncertainty of the items), `conf.low` and `conf.high` (posterior
#'     quantiles at the level of [vae_control()], by a Cornish-Fisher expansion of the first three posterior moments,
#'     stretched about the mean by the items' uncertainty), `n_responses`, `ess` (effective number of draws, `NA` without
#'     importance sampling), and `pareto_k`: above `$statistics$pareto_threshold` the posterior moments of this respondent
#'     are not reliable (`-Inf`: all importance weights are the same; `NA` where there is no importance sampling: in one
#'     or two dimensions, where it is `Inf` if the quadrature found no grid that fits, and without refinement);
#'   * `items`: tibble with one row per item, response option other than the reference, and term: `item`, `response`,
#'     `term` (`"discrimination"` or `"difficulty"`), `dimension` (`NA` for difficulty), `estimate`, `std.error`,
#'     `conf.low`, `conf.high` (normal), `n_responses`;
#'   * `dropped`: tibble of what was set aside, see [irt_responses()];
#'   * `training`: tibble with one row per epoch: `epoch`, `elbo` (the bound plus the log prior of the items, up to a
#'     constant), `learning_rate`, `phase` (`"search"` or `"descent"`);
#'   * `converged`: did the bound stop improving in time? See [vae_control()];
#'   * `catalogue`: tibble of the items and their metadata, with the labels of their `options`, the reference first;
#'   * `posterior`: the posterior moments by respondent: matrices `mean`, `covariance` (given the items; lower triangles,
#'     row by row), `skewness` and, where the items' uncertainty is carried, `joint` and `joint_normalised` (covariances
#'     with it on the two scales of [tidy.vae_irt()]); the vectors `pareto_k`, `effective_draws`, `amortisation_gap`
#'     (Kullback-Leibler divergence of the network's posterior from the refined one, in nats) and `log_evidence`; rows of
#'     `NA` for respondents without responses;
#'   * `std_errors`: how the standard errors were found, see [vae_control()]; `moments`: list of the `mean` and the
#'     `sd` of the posterior means in each dimension, and of the covariances of discriminations and difficulty of every item and
#'     option (lower triangles, row by row) on the two scales, the matrices `item_covariance` and
#'     `item_covariance_normalised`, and for predictions on the normalised scale with axes that are turned to the
#'     estimates, `item_covariance_aligned`;
#'   * `restarts`: tibble with one row per restart: `seed`, `logLik`, `agreement` (least squared canonical correlation of its
#'     ideal points with those of the one that was kept);
#'   * `responses`: the responses, as [irt_responses()] gives them, for what is computed from them later (not with
#'     `estimates = FALSE`); `rotated`: has [rotate()] changed the axes?
#'   * `polished`: did the items reach the maximum of their marginal posterior? `NA` where they were left as the training
#'     found them;
#'   * `statistics`: list of `classification` (share correctly classified at the posterior means), `apre` (aggregate
#'     proportional reduction in error), `gmp` (geometric mean probability), `pareto_threshold`
#'     (`min(1 - 1 / log10(S), 0.7)` for the S importance-sampling draws per respondent);
#'   * `timings`: tibble of the `part`s of the computation and the `seconds` that each took;
#'   * `groups`: tibble with one row per group of items that are linked by respondents who answered several: `group`,
#'     `n_respondents`, `n_items` and `items`, a list of names. Respondents of different groups cannot be compared;
#'   * `linking`: names of the few widely shared items without which the others would fall apart into such groups (the
#'     contests on every ballot, among those of the counties). There are none where no few items hold the others together,
#'     or where these have more than 60 % of the responses;
#'   * `model`: the weights as safetensors bytes (a raw vector), so that [saveRDS()] keeps the whole fit;
#'   * `n_respondents`: number of respondents with a response; `refined`: were their posteriors refined?
#'   * `dims`, `link`, `prior`, `control`, `seed`, `seconds`, `call`.
#' @seealso [predict.vae_irt()] for respondents who are not in the data, [tidy.vae_irt()], [autoplot.vae_irt()].
#' @export
#' @examples
#' truth <- simulate_irt(200, 30, seed = 1)
#' fit <- vae_irt(truth$responses, seed = 1, control = vae_control(threads = 1))
#' fit
#' cor(fit$estimates$estimate, truth$respondents$estimate)
vae_irt <- function(data,
                    dims = 1,
                    ...,
                    link = c("logit", "probit"),
                    prior = irt_prior(),
                    polarity = NULL,
                    control = vae_control(),
                    seed = NULL) {
  call <- match.call()
  check_given(data)
  dims <- check_count(dims)
  link <- check_choice(link, c("logit", "probit"))
  check_settings(prior, "irt_prior")
  check_settings(control, "vae_control")
  rlang::local_options(vaeirt.threads = control$threads)
  responses <- irt_responses(data, ..., .call = rlang::current_env())
  check_dims(dims, responses)
  if (control$hidden < dims) {
    abort_vaeirt("{.code hidden} is {control$hidden}, less than {.arg dims}: raise it in {.fn vae_control}.", "argument")
  }
  check_link(link, responses)
  polarity <- check_polarity(polarity, dims, responses)
  seed <- check_seed(seed)

  started <- proc.time()[["elapsed"]]
  refine <- wants_refinement(control, dims, responses)
  settings <- rust_settings(dims, link, prior, control, refine, seed, polarity)
  own <- rlang::current_env()
  results <- lapply(seq_len(control$restarts), function(k) {
    settings$seed <- (seed + k - 1) %% .Machine$integer.max
    settings["checkpoint"] <- list(checkpoint_of_restart(control, k))
    answer <- rust_fit(
      responses$offsets, responses$options, responses$option_size, lengths(responses$items$options), responses$weights,
      settings, progress_reporter(control$progress)
    )
    unwrap_rust(answer, own)
  })
  agreement <- compare_restarts(results, settings$seed, responses)
  fit <- new_vae_irt(results[[which.max(agreement$logLik)]], responses, settings, prior, control, call)
  fit$restarts <- agreement
  if (any(vapply(results, `[[`, logical(1), "resumed"))) {
    cli::cli_inform(c(i = "Went on from the checkpoint in {.path {control$checkpoint}}."))
  }
  fit$seconds <- proc.time()[["elapsed"]] - started
  warn_if_not_converged(fit)
  warn_if_not_linked(fit)
  fit
}

new_vae_irt <- function(result, responses, settings, prior, control, call) {
  respondents <- if (control$estimates) {
    respondent_table(responses)
  } else {
    respondent_table(list(respondents = responses$respondents, offsets = 0), integer())
  }
  fit <- structure(
    list(
      dropped = responses$dropped,
      training = tibble::as_tibble(result$epochs),
      converged = result$converged,
      polished = result$polished,
      catalogue = responses$items,
      statistics = result[c("classification", "apre", "gmp", "pareto_threshold")],
      timings = tibble::as_tibble(result$timings),
      groups = new_groups(result$linkage, responses$items),
      linking = responses$items$item[result$linkage$linking],
      responses = if (control$estimates) responses,
      n_respondents = sum(responses_given(responses) > 0),
      refined = settings$refine, rotated = FALSE, draws = result$draws,
      dims = settings$dims, link = settings$link, prior = prior, control = control, seed = settings$seed, call = call
    ),
    class = "vae_irt"
  )
  set_results(fit, result, respondents)
}

# Restarts do not share a folder.
checkpoint_of_restart <- function(control, k) {
  if (is.null(control$checkpoint) || control$restarts == 1) control$checkpoint else file.path(control$checkpoint, k)
}

# The settings as the Rust side reads them.
rust_settings <- function(dims, link, prior, control, refine, seed, polarity = NULL) {
  list(
    dims = dims, link = link, polarity = polarity, seed = seed,
    discrimination_sd = prior$discrimination, difficulty_sd = prior$difficulty,
    hidden = control$hidden, importance_samples = control$importance_samples,
    max_epochs = control$max_epochs, batch_size = control$batch_size %||% 0L,
    learning_rate = control$learning_rate, tolerance = control$tolerance,
    refine = refine, draws = control$draws %||% 0L, estimates = control$estimates, std_errors = control$std_errors,
    threads = control$threads, device = control$device,
    checkpoint = control$checkpoint, checkpoint_seconds = control$checkpoint_seconds
  )
}

# Those of a fit, to score its respondents again.
settings_of <- function(fit) {
  settings <- rust_settings(fit$dims, fit$link, fit$prior, fit$control, fit$refined, fit$seed)
  settings$draws <- fit$draws
  settings
}

# What scoring by a fit takes.
scoring_of <- function(fit, refine) {
  control <- fit$control
  list(refine = refine, draws = fit$draws, seed = fit$seed, threads = control$threads, device = control$device)
}

# Responses to the items of a fit as the Rust side reads them.
rust_responses <- function(fit, responses) {
  c(responses[c("offsets", "options", "option_size", "weights")], list(option_counts = lengths(fit$catalogue$options)))
}

# The parts of a fit that depend on its axes.
set_results <- function(fit, result, respondents) {
  posterior <- fill_rows(result$posterior, result$respondents, nrow(respondents))
  tables <- list(
    estimates = new_estimates(respondents, posterior, fit$control$level),
    items = new_items(result$items$parameters, result$items$covariance, fit$catalogue, fit$control$level),
    posterior = posterior,
    moments = list(
      mean = result$items$mean, sd = result$items$sd,
      item_covariance = result$items$covariance, item_covariance_normalised = result$items$covariance_normalised,
      item_covariance_aligned = result$items$covariance_aligned
    ),
    std_errors = result$items$std_errors,
    model = result$model
  )
  fit[names(tables)] <- tables
  first <- c("estimates", "items", "dropped", "training", "converged")
  structure(fit[c(first, setdiff(names(fit), first))], class = "vae_irt")
}

# Marginal log-likelihood of every restart, and the least squared canonical correlation of its ideal points with those of the
# best.
compare_restarts <- function(results, seed, responses) {
  score <- vapply(results, function(result) {
    evidence <- sum(result$posterior$log_evidence * given_weights(responses, result$respondents))
    if (is.nan(evidence)) utils::tail(result$epochs$elbo, 1) else evidence
  }, numeric(1))
  best <- results[[which.max(score)]]$posterior$mean
  agreement <- vapply(results, function(result) {
    if (nrow(best) < 2) return(NA_real_)
    min(stats::cancor(result$posterior$mean, best)$cor)^2
  }, numeric(1))
  tibble::tibble(seed = (seed + seq_along(results) - 1) %% .Machine$integer.max, logLik = score, agreement = agreement)
}

given_weights <- function(responses, rows) if (is.null(responses$weights)) 1 else responses$weights[rows]

warn_if_not_converged <- function(fit, call = caller_env()) {
  if (!fit$converged) {
    warn_vaeirt(
      c(
        "Training stopped before it converged: the bound was still improving after {nrow(fit$training)} epoch{?s}.",
        i = "Raise {.code max_epochs} in {.fn vae_control}."
      ),
      "convergence",
      call
    )
  }
}

check_dims <- function(dims, responses, call = caller_env()) {
  n_answering <- sum(responses_given(responses) > 0)
  n_items <- nrow(responses$items)
  most <- min(n_items, n_answering - 1)
  if (dims > most) {
    abort_vaeirt(
      c(
        "{.arg dims} is {dims}, more than the data allow: {most}.",
        i = "There {cli::qty(n_items)}{?is/are} {n_items} item{?s} in the model and {n_answering} respondent{?s} with
             responses."
      ),
      "argument",
      call
    )
  }
}

check_link <- function(link, responses, call = caller_env()) {
  wide <- which(lengths(responses$items$options) > 2)
  if (link == "probit" && length(wide) > 0) {
    abort_vaeirt(
      c(
        "{.code link = \"probit\"} needs items with two response options.",
        x = "Item {.val {responses$items$item[[wide[[1]]]]}} has {length(responses$items$options[[wide[[1]]]])}:
             {.val {utils::head(responses$items$options[[wide[[1]]]], 5)}}.",
        i = "Use {.code link = \"logit\"}."
      ),
      "argument",
      call
    )
  }
}

# The row numbers of the respondents of `polarity`.
check_polarity <- function(polarity, dims, responses, call = caller_env()) {
  if (is.null(polarity)) {
    return(NULL)
  }
  if (length(polarity) != dims || anyNA(polarity) || !(is.character(polarity) || is.numeric(polarity))) {
    abort_vaeirt(
      c(
        "{.arg polarity} must name {dims} respondent{?s}, one per dimension.",
        x = if (anyNA(polarity)) "Element {which(is.na(polarity))[[1]]} is {.val {NA}}.",
        x = if (!anyNA(polarity)) "It is {describe(polarity)}.",
        i = "{.code polarity = NULL} leaves the signs to the rule of the help page."
      ),
      "argument",
      call
    )
  }
  names <- respondent_names(responses$respondents)
  rows <- match(polarity, if (is.character(polarity)) names else seq_along(names))
  if (anyNA(rows)) {
    absent <- polarity[is.na(rows)]
    near <- if (is.character(absent)) most_similar(absent[[1]], names)
    abort_vaeirt(
      c(
        "{.arg polarity} names {length(absent)} respondent{?s} who {?does/do} not exist: {.val {absent}}.",
        i = if (length(near) > 0) "The most similar names are {.val {near}}.",
        i = if (is.numeric(polarity)) "Numbers are those of rows, from 1 to {length(names)}."
      ),
      "argument",
      call
    )
  }
  silent <- rows[responses_given(responses)[rows] == 0]
  if (length(silent) > 0) {
    abort_vaeirt("{.arg polarity} names {.val {names[silent]}}, who gave no response to an item in the model.", "argument", call)
  }
  rows
}

most_similar <- function(name, names, n = 3) {
  # Longer patterns are more than adist() can take.
  distance <- utils::adist(shorten(name), names, partial = TRUE, ignore.case = TRUE)
  names[utils::head(order(distance), n)]
}
