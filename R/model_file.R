#' Models as files that travel without the data
#'
#' `write_model()` writes what is needed to score new respondents: the network, the item parameters with their standard
#' errors, and the labels of items and options. It holds nothing about single respondents, so it can be published beside a
#' paper. `read_model()` gives it back as a fit with which `predict()` scores people as the original does, digit by digit.
#'
#' @section The file:
#' A file in the [safetensors](https://github.com/huggingface/safetensors) format, which many languages read without running
#' any code. Its tensors are `items.parameters` (a row per item and option beside the reference: discriminations by
#' dimension, then the difficulty, on the scale of estimation), `items.option_counts`, `items.covariances`,
#' `items.normalised_covariances` and `items.aligned_covariances` (of the parameters of each row on the two reported
#' scales, see [tidy.vae_irt()], and for predictions: lower triangles, row by row), `map.matrix` and `map.shift` (a trait
#' `x` of the scale of estimation is reported as `matrix (x - shift)`), `encoder.embeddings` and `network.*` (the
#' network), and `traits.mean` and `traits.sd` (of the reported posterior means in each dimension).
#'
#' The metadata of the header have one entry, `vaeirt-model`, a JSON object with `version` (of the format, now 1; a later one
#' is refused with an error that says so), `link`, and `card`: `items` (`name`, `options` with the reference first, `pooled`,
#' `n_responses`), the standard deviations of the priors, the settings of scoring (`refined`, `draws`, `seed`, `level`) and
#' statistics of the fit.
#'
#' @param fit A `vae_irt` object.
#' @param path The file; by convention its name ends in `.safetensors`. An existing one is replaced when the new one is
#'   complete.
#' @return `write_model()`: `path`, invisibly. `read_model()`: an object of class `vae_irt` without estimates of respondents,
#'   training trace, groups and metadata of the items, as after `vae_control(estimates = FALSE)`: `predict()` with `newdata`,
#'   `tidy(component = "items")`, `coef(component = "items")`, `glance()` and the figures `"items"` and `"dimensions"`
#'   work; what needs respondents (`rotate()`, `cutpoints()`, `response_fit()`, `augment()` without `newdata`) does not.
#' @seealso [saveRDS()] keeps a whole fit, with the estimates and the data.
#' @export
#' @examples
#' truth <- simulate_irt(150, 20, seed = 1)
#' fit <- vae_irt(truth$responses[1:100, ], seed = 1, control = vae_control(threads = 1))
#' path <- write_model(fit, tempfile(fileext = ".safetensors"))
#' model <- read_model(path)
#' model
#' identical(predict(model, truth$responses[101:150, ]), predict(fit, truth$responses[101:150, ]))
write_model <- function(fit, path) {
  check_class(fit, "vae_irt", "vae_irt")
  check_path(path)
  moments <- fit$moments
  unwrap_rust(rust_write_model(
    enc2utf8(path.expand(path)), fit$model, model_card(fit),
    list(
      prior = moments$item_covariance, normalised = moments$item_covariance_normalised, aligned = moments$item_covariance_aligned
    ),
    moments$mean, moments$sd
  ))
  invisible(path)
}

# What the file says in words; the names are those of `Card` in src/rust/core/src/model/file.rs.
model_card <- function(fit) {
  items <- fit$catalogue
  pooled <- if ("pooled" %in% names(items)) items$pooled else rep(list(character()), nrow(items))
  known <- function(x) if (is.na(x)) NULL else x
  list(
    package = as.character(utils::packageVersion("vaeirt")),
    items = lapply(seq_len(nrow(items)), function(j) {
      list(
        name = enc2utf8(items$item[[j]]), options = as.list(enc2utf8(items$options[[j]])),
        pooled = as.list(enc2utf8(pooled[[j]])),
        n_responses = items$n_responses[[j]]
      )
    }),
    discrimination_sd = fit$prior$discrimination, difficulty_sd = fit$prior$difficulty,
    refined = fit$refined, draws = fit$draws, seed = fit$seed, level = fit$control$level,
    rotated = fit$rotated, std_errors = fit$std_errors,
    n_respondents = fit$n_respondents, seconds = fit$seconds, converged = fit$converged, polished = known(fit$polished),
    classification = known(fit$statistics$classification), apre = known(fit$statistics$apre), gmp = known(fit$statistics$gmp),
    pareto_threshold = known(fit$statistics$pareto_threshold)
  )
}

#' @rdname write_model
#' @export
read_model <- function(path) {
  check_given(path)
  if (!rlang::is_string(path) || !nzchar(path)) {
    abort_vaeirt("{.arg path} must be the path of a file, not {describe(path)}.", "argument")
  }
  if (grepl("\\.rds$", path, ignore.case = TRUE)) {
    abort_vaeirt(
      c("{.path {path}} is no model file.", i = "A fit that {.fn saveRDS} wrote is read by {.fn readRDS}."), "file"
    )
  }
  found <- unwrap_rust(rust_read_model(enc2utf8(path.expand(path))))
  card <- found$card
  items <- tibble::tibble(item = found$item, n_responses = found$n_responses, options = found$options)
  if (any(lengths(found$pooled) > 0)) items$pooled <- found$pooled
  prior <- irt_prior(card$discrimination_sd, card$difficulty_sd)
  control <- vae_control(hidden = found$hidden, level = card$level, refine = card$refined, estimates = FALSE)
  settings <- rust_settings(found$dims, found$link, prior, control, card$refined, card$seed)
  fit <- new_vae_irt(result_without_data(found), responses_without_data(items), settings, prior, control, call = NULL)
  fit$n_respondents <- as.integer(card$n_respondents)
  fit$rotated <- card$rotated
  fit$seconds <- card$seconds
  fit
}

# What Rust would have answered to vae_irt(), as far as the file tells.
result_without_data <- function(found) {
  card <- found$card
  known <- function(x) if (is.null(x)) NA else x
  none <- function(width) matrix(numeric(), 0, width)
  of_pair <- found$dims * (found$dims + 1) / 2
  list(
    model = found$model, items = found$items, respondents = integer(),
    posterior = list(
      mean = none(found$dims), covariance = none(of_pair), skewness = none(found$dims), joint = none(of_pair),
      joint_normalised = none(of_pair), pareto_k = numeric(), effective_draws = numeric(), amortisation_gap = numeric(),
      log_evidence = numeric()
    ),
    epochs = list(epoch = numeric(), elbo = numeric(), learning_rate = numeric(), phase = character()),
    timings = list(part = character(), seconds = numeric()),
    linkage = list(groups = rep(NA_integer_, length(found$item)), sizes = integer(), linking = integer()),
    converged = card$converged, polished = known(card$polished), draws = card$draws,
    classification = as.numeric(known(card$classification)), apre = as.numeric(known(card$apre)),
    gmp = as.numeric(known(card$gmp)), pareto_threshold = as.numeric(known(card$pareto_threshold))
  )
}

responses_without_data <- function(items) {
  list(respondents = tibble::tibble(respondent = character()), offsets = 0, items = items, dropped = no_dropped())
}
