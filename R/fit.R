# The fit object: the one constructor, and the check that every function makes before it reads a fit. Functions compute with
# `$parameters`; the tables are made from it for people and never read back.

# The parts that every fit has, in their order; `call` is NULL in one from a model file, `responses` in one without estimates.
fit_fields <- c(
  "estimates", "items", "dropped", "training", "converged", "polished", "catalogue", "statistics", "timings", "groups",
  "linking", "restarts", "responses", "parameters", "std_errors", "model", "n_respondents", "refined", "polarity", "rotated",
  "rotation", "draws", "dims", "link", "prior", "control", "seed", "seconds", "call", "version"
)

# A fit from all of its parts but the tables that are made here.
new_vae_irt <- function(...) {
  parts <- list(..., version = as.character(utils::packageVersion("vaeirt")))
  check_fit(structure(with_tables(parts)[fit_fields], class = "vae_irt"))
}

with_tables <- function(fit) {
  fit$estimates <- estimates_of(fit)
  fit$items <- items_of(fit)
  fit
}

# What functions compute with. `respondents`: the moments of their posteriors, one row each, which are named; `items`: the
# names of the items, their options (the reference first), models (where they are not all nominal), numbers of responses,
# parameters and covariances; `traits`: mean and standard deviation of the aggregate posterior.
new_parameters <- function(posterior, respondents, catalogue, values, traits) {
  rownames(posterior$mean) <- respondents
  items <- c(as.list(catalogue[intersect(c("item", "options", "pooled", "model", "n_responses"), names(catalogue))]), values)
  dimnames(items$values) <- list(item_labels(items), item_columns(ncol(posterior$mean)))
  list(respondents = posterior, items = items, traits = traits)
}

# A whole fit, of this version of the package.
check_fit <- function(fit, arg = "fit", call = caller_env()) {
  check_class(fit, "vae_irt", "vae_irt", arg, call)
  absent <- c(setdiff(fit_fields, c(names(fit), "responses", "call")), if (is.null(fit$statistics$df)) "statistics$df")
  if (length(absent) > 0) {
    abort_vaeirt(
      c(
        "This {.cls vae_irt} object lacks {length(absent)} part{?s} of a fit:
         {.field {utils::head(absent, 4)}}{more_than(absent, 4)}.",
        i = if (all(c("posterior", "moments") %in% names(fit))) {
          "It was made by an older version of {.pkg vaeirt}. Fit again: {.code vae_irt(x$responses, dims = {fit$dims})}."
        } else {
          "It was changed by hand, or is no value of {.fn vae_irt}."
        }
      ),
      "fit",
      call
    )
  }
  own <- fit$parameters
  n_rows <- sum(lengths(own$items$options) - 1L)
  good <- is.matrix(own$respondents$mean) && ncol(own$respondents$mean) == fit$dims &&
    all(dim(own$items$values) == c(n_rows, length(item_columns(fit$dims)))) && length(own$items$item) == length(own$items$options)
  if (!good) {
    abort_vaeirt(
      c("The {.field $parameters} of this {.cls vae_irt} object do not belong together.", i = "Were they changed by hand?"),
      "fit",
      call
    )
  }
  invisible(fit)
}

# The respondents of a fit, with their responses, are there.
check_estimated <- function(fit, newdata = NULL, call = caller_env()) {
  if (!is.null(newdata)) {
    return()
  }
  if (nrow(fit$parameters$respondents$mean) == 0) {
    abort_vaeirt(
      c(
        "The fit has no estimates of respondents: it was made with {.code estimates = FALSE}, or read from a model file.",
        i = "Score them with {.code predict(fit, newdata)}, into a file with {.code to = path}."
      ),
      "argument",
      call
    )
  }
  if (is.null(fit$responses)) {
    abort_vaeirt(
      c("The fit has no responses any more: its part {.field $responses} was removed.", i = "Fit again, or keep it."),
      "fit",
      call
    )
  }
}
