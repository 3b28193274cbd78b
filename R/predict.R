#' Score respondents, or predict their responses
#'
#' Scores respondents who were not in the sample with the network and the item parameters of a fit, or predicts responses.
#' Respondents who were in the sample, by name and responses, get the estimates, standard errors and intervals that they had.
#' The standard errors of others carry the uncertainty of the items as well, where those of the fit do (`$std_errors` is
#' `"joint"` or `"blocks"`, see [vae_control()]).
#'
#' @param object A `vae_irt` object.
#' @param newdata Responses in any form that [irt_responses()] accepts; `NULL` for the respondents of the fit. Items and
#'   response options that the model does not know are left out, with a message; items may be missing or in another order.
#' @param type `"ideal_point"`: posterior of the latent traits; `"prob"`: probabilities of all response options;
#'   `"response"`: the most probable option of every item. The last two are averages over what is not known of respondents
#'   and items.
#' @param ... As for [irt_responses()]: `respondent`, `item`, `response`, `metadata`, `missing`, `drop`, `duplicates`; what
#'   the fit was given of these has to be given again, but for `metadata` of a data frame with one column per item, where
#'   columns with the names of the fit's metadata are taken for it. `weights`, `items`, `reference`, `min_count`, `rare`
#'   and `min_responses` belong to the fit:
#'   its options and references are used, and everybody with a response is scored.
#' @param refine Refine the network's answer (see [vae_control()])? Without, it is faster and less accurate. `NULL`: as
#'   the fit did.
#' @param to A Parquet file (an existing one is replaced) to which the ideal points are written part by part, instead of a
#'   tibble that R would have to hold.
#' @param conf.int For probabilities: add their intervals?
#' @param conf.level Level of the intervals; `NULL`: that of the fit, see [vae_control()].
#' @return A tibble; with `to` its path, invisibly, and the file has the tibble's columns.
#'   * For `"ideal_point"` the columns of `$estimates` (see [vae_irt()]), a row of `NA` for respondents without a response
#'     to an item of the model.
#'   * For `"prob"` one row per respondent, item and response option: `respondent`, `item`, `response`, `.prob` (the
#'     probability of the option, between 0 and 1), `conf.low` and `conf.high`. `.prob` is the average over the uncertainty of
#'     the ideal point and of the option's parameters, the intervals carry both: with two options by the normal distribution
#'     of the linear predictor, with more over 256 points spread evenly over the normal distribution of the ideal point and
#'     the linear predictors. At the estimates themselves probabilities would be more extreme than what comes true.
#'     Covariances between the ideal point and the item's parameters, and between the options of an item, are left out; so
#'     is the uncertainty of the items where the fit does not know it (`$std_errors`).
#'   * For `"response"` one row per respondent and item: `respondent`, `item`, `.pred_class` (the label of the most probable
#'     option) and `.prob` (its probability).
#' @export
#' @examples
#' truth <- simulate_irt(200, 30, seed = 1)
#' fit <- vae_irt(truth$responses[1:150, ], seed = 1, control = vae_control(threads = 1))
#' predict(fit, truth$responses[151:200, ])
#' predict(fit, truth$responses[151, , drop = FALSE], type = "prob")
predict.vae_irt <- function(object, newdata = NULL, type = c("ideal_point", "prob", "response"), ..., refine = NULL,
                            to = NULL, conf.int = TRUE, conf.level = NULL) {
  check_fit(object, "object")
  check_reading(..., .call = rlang::current_env(), .read = if (!is.null(newdata)) reading_arguments())
  type <- check_choice(type, c("ideal_point", "prob", "response"))
  if (is.null(refine)) refine <- object$refined
  check_flag(refine)
  check_flag(conf.int)
  level <- if (is.null(conf.level)) object$control$level else check_share(conf.level)
  if (!is.null(to)) {
    if (type != "ideal_point" || is.null(newdata)) {
      abort_vaeirt(
        "{.arg to} is for the ideal points of {.arg newdata}; see {.fn write_estimates} for those of the fit.", "argument"
      )
    }
    check_path(to)
    check_not_read(to, newdata)
    return(
      score_respondents(
        fit = object, newdata = newdata, refine = refine, to = to, level = level, ..., call = rlang::current_env()
      )
    )
  }
  scores <- find_scores(
    fit = object, newdata = newdata, refine = refine, level = level, ..., call = rlang::current_env()
  )
  switch(type,
    ideal_point = scores$estimates,
    prob = predict_options(object, scores, if (conf.int) level),
    response = predict_classes(object, scores)
  )
}

# What the dots of predict() and augment() may hold: how new data are read.
reading_arguments <- function() intersect(names(formals(irt_responses)), names(formals(score_respondents)))


# The scores of the fit's own respondents or of others.
find_scores <- function(..., fit, newdata, refine, level, call) {
  check_estimated(fit, newdata, call)
  if (is.null(newdata)) {
    return(list(
      estimates = estimates_of(fit, level), posterior = fit$parameters$respondents,
      responses = in_own_order(fit$responses, call)
    ))
  }
  score_respondents(fit = fit, newdata = newdata, refine = refine, to = NULL, level = level, ..., call = call)
}

# A list of `estimates`, a tibble, `posterior`, their moments, and `responses`, which they come from; or, with `to`, the
# path of the file.
score_respondents <- function(fit, newdata, refine, to, level, respondent = NULL, item = NULL, response = NULL,
                              metadata = NULL, missing = NULL, drop = NULL, duplicates = choices_of("duplicates"), call) {
  columns <- c(
    rlang::enquos(respondent = respondent, item = item, response = response, metadata = metadata),
    list(weights = rlang::quo(NULL))
  )
  columns$metadata <- metadata_of_fit(columns, newdata, fit)
  rules <- new_rules(missing, drop, duplicates = duplicates, threads = fit$control$threads, call = call)
  read <- clean_responses(read_responses(newdata, columns, rules, call), rules, call)
  if (length(read$dropped) > 0) {
    cli::cli_inform(c(i = "Set aside: {.and {count_dropped(list_dropped(read))}}."))
  }
  options <- match_catalogue(read, fit$parameters$items, call)
  packed <- pack_cells(read, options, rules$threads, call)

  score <- function(rows) score_rows(fit, read$respondents, packed, rows, refine, level, call)
  if (is.null(to)) {
    return(c(score(NULL), list(responses = c(packed, read["respondents"]))))
  }
  parts <- parts_of(nrow(read$respondents), part_size())
  write_parquet_parts(function(k) score(parts[[k]])$estimates, length(parts), to, call = call)
}

# The scores of some consecutive rows of packed responses, or of all.
score_rows <- function(fit, respondents, packed, rows, refine, level, call) {
  if (!is.null(rows)) {
    offsets <- packed$offsets[c(rows, rows[[length(rows)]] + 1)]
    bytes <- range(offsets) * packed$option_size
    own <- seq.int(bytes[[1]] + 1, length.out = diff(bytes))
    packed <- list(offsets = offsets - offsets[[1]], options = packed$options[own], option_size = packed$option_size)
  }
  settings <- scoring_of(fit, refine)
  answer <- unwrap_rust(
    rust_score(
      fit$model, rust_responses(packed, fit$parameters$items), settings,
      progress_reporter(fit$control$progress && default_progress())
    ),
    call
  )
  table <- new_respondent_table(respondents, responses_given(packed), rows)
  posterior <- posterior_of(answer, nrow(table))
  if (refine == fit$refined) posterior <- with_those_of_fit(posterior, fit, table$respondent, packed)
  rownames(posterior$mean) <- table$respondent
  list(estimates = new_estimates(table, posterior, level), posterior = posterior)
}

# Who was in the sample, by name and responses, has the moments of the fit: these know what the items owe to this very person.
with_those_of_fit <- function(posterior, fit, names, packed) {
  known <- known_rows(fit, names, packed)
  at <- which(!is.na(known))
  if (length(at) == 0) {
    return(posterior)
  }
  own <- fit$parameters$respondents
  if (!is.null(own$joint) && is.null(posterior$joint)) posterior$joint <- posterior$covariance
  for (part in intersect(names(posterior), names(own))) {
    if (is.matrix(posterior[[part]])) {
      posterior[[part]][at, ] <- own[[part]][known[at], ]
    } else {
      posterior[[part]][at] <- own[[part]][known[at]]
    }
  }
  posterior
}

# The row in the fit of who has the same name and gave the same responses; NA for all others.
known_rows <- function(fit, names, packed) {
  rows <- rep(NA_integer_, length(names))
  own <- fit$responses
  if (is.null(own) || nrow(fit$parameters$respondents$mean) == 0 || own$option_size != packed$option_size) {
    return(rows)
  }
  rows <- match(names, rownames(fit$parameters$respondents$mean))
  sizes <- function(responses) diff(responses$offsets) * responses$option_size
  starts <- function(responses) responses$offsets[-length(responses$offsets)] * responses$option_size + 1
  rows[sizes(own)[rows] != sizes(packed) | sizes(packed) == 0] <- NA
  at <- which(!is.na(rows))
  n <- sizes(packed)[at]
  same <- packed$options[sequence(n, starts(packed)[at])] == own$options[sequence(n, starts(own)[rows[at]])]
  rows[unique(rep(at, n)[!same])] <- NA
  rows
}

# A file that is read is not written to, and a folder that is read gets no other Parquet file.
check_not_read <- function(to, newdata, call = caller_env()) {
  if (!is.character(newdata) || !is.null(dim(newdata))) {
    return()
  }
  at <- function(path) normalizePath(path.expand(path), mustWork = FALSE)
  inside <- dir.exists(newdata) & at(newdata) == at(dirname(to)) & grepl("\\.parquet$", to)
  if (any(at(newdata) == at(to) | inside)) {
    abort_vaeirt(
      c(
        "{.arg to} would be written over what is read: {.path {to}}.",
        i = "Choose another file, outside of the folders of {.arg newdata}."
      ),
      "argument",
      call
    )
  }
}

# The options of the data with their ids in the catalogue of a fit; NA for items and options that it does not know.
match_catalogue <- function(read, items, call) {
  item <- match(read$items$item, items$item)
  if (all(is.na(item))) {
    abort_vaeirt(
      c(
        "{.arg newdata} has no item of the model.",
        x = "Its items are {.val {utils::head(read$items$item, 3)}}, ...;
             those of the model {.val {utils::head(items$item, 3)}}, ...",
        i = "Items are matched by name, letter by letter."
      ),
      "newdata",
      call
    )
  }
  known <- options_with_ids(items)
  options <- read$options
  key <- function(item, label) paste(item, label)
  options$id <- known$id[match(key(item[options$item], options$label), key(known$item, known$label))]
  answered <- options$count > 0
  if (any(answered) && all(is.na(options$id[answered]))) {
    at <- which(!is.na(item))[[1]]
    abort_vaeirt(
      c(
        "{.arg newdata} has no response option of the model.",
        x = "On item {.val {read$items$item[[at]]}} its options are
             {.val {utils::head(options$label[options$item == at], 5)}}; those of the model
             {.val {utils::head(items$options[[item[[at]]]], 5)}}.",
        i = "Code the responses as in the data of the fit."
      ),
      "newdata",
      call
    )
  }
  inform_of_unknown(read, options, is.na(item))
  options
}

# What is left out: `new` items, and responses with options whose id is missing.
inform_of_unknown <- function(read, options, new) {
  items <- read$items$item[new]
  other <- which(is.na(options$id) & !new[options$item] & options$count > 0)
  n_responses <- sum(options$count[other])
  labels <- utils::head(option_names(list(items = read$items, options = options), other), 3)
  unknown <- c(
    if (length(items) > 0) {
      "{length(items)} item{?s} that {?is/are} not in the model ({.val {utils::head(items, 3)}}{more_than(items, 3)})"
    },
    if (n_responses > 0) {
      "{n_responses} response{?s} with an option that is not in the model ({.val {labels}}{more_than(other, 3)})"
    }
  )
  if (length(unknown) == 0) {
    return(invisible())
  }
  message <- paste0("Left out of {.arg newdata}: ", paste(unknown, collapse = ", "), ".")
  share <- n_responses / sum(options$count[!new[options$item]])
  if (share < 0.1 || n_responses < 10) {
    return(inform_vaeirt(c(i = message)))
  }
  warn_vaeirt(
    c(
      message,
      x = "These are {percent(share)} of the responses to items of the model: is {.arg newdata} coded otherwise than the data of
           the fit? What is left may mean something else as well.",
      i = "Give the options of {.arg newdata} the labels that they have in {.code $catalogue$options} of the fit."
    ),
    "newdata"
  )
}

# The options of the items of a fit, and those that were pooled into one of them.
options_with_ids <- function(items) {
  n_options <- lengths(items$options)
  known <- data.frame(
    item = rep(seq_along(n_options), n_options),
    label = unlist(items$options),
    id = seq_len(sum(n_options)) - 1L
  )
  if (is.null(items$pooled)) {
    return(known)
  }
  pools <- known[known$label == pooled_label, ]
  labels <- items$pooled[pools$item]
  rbind(known, data.frame(
    item = rep(pools$item, lengths(labels)), label = unlist(labels), id = rep(pools$id, lengths(labels))
  ))
}
