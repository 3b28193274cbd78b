# What the weights of respondents count: people, or one person each who stands for more or fewer of them.

weight_types <- c("frequency", "sampling")

# The type of the weights that were read: as given, else frequencies if all are whole numbers.
check_weight_type <- function(read, rules, call) {
  weights <- read$weights
  if (is.null(weights)) {
    if (!is.null(rules$weight_type)) {
      abort_vaeirt(
        c("{.arg weight_type} says what weights count, and there are none.", i = "Give them as {.arg weights}."), "argument", call
      )
    }
    return(NULL)
  }
  given <- read$weight_type %||% rules$weight_type
  type <- given %||% if (all(weights == trunc(weights))) "frequency" else "sampling"
  if (is.null(given) && type == "frequency" && min(weights) > 10) {
    warn_vaeirt(
      c(
        "The weights are whole numbers, {signif(min(weights), 3)} at least, and count as frequencies: the standard errors are
         those of {format_count(sum(weights))} respondents.",
        i = "If each is one person's, who stands for so many people: {.code weight_type = \"sampling\"}.",
        i = "Else say so: {.code weight_type = \"frequency\"}."
      ),
      "weights"
    )
  }
  type
}

# The weights as they are used, with their type: sampling weights have the mean 1 among those who gave a response.
settle_weights <- function(weights, type, answering) {
  if (identical(type, "sampling")) weights <- weights / mean(weights[answering])
  list(values = weights, type = type)
}

# NULL without weights. Responses that an older version stored count people.
type_of_weights <- function(responses) if (!is.null(responses$weights)) responses$weight_type %||% "frequency"

are_frequencies <- function(responses) identical(type_of_weights(responses), "frequency")

# The weights of the respondents in some rows, by number; 1 each without weights.
respondent_weights <- function(responses, rows) if (is.null(responses$weights)) rep(1, length(rows)) else responses$weights[rows]

# Those of all who gave a response.
weights_of_answering <- function(responses) respondent_weights(responses, which(responses_given(responses) > 0))

# How many people the respondents with a response are.
n_people <- function(responses) {
  if (are_frequencies(responses)) sum(weights_of_answering(responses)) else sum(responses_given(responses) > 0)
}

# As many respondents without weights tell as much about a mean.
n_effective <- function(responses) {
  weights <- weights_of_answering(responses)
  if (are_frequencies(responses)) sum(weights) else sum(weights)^2 / sum(weights^2)
}

# Sums of weights, as integers where they are and can be.
as_counts <- function(x) if (all(x == trunc(x)) && all(x <= .Machine$integer.max)) as.integer(x) else x

# A sentence on what the weights of a fit count, and what they cost.
describe_weights <- function(fit) {
  if (is.null(fit$responses$weights)) {
    return(NULL)
  }
  if (are_frequencies(fit$responses)) {
    return(paste0("Weights count people: ", format_count(n_people(fit$responses)), " in ", counted(fit$n_respondents, "row")))
  }
  effective <- n_effective(fit$responses)
  too_few <- effective < fit$statistics$df && !is_integrated(fit)
  paste0(
    "Sampling weights: ", counted(fit$n_respondents, "respondent"), " tell as much as ", format_count(round(effective)),
    " without weights", if (too_few) ", fewer than item parameters: the standard errors are NOT reliable"
  )
}
