#' Ideal points and item parameters by a variational autoencoder
#'
#' Fits an item response model to roll calls, surveys or ballots: respondent i chooses option c of item j with probability
#' `F(alpha_i . gamma_jc - beta_jc)`, where `alpha` are the latent traits (ideal points), `gamma` the discriminations and
#' `beta` the difficulties.
#'
#' @details
#' `F` is the softmax over the options of an item (for two options the inverse logit) or, with `link = "probit"`, the normal
#' distribution function. The reference option of every item has discrimination and difficulty 0. Items whose options are in order
#' (ordered factors, or all with `items = "graded"`) are graded: option k or a higher one is chosen with probability
#' `F(alpha_i . gamma_j - beta_jk)`, see [irt_responses()]. The traits have the prior
#' `N(0, I)`, the item parameters that of [irt_prior()]. A network that sums one embedding per observed response maps the
#' responses of any respondent to a normal posterior. The starting values come from a truncated singular value decomposition
#' and marginal logits. Training then maximises a bound on the likelihood, by the reparametrisation trick: for the items the
#' importance-weighted evidence lower bound, for the network the evidence lower bound averaged over the same samples. After it
#' Newton steps, which learn from each other (limited-memory BFGS, Nocedal 1980, \doi{10.1090/S0025-5718-1980-0572855-7}), move
#' the items to the maximum of their marginal posterior, which removes the remaining shrinkage. In one dimension, where the
#' posterior can be integrated exactly at a small cost, the items are found first: by the EM algorithm with the location and
#' scale of the population expanded (Liu, Rubin and Wu 1998, \doi{10.1093/biomet/85.4.755}), then by Newton steps. The network
#' then starts from a closed form, the scores of the responses at some knots, and is trained for these items. With few respondents
#' and many items (see [irt_prior()]) the roles are swapped: the traits are the parameters, every item is integrated out over a
#' prior that is estimated, the items' estimates are their posterior means, and the network is trained for these. Last, every
#' posterior is refined: in one or two dimensions by the trapezoid rule, with evenly spaced nodes as close as its spread and
#' its steepest item ask for (Trefethen and Weideman 2014, \doi{10.1137/130932132}), else by Newton's method from the network's
#' answer to the mode and importance sampling around it, whose weights are Pareto smoothed where
#' they are heavy (k above 1/4).
#'
#' To compare respondents with each other, take their ideal points from `tidy(fit, scale = "normalised")`: the standard errors
#' of `$estimates` also contain the location and spread of the whole population, which all respondents share.
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
#' @param ... Passed to [irt_responses()]: `respondent`, `item`, `response`, `metadata`, `items`, `reference`, `missing`, `drop`,
#'   `weights`, `weight_type`, `min_responses`, `min_count`, `rare`, `duplicates`.
#' @param link `"logit"`, or `"probit"` for items with two options or with options in order, for results that can be laid beside
#'   pscl, MCMCpack and emIRT.
#' @param prior Priors of the item parameters, from [irt_prior()].
#' @param polarity Names (or row numbers) of respondents, one per dimension, whose ideal points are to be positive.
#' @param control Settings of the estimation, from [vae_control()].
#' @param seed A whole number that fixes all random numbers; the same data, seed and machine give the same numbers,
#'   whatever the number of threads. `NULL` draws one number from R's generator, so [set.seed()] works too.
#' @return A list of class `vae_irt`:
#'   * `estimates`: tibble with one row per respondent and dimension: `respondent` (character), `dimension` (1, 2, ...),
#'     `estimate` (posterior mean), `std.error` (posterior standard deviation; with `$std_errors` `"joint"` or `"blocks"` it
#'     carries the uncertainty of the items), `conf.low` and `conf.high` (posterior quantiles at the level of
#'     [vae_control()], by a Cornish-Fisher expansion of the first three posterior moments, stretched about the mean by the
#'     items' uncertainty), `n_responses`, `pareto_k` and `ess` (effective number of draws, `NA` without importance
#'     sampling), then the metadata columns. Where `pareto_k` is above `$statistics$pareto_threshold` the posterior moments of
#'     this respondent are not reliable (`-Inf`: all importance weights are the same; `NA` where there is no importance
#'     sampling: in one or two dimensions, where it is `Inf` if no nodes were found that hold the posterior, and without
#'     refinement);
#'   * `items`: tibble with one row per item, response option other than the reference, and term: `item`, `response`,
#'     `term` (`"discrimination"` or `"difficulty"`), `dimension` (`NA` for difficulty), `estimate`, `std.error`,
#'     `conf.low`, `conf.high` (normal), `n_responses`;
#'   * `dropped`: tibble of what was set aside, see [irt_responses()];
#'   * `training`: tibble with one row per epoch: `epoch`, `elbo` (the bound plus the log prior of the items, up to a
#'     constant), `learning_rate`, `phase` (`"search"` or `"descent"`);
#'   * `converged`: did the bound stop improving in time? See [vae_control()];
#'   * `catalogue`: tibble of the items and their metadata, with the labels of their `options`, the reference first, and, where
#'     some are graded, their `model`;
#'   * `parameters`: what functions compute with; the tables are made from it for people, so sorting, filtering or editing
#'     them changes no result. A list of
#'       * `respondents`: the moments of their posteriors, one row each in the order of the data (rows of `NA` for those
#'         without responses): matrices `mean` (whose rows are named), `covariance` (given the items; lower triangles, row by
#'         row), `skewness` and, where the items' uncertainty is carried, `joint` and `joint_normalised` (covariances with it
#'         on the two scales of [tidy.vae_irt()]); vectors `pareto_k`, `effective_draws`, `amortisation_gap` (Kullback-Leibler
#'         divergence of the network's posterior from the refined one, in nats) and `log_evidence`;
#'       * `items`: `item` (names), `options` (a list of their labels, the reference first), `pooled` (only with pooled
#'         options), `model` (only with graded items), `n_responses`; `values`, a matrix with one named row per item and option
#'         beside the reference and the
#'         columns `discrimination_1`, ..., `difficulty`; and the covariances of its rows (lower triangles, row by row) on the
#'         two scales, `covariance` and `covariance_normalised`, and for predictions on the normalised scale with axes that
#'         are turned to the estimates, `covariance_aligned`;
#'       * `traits`: `mean` and `sd` of the posterior means in each dimension;
#'   * `std_errors`: how the standard errors were found, see [vae_control()];
#'   * `restarts`: tibble with one row per restart: `seed`, `logLik`, `agreement` (least squared canonical correlation of its
#'     ideal points with those of the one that was kept);
#'   * `responses`: the responses, as [irt_responses()] gives them, for what is computed from them later (not with
#'     `estimates = FALSE`);
#'   * `polarity`: names of the respondents who are positive (`NA`: the rule decided); `rotated`: has [rotate()] changed the
#'     axes? `rotation`: by which method (`NA`: by none, or not known);
#'   * `polished`: did the items reach the maximum of their marginal posterior? `NA` where they were left as the training
#'     found them;
#'   * `statistics`: list of `classification` (share correctly classified at the posterior means), `apre` (aggregate
#'     proportional reduction in error), `gmp` (geometric mean probability), `df` (free item parameters less rotations),
#'     `pareto_threshold`
#'     (`min(1 - 1 / log10(S), 0.7)` for the S importance-sampling draws per respondent);
#'   * `timings`: tibble of the `part`s of the computation and the `seconds` that each took;
#'   * `groups`: tibble with one row per group of items that are linked by respondents who answered several: `group`,
#'     `n_respondents`, `n_items` and `items`, a list of names. Respondents of different groups cannot be compared;
#'   * `linking`: names of the few widely shared items without which the others would fall apart into such groups (the
#'     contests on every ballot, among those of the counties). There are none where no few items hold the others together,
#'     or where these have more than 60 % of the responses;
#'   * `model`: the weights as safetensors bytes (a raw vector), so that [saveRDS()] keeps the whole fit;
#'   * `n_respondents`: number of respondents with a response; `refined`: were their posteriors refined?
#'   * `dims`, `link`, `prior`, `control`, `seed`, `draws`, `seconds`, `call`, `version` (of the package).
#' @seealso [predict.vae_irt()] for respondents who are not in the data, [tidy.vae_irt()], [autoplot.vae_irt()].
#' @export
#' @examples
#' truth <- simulate_irt(200, 30, seed = 1)
#' fit <- vae_irt(truth$responses, seed = 1, control = vae_control(threads = 1))
#' fit
#' cor(fit$estimates$estimate, truth$respondents$estimate)
#'
#' # A survey with metadata, words that are no answer, and a respondent who is to be positive:
#' survey <- data.frame(id = paste0("r", 1:200), age = rep(c("young", "old"), 100), truth$responses)
#' survey$X1[1:9] <- 9
#' vae_irt(
#'   survey,
#'   respondent = id, metadata = age, missing = 9, polarity = "r3", seed = 1, control = vae_control(threads = 1)
#' )
vae_irt <- function(data,
                    dims = 1,
                    ...,
                    link = c("logit", "probit"),
                    prior = irt_prior(),
                    polarity = NULL,
                    control = vae_control(),
                    seed = NULL) {
  call <- match.call()
  check_reading(..., .call = rlang::current_env())
  check_given(data)
  dims <- check_count(dims)
  link <- check_choice(link, c("logit", "probit"))
  check_settings(prior, "irt_prior")
  check_settings(control, "vae_control")
  responses <- irt_responses(data, ..., threads = control$threads, .call = rlang::current_env())
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
  answers <- fit_restarts(responses, settings, control, rlang::current_env())
  restarts <- compare_restarts(answers, settings$seed, responses)
  fit <- fit_of_answer(
    answers[[which.max(restarts$logLik)]], responses, restarts, settings, prior, control, call,
    seconds = proc.time()[["elapsed"]] - started
  )
  warn_if_not_converged(fit)
  warn_if_not_linked(fit)
  warn_if_few(fit)
  warn_if_not_joint(fit)
  fit
}

# What Rust answers to each restart.
fit_restarts <- function(responses, settings, control, call) {
  answers <- lapply(seq_len(control$restarts), function(k) {
    settings$seed <- (settings$seed + k - 1) %% .Machine$integer.max
    settings["checkpoint"] <- list(checkpoint_of_restart(control, k))
    unwrap_rust(
      rust_fit(rust_responses(responses), settings, progress_reporter(control$progress)),
      call
    )
  })
  if (any(vapply(answers, `[[`, logical(1), "resumed"))) {
    cli::cli_inform(c(i = "Went on from the checkpoint in {.path {control$checkpoint}}."))
  }
  answers
}

fit_of_answer <- function(answer, responses, restarts, settings, prior, control, call, seconds) {
  respondents <- if (control$estimates) respondent_names(responses$respondents) else character()
  new_vae_irt(
    dropped = responses$dropped,
    training = tibble::as_tibble(answer$epochs),
    converged = answer$converged,
    polished = answer$polished,
    catalogue = responses$items,
    statistics = answer[c("classification", "apre", "gmp", "df", "pareto_threshold")],
    timings = tibble::as_tibble(answer$timings),
    groups = new_groups(answer$linkage, responses$items),
    linking = responses$items$item[answer$linkage$linking],
    restarts = restarts,
    responses = if (control$estimates) responses,
    parameters = parameters_of(answer, respondents, responses$items),
    std_errors = answer$items$std_errors,
    model = answer$model,
    n_respondents = sum(responses_given(responses) > 0),
    refined = settings$refine, polarity = polarity_names(settings, responses), rotated = FALSE, rotation = NA_character_,
    draws = answer$draws,
    dims = settings$dims, link = settings$link, prior = prior, control = control, seed = settings$seed, seconds = seconds,
    call = call
  )
}

# Where joint standard errors were asked for by name and cannot be had.
warn_if_not_joint <- function(fit, call = caller_env()) {
  if (fit$control$std_errors == "joint" && fit$std_errors != "joint") {
    warn_vaeirt(c(
      "There are no joint standard errors: the items count as independent of each other, and intervals can be too narrow.",
      i = "The information about all {nrow(fit$items)} item parameters together is too large or not positive definite.",
      i = "Set {.arg min_count} so that there are fewer options, or have fewer dimensions."
    ), "std_errors", call)
  }
}

# Who is positive in each dimension; NA where the rule decided.
polarity_names <- function(settings, responses) {
  if (is.null(settings$polarity)) NA_character_ else respondent_names(responses$respondents, settings$polarity)
}

# Restarts do not share a folder.
checkpoint_of_restart <- function(control, k) {
  if (is.null(control$checkpoint) || control$restarts == 1) control$checkpoint else file.path(control$checkpoint, k)
}

# The settings as the Rust side reads them.
rust_settings <- function(dims, link, prior, control, refine, seed, polarity = NULL) {
  list(
    dims = dims, link = link, polarity = polarity, seed = seed,
    discrimination_sd = prior$discrimination %||% default_prior_sd, difficulty_sd = prior$difficulty %||% default_prior_sd,
    estimates_prior = is_open(prior),
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

# Marginal log-likelihood of every restart, and the least squared canonical correlation of its ideal points with those of the
# best.
compare_restarts <- function(answers, seed, responses) {
  score <- vapply(answers, function(answer) {
    evidence <- sum(answer$posterior$log_evidence * respondent_weights(responses, answer$respondents))
    if (is.nan(evidence)) utils::tail(answer$epochs$elbo, 1) else evidence
  }, numeric(1))
  best <- answers[[which.max(score)]]$posterior$mean
  # Nothing agrees with ideal points that are all the same.
  varies <- function(mean) nrow(mean) > 1 && any(apply(mean, 2, min) < apply(mean, 2, max))
  agreement <- vapply(answers, function(answer) {
    if (!varies(best) || !varies(answer$posterior$mean)) return(NA_real_)
    if (length(answers) == 1) return(1)
    min(stats::cancor(answer$posterior$mean, best)$cor)^2
  }, numeric(1))
  tibble::tibble(seed = (seed + seq_along(answers) - 1) %% .Machine$integer.max, logLik = score, agreement = agreement)
}

warn_if_not_converged <- function(fit, call = caller_env()) {
  if (!fit$converged) {
    warn_vaeirt(
      c(
        "Training stopped before it converged, after {nrow(fit$training)} epoch{?s}.",
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
  wide <- which(lengths(responses$items$options) > 2 & !has_order(models_of(responses$items)))
  if (link == "probit" && length(wide) > 0) {
    abort_vaeirt(
      c(
        "{.code link = \"probit\"} needs items with two response options, or with options in order.",
        x = "Item {.val {responses$items$item[[wide[[1]]]]}} has {length(responses$items$options[[wide[[1]]]])}:
             {.val {utils::head(responses$items$options[[wide[[1]]]], 5)}}.",
        i = "Use {.code link = \"logit\"} or, if the options are in order, ordered factors."
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
  rows <- if (is.character(polarity)) match_names(polarity, names) else match(polarity, seq_along(names))
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
