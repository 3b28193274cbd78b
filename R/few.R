# Where there are few respondents, or few responses to the items, intervals are too narrow: bench/few.R measures by how much.

few_respondents <- 30

# Fewer are too few. An estimated prior says of an item what others say of it.
few_responses <- function(fit) if (prior_of_fit(fit)$estimated) 20 else 30

# Half of all responses are to items with at most so many responses.
responses_per_item <- function(fit) {
  n <- sort(answers_by_item(fit))
  n[[which(cumsum(n) >= sum(n) / 2)[[1]]]]
}

# Where items are integrated out under the prior that they tell, intervals hold with few respondents as well.
hold_with_few <- function(fit) is_integrated(fit) && is_open(fit$prior)

# A fit from a model file has no weights any more.
people_of <- function(fit) if (is.null(fit$responses)) fit$n_respondents else n_people(fit$responses)

answers_by_item <- function(fit) {
  if (!are_frequencies(fit$responses)) {
    return(as.double(fit$parameters$items$n_responses))
  }
  rowsum(option_totals(fit), rep(seq_along(fit$parameters$items$item), option_counts(fit)))[, 1]
}

diagnose_few <- function(fit) {
  if (hold_with_few(fit)) {
    return(NULL)
  }
  if (people_of(fit) < few_respondents) {
    return(paste(
      "Fewer than", few_respondents,
      "respondents: the intervals are too narrow, most of all with many items"
    ))
  }
  per_item <- responses_per_item(fit)
  if (per_item < few_responses(fit)) {
    paste0("Few responses per item (", format_count(per_item), "): the intervals are too narrow")
  }
}

warn_if_few <- function(fit, call = caller_env()) {
  if (hold_with_few(fit)) {
    return(invisible())
  }
  per_item <- responses_per_item(fit)
  if (people_of(fit) >= few_respondents && per_item < few_responses(fit)) {
    warn_vaeirt(
      c(
        "Half of the responses are to items with at most {per_item} response{?s}: intervals are too narrow.",
        i = if (!is_open(fit$prior)) "With {.code prior = irt_prior()}, which is estimated, they come closer.",
        i = "How far they are from right says the section on few responses of {.code ?vae_control}."
      ),
      "few",
      call
    )
  }
}
