#' Models as files that travel without the data
#'
#' `write_model()` writes what is needed to score new respondents: the network, the item parameters with their standard
#' errors, and the labels of items and options. It holds nothing about single respondents, so it can be published beside a
#' paper. `read_model()` gives it back as a fit with which `predict()` scores new people as the original does, digit by digit.
#'
#' @section The file:
#' A file in the [safetensors](https://github.com/huggingface/safetensors) format, which many languages read without running
#' any code. Its tensors are `items.parameters` (a row per item and option beside the reference: discriminations by
#' dimension, then the difficulty, on the scale of estimation), `items.option_counts`, `items.kinds` (only with graded items: 0
#' nominal, 1 graded), `items.covariances`,
#' `items.normalised_covariances` and `items.aligned_covariances` (of the parameters of each row on the two reported
#' scales, see [tidy.vae_irt()], and for predictions: lower triangles, row by row), `map.matrix` and `map.shift` (a trait
#' `x` of the scale of estimation is reported as `matrix (x - shift)`), `encoder.embeddings` and `network.*` (the
#' network), and `traits.mean` and `traits.sd` (of the reported posterior means in each dimension). `items.errors.*` hold
#' the covariance of
#' all free item parameters, which new respondents' standard errors carry: its lower triangle (`matrix`), or a factor of it,
#' or `blocks` by item
#' and what these share (`vectors`, `values`), and how many respondents it comes from (`n_effective`).
#'
#' The metadata of the header have one entry, `vaeirt-model`, a JSON object with `version` (of the format: 1, or 2 with graded
#' items; a later one is refused with an error that says so), `link`, and `card`: `items` (`name`, `options` with the reference
#' first, `pooled`,
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
  check_fit(fit)
  check_path(path)
  items <- fit$parameters$items
  traits <- fit$parameters$traits
  covariances <- list(
    prior = items$covariance, normalised = items$covariance_normalised, aligned = items$covariance_aligned
  )
  unwrap_rust(rust_write_model(
    enc2utf8(path.expand(path)), fit$model, model_card(fit), covariances, traits$mean, traits$sd
  ))
  invisible(path)
}

# What the file says in words; the names are those of `Card` in src/rust/core/src/model/file.rs.
model_card <- function(fit) {
  items <- fit$parameters$items
  pooled <- items$pooled %||% rep(list(character()), length(items$item))
  known <- function(x) if (is.na(x)) NULL else x
  list(
    package = as.character(utils::packageVersion("vaeirt")),
    items = lapply(seq_along(items$item), function(j) {
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
  if (any(found$models != "nominal")) items$model <- found$models
  values <- c(found["items"], list(posterior = no_posterior(found$dims), respondents = integer()))
  share <- function(x) if (is.null(x)) NA_real_ else as.numeric(x)
  new_vae_irt(
    dropped = no_dropped(),
    training = tibble::tibble(epoch = numeric(), elbo = numeric(), learning_rate = numeric(), phase = character()),
    converged = card$converged,
    polished = card$polished %||% NA,
    catalogue = items,
    statistics = c(
      lapply(rlang::set_names(c("classification", "apre", "gmp")), function(x) share(card[[x]])),
      list(df = found$df, pareto_threshold = share(card$pareto_threshold))
    ),
    timings = tibble::tibble(part = character(), seconds = numeric()),
    groups = no_groups(),
    linking = character(),
    restarts = tibble::tibble(seed = card$seed, logLik = NA_real_, agreement = NA_real_),
    responses = NULL,
    parameters = parameters_of(values, character(), items),
    std_errors = found$items$std_errors,
    model = found$model,
    n_respondents = as.integer(card$n_respondents),
    refined = card$refined, polarity = NA_character_, rotated = card$rotated, rotation = NA_character_, draws = card$draws,
    dims = found$dims, link = found$link,
    prior = irt_prior(card$discrimination_sd, card$difficulty_sd),
    control = vae_control(hidden = found$hidden, level = card$level, refine = card$refined, estimates = FALSE),
    seed = card$seed, seconds = card$seconds, call = NULL
  )
}
