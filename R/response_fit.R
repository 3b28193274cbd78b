#' How well respondents, items or groups of respondents fit
#'
#' Averages the probabilities of the observed responses over the posterior of each respondent, and those of items with two
#' options over the parameters of the item as well, and sums them up by respondent, by item, or by group of respondents such as a
#' party.
#'
#' @details
#' A response is classified correctly when the observed option is the most probable one. The proportional reduction in error
#' compares the model with a baseline, which predicts for everybody the most frequent option of the item among all
#' respondents (Poole and Rosenthal 1997); if several options are equally frequent, each counts as right in an equal share.
#' It is the share of the baseline's errors that the model avoids, and is negative if the model does worse. For a group the
#' baseline is still that of all respondents, so if a party votes with the majority of the chamber, there is little left to
#' reduce. Over all items (aggregate proportional reduction in error, APRE) it agrees with [glance.vae_irt()], except for the
#' few responses that are classified differently at the posterior mean.
#'
#' Respondents and responses count with their weights: people where these are frequencies, and else sums of weights whose
#' mean is 1.
#'
#' @param fit A `vae_irt` object.
#' @param by <[`tidy-select`][tidyselect::language]> `"respondents"`, `"items"`, or metadata columns of the respondents,
#'   such as `party` or `c(party, state)`; with `c(items, party)` every item by group.
#' @return A tibble with one row per respondent, item or group:
#'   * `respondent`, `item`, or the columns of `by`; groups are sorted, those without a response have no row;
#'   * `n_respondents`: number of respondents with a response in the group (for groups only);
#'   * `n_responses`, and `n_correct`, the number of them that are classified correctly;
#'   * `log_likelihood`: sum of the logarithms of the responses' probabilities (in nats);
#'   * `gmp`: geometric mean probability of the responses, `exp(log_likelihood / n_responses)`;
#'   * `classification`: `n_correct / n_responses`;
#'   * `pre` (for single items) or `apre` (for groups over all items): the proportional reduction in error, at
#'     most 1; `NA` where the baseline makes no error.
#' @references
#' Poole, K. T. and Rosenthal, H. (1997) *Congress: A Political-Economic History of Roll Call Voting*. Oxford University
#' Press.
#' @seealso [cutpoints()] for where the items divide the respondents.
#' @export
#' @examples
#' truth <- simulate_irt(200, 30, seed = 1)
#' votes <- data.frame(side = rep(c("left", "right"), 100), id = 1:200, truth$responses)
#' fit <- vae_irt(votes, respondent = id, metadata = side, seed = 1, control = vae_control(threads = 1))
#' response_fit(fit, "items")
#' response_fit(fit, side)
response_fit <- function(fit, by = "respondents") {
  check_fit(fit)
  check_estimated(fit)
  respondents <- respondent_table(fit$responses)
  by <- check_grouping(respondents, rlang::enquo(by))
  cells <- observed_responses(fit)
  grouped <- group_responses(cells, by, respondents, fit$parameters$items$item)
  group <- grouped$group
  n_groups <- nrow(grouped$keys)
  weight <- respondent_weights(fit$responses, cells$respondent)
  total <- function(x, kept = TRUE) {
    sums <- numeric(n_groups)
    by_group <- rowsum((as.numeric(x) * weight)[kept], group[kept])
    sums[as.integer(rownames(by_group))] <- by_group[, 1]
    sums
  }
  table <- grouped$keys
  if (!by[[1]] %in% c("respondents", "items") || length(by) > 1) {
    pair <- (group - 1) * as.double(nrow(respondents)) + cells$respondent
    table$n_respondents <- as_counts(total(1, !duplicated(pair)))
  }
  n <- total(1)
  correct <- total(cells$correct)
  log_likelihood <- total(cells$log_probability)
  table$n_responses <- as_counts(n)
  table$n_correct <- as_counts(correct)
  table$log_likelihood <- log_likelihood
  table$gmp <- missing_if_nan(exp(log_likelihood / n))
  table$classification <- missing_if_nan(correct / n)
  if (!identical(by, "respondents")) {
    errors <- n - total(cells$baseline)
    table[[if ("items" %in% by) "pre" else "apre"]] <- ifelse(errors > 1e-9 * n, 1 - (n - correct) / errors, NA_real_)
  }
  table
}

# What `by` selects: "respondents", "items", and names of metadata columns.
check_grouping <- function(respondents, by, call = caller_env()) {
  own <- c("respondents", "items")
  metadata <- respondents[setdiff(names(respondents), c("respondent", "n_responses", own))]
  choices <- c(list(respondents = NULL, items = NULL), as.list(metadata))
  choices <- tibble::new_tibble(lapply(choices, function(x) x %||% logical(nrow(respondents))), nrow = nrow(respondents))
  chosen <- names(choices)[select_columns(choices, by, "by", call)]
  if (length(chosen) == 0 || ("respondents" %in% chosen && length(chosen) > 1)) {
    abort_vaeirt(
      c(
        "{.arg by} must select {.val respondents}, {.val items}, or metadata columns of the respondents.",
        x = if (length(chosen) == 0) "It selects nothing." else "Respondents cannot be combined with others.",
        i = if (ncol(metadata) > 0) "The metadata columns are {.val {names(metadata)}}." else "The fit has no metadata."
      ),
      "argument",
      call
    )
  }
  chosen
}

# Every observed response: its respondent and item by number, the logarithm of its probability, whether it is the most
# probable option, and how far the baseline, the most frequent option of the item, gets it right.
observed_responses <- function(fit) {
  responses <- fit$responses
  found <- predictive(fit, responses, responses)
  n_options <- option_counts(fit)
  owner <- rep(seq_along(n_options), n_options)
  option <- option_ids(responses) + 1L
  chosen <- option_totals(fit)
  most <- vapply(split(chosen, owner), max, numeric(1))
  frequent <- chosen == most[owner]
  share <- frequent / tabulate(owner[frequent], length(n_options))[owner]
  list(
    respondent = rep(seq_along(responses_given(responses)), responses_given(responses)),
    item = owner[option],
    log_probability = found$log_probability,
    correct = found$correct,
    baseline = share[option]
  )
}

# How many respondents chose each option, by their weights.
option_totals <- function(fit) {
  responses <- fit$responses
  n_options <- sum(option_counts(fit))
  option <- option_ids(responses) + 1L
  if (is.null(responses$weights)) {
    return(tabulate(option, n_options))
  }
  totals <- numeric(n_options)
  by_option <- rowsum(rep(responses$weights, responses_given(responses)), option)
  totals[as.integer(rownames(by_option))] <- by_option
  totals
}

# The group of every response, and the tibble of the groups.
group_responses <- function(cells, by, respondents, items) {
  if (identical(by, "respondents")) {
    return(list(group = cells$respondent, keys = tibble::tibble(respondent = respondents$respondent)))
  }
  if (identical(by, "items")) {
    return(list(group = cells$item, keys = tibble::tibble(item = items)))
  }
  columns <- lapply(rlang::set_names(by), function(name) {
    if (name == "items") cells$item else respondents[[name]][cells$respondent]
  })
  group <- group_rows(columns)
  keys <- tibble::as_tibble(lapply(columns, function(column) column[!duplicated(group)]))
  sorted <- do.call(order, c(unname(as.list(keys)), method = "radix"))
  keys <- keys[sorted, ]
  if ("items" %in% by) {
    keys$items <- items[keys$items]
    names(keys)[by == "items"] <- "item"
  }
  list(group = order(sorted)[group], keys = keys)
}

# Probabilities of the responses `asked` by a fit, given others of the same respondents.
predictive <- function(fit, given, asked) {
  settings <- scoring_of(fit, fit$refined)
  items <- fit$parameters$items
  traits <- fit$parameters$traits
  known <- rust_responses(given, items)
  # Where items are integrated out, respondents are known better than by the items at their estimates.
  if (is_integrated(fit)) {
    points <- unname(fit$parameters$respondents$mean)
    known$ideal_points <- replace(points, is.na(points), 0)
  }
  unwrap_rust(rust_predictive(
    fit$model, items$covariance_aligned, traits$mean, traits$sd, known, rust_responses(asked, items), settings
  ))
}
