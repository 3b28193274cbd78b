# What Rust answers: the fields of all its lists, and how they become the nouns of this side.

# The fields of each answer, those of the lists inside as `list/field`. Two vectors: it is the one or the other.
answer_fields <- local({
  posterior <- paste0("posterior/", c(
    "mean", "covariance", "skewness", "joint", "joint_normalised", "pareto_k", "effective_draws", "amortisation_gap",
    "log_evidence"
  ))
  items <- paste0("items/", c(
    "parameters", "integrated", "estimated", "prior_discrimination", "prior_difficulty", "covariance", "covariance_normalised",
    "covariance_aligned", "std_errors", "mean", "sd"
  ))
  table <- list(c("cells", "item", "value", "count"), c("row", "column", "bad", "n_values"))
  list(
    rust_fit = c(
      "model", paste0("epochs/", c("epoch", "elbo", "learning_rate", "phase")), "converged", "resumed", "respondents", posterior,
      items, "polished", "draws", "timings/part", "timings/seconds", paste0("linkage/", c("groups", "sizes", "linking")),
      "classification", "apre", "gmp", "df", "pareto_threshold"
    ),
    rust_score = c("respondents", posterior),
    rust_remap = c("model", "respondents", posterior, items),
    rust_draws = c("respondents", "draws"),
    rust_predictive = c("log_probability", "correct"),
    rust_predictors = "predictors",
    rust_probabilities = "probabilities",
    rust_averaged_probabilities = "probabilities",
    rust_simulate = c("chosen", "traits", "items"),
    rust_device = "name",
    rust_read_model = c(
      "model", "link", "dims", "hidden", "item", "options", "pooled", "n_responses", "models", "df", items, "card"
    ),
    rust_write_model = "path",
    rust_read_table = table,
    rust_read_long = table,
    rust_parquet_fields = c("name", "holds"),
    rust_read_parquet = c("cells", "item", "label", "count", "items", "labels", "ids", "n_respondents", "weights"),
    rust_join_names = "names",
    rust_unpack = c("cells", "item", "count"),
    rust_keep_options = "count",
    rust_duplicates = c("n_pairs", "n_identical", "respondent", "item", "items"),
    rust_drop_duplicates = "count",
    rust_merge_identical = "count",
    rust_identical_items = c("item", "first"),
    rust_drop_short = c("respondents", "n_responses", "count"),
    rust_pack = c("offsets", "options", "option_size"),
    rust_parquet_begin = "writer",
    rust_parquet_append = character(),
    rust_parquet_end = character()
  )
})

# The names of a list, and those of the lists inside that `answer_fields` takes apart.
fields_of <- function(value, taken_apart = c("posterior", "items", "epochs", "timings", "linkage")) {
  inner <- names(value) %in% taken_apart & vapply(value, is.list, logical(1))
  names <- as.list(names(value))
  names[inner] <- lapply(which(inner), function(k) paste0(names(value)[[k]], "/", names(value[[k]])))
  as.character(unlist(names))
}

# The value of a call of a Rust function, or its error as an R condition. `list(error =)` comes from src/rust/src/answer.rs.
unwrap_rust <- function(answer, call = caller_env()) {
  # Also where the function is called through its namespace.
  asked <- utils::tail(as.character(as.list(substitute(answer))[[1]]), 1)
  failure <- answer[["error"]]
  if (!is.null(failure)) {
    abort_rust(failure, call)
  }
  value <- answer[["value"]]
  known <- answer_fields[[asked]]
  known <- if (is.list(known)) known else list(known)
  found <- fields_of(value)
  if (!any(vapply(known, setequal, logical(1), found))) {
    abort_rust(list(kind = "internal", message = paste0(asked, "() answers ", paste(found, collapse = ", "))), call)
  }
  value
}

abort_rust <- function(failure, call) {
  if (identical(failure$kind, "interrupted")) {
    rlang::interrupt()
  }
  failure$message <- shorten(failure$message, 500)
  message <- switch(failure$kind,
    not_finite = c(
      "Training did not stay finite: {failure$message}.",
      i = "Lower {.code learning_rate} in {.fn vae_control}, or tighten {.arg prior}."
    ),
    checkpoint = c(
      "The checkpoint cannot be used. {failure$message}.",
      i = "Repeat the call that wrote it to go on; for another fit take another folder, or delete this one."
    ),
    device = c(
      "No GPU can be used: {failure$message}.",
      i = if (rust_info()$cuda) {
        "Does {.code nvidia-smi} list a GPU? {.code device = \"auto\"} uses the processor where there is none."
      } else {
        "Install the package with {.code VAEIRT_CUDA=1 R CMD INSTALL .}, or take {.code device = \"cpu\"} in {.fn vae_control}."
      }
    ),
    internal = c("{failure$message}", i = "This is a bug in {.pkg vaeirt}; please report it."),
    "{failure$message}."
  )
  abort_vaeirt(message, failure$kind, call = call)
}

# The posterior moments of an answer, spread over the rows of all `n` respondents: NA for those who did not respond.
posterior_of <- function(answer, n) {
  posterior <- answer$posterior
  posterior <- posterior[vapply(posterior, NROW, numeric(1)) > 0 | length(answer$respondents) == 0]
  if (length(answer$respondents) == n) {
    return(posterior)
  }
  place <- match(seq_len(n), answer$respondents)
  lapply(posterior, function(x) if (is.matrix(x)) x[place, , drop = FALSE] else x[place])
}

# The parameters of a fit from an answer with `posterior` and `items`, for respondents of some names.
parameters_of <- function(answer, respondents, catalogue) {
  items <- answer$items
  values <- c(
    list(values = items$parameters), items[c("covariance", "covariance_normalised", "covariance_aligned")],
    list(prior = items[c("integrated", "estimated", "prior_discrimination", "prior_difficulty")])
  )
  new_parameters(
    posterior_of(answer, length(respondents)), respondents, catalogue, values, traits = items[c("mean", "sd")]
  )
}

# The posterior moments of nobody.
no_posterior <- function(dims) {
  none <- function(width) matrix(numeric(), 0, width)
  of_pair <- dims * (dims + 1) / 2
  list(
    mean = none(dims), covariance = none(of_pair), skewness = none(dims), joint = none(of_pair),
    joint_normalised = none(of_pair), pareto_k = numeric(), effective_draws = numeric(), amortisation_gap = numeric(),
    log_evidence = numeric()
  )
}
