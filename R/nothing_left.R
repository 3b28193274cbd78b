# Data in which there is nothing to estimate, or an item that is none.

# An item on which most respondents choose an option of their own is no item: a name or a number was left in the data.
check_identifiers <- function(read, call) {
  n_labels <- tabulate(read$options$item, nrow(read$items))
  n_responses <- responses_by_item(read)
  bad <- which(n_labels > 20 & n_labels > n_responses / 2)
  if (length(bad) == 0) {
    return()
  }
  at <- bad[[1]]
  # Names are given once, counts and ages more than once.
  numbers <- !anyNA(whole_numbers(read$options$label[read$options$item == at]))
  named <- role_of_name(read$items$item[[at]]) %in% "respondent"
  quantity <- numbers && !named && n_responses[[at]] - n_labels[[at]] >= 2
  abort_vaeirt(
    c(
      "Item {.val {read$items$item[[at]]}} has {n_labels[[at]]} response options for {n_responses[[at]]} responses: it looks
       like {if (quantity) 'a quantity, such as a count or an age' else 'an identifier'}.",
      i = if (quantity) {
        "Every number would be a response option of its own. Leave it out of the data, or group the numbers with {.fn cut}."
      } else {
        "Leave it out of the data, or say what it is: {.code {advice_on_identifiers(read, bad)}}."
      },
      i = "Data with one row per response need {.arg respondent}, {.arg item} and {.arg response}."
    ),
    "input",
    call
  )
}

# What to type for columns that are identifiers, and for others whose names tell that they are no items.
advice_on_identifiers <- function(read, at) {
  table <- read$columns
  if (is.null(table)) {
    return("respondent = , or metadata =")
  }
  names <- read$items$item
  table$identifiers <- c(table$identifiers, names[at])
  column_advice(names[union(at, which(!is.na(role_of_name(names))))], table)
}

abort_no_response <- function(read, rules, call) {
  why <- advice_on_duplicates(read, rules)
  abort_vaeirt(
    c(
      if (is.null(why)) "There is no response: every value is missing." else "There is no response left.",
      why,
      i = advice_on_missing(rules)
    ),
    "empty",
    call
  )
}

abort_nothing_left <- function(read, rules, call) {
  n_respondents <- nrow(read$respondents)
  strict <- c("min_count", "min_responses")[c(rules$min_count, rules$min_responses) > 1]
  abort_vaeirt(
    c(
      if (n_respondents == 1) {
        "There is one respondent; the model needs two at least."
      } else if (length(strict) > 0) {
        "There is no item to estimate: none has two response options left."
      } else {
        "There is no item to estimate: every item has one response option only."
      },
      advice_on_duplicates(read, rules),
      i = if (length(strict) > 0) "Lower {.arg {strict}}?" else "An item informs the model when its respondents differ.",
      i = advice_on_missing(rules)
    ),
    "empty",
    call
  )
}

# What a user who declared values missing should look at.
advice_on_missing <- function(rules) {
  if (!is.null(rules$missing)) {
    "Does {.arg missing} name a value that is a response?"
  } else if (!is.null(rules$drop)) {
    "Does {.arg drop} name a label that is a response?"
  }
}
