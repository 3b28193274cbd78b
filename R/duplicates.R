# Pairs of a respondent and an item with more than one response.

drop_duplicates <- function(read, rules, call) {
  if (read$single) {
    return(read)
  }
  found <- unwrap_rust(rust_duplicates(read$cells, 3L), call)
  if (found$n_pairs == 0) {
    return(read)
  }
  read$duplicates <- found[c("n_pairs", "n_identical")]
  switch(rules$duplicates,
    error = abort_duplicates(found, read, call),
    drop_item = drop_items(read, found$items, call),
    drop_response = drop_all_duplicates(read, call),
    keep_identical = drop_all_duplicates(merge_identical(read, call), call)
  )
}

drop_items <- function(read, items, call) {
  read <- set_aside(read, "item", read$items$item[items], "duplicate responses", responses_by_item(read)[items])
  read$gone[items] <- TRUE
  keep_options(read, !read$options$item %in% items, call)
}

merge_identical <- function(read, call) {
  count_lost(read, unwrap_rust(rust_merge_identical(read$cells), call)$count, "identical duplicates")
}

drop_all_duplicates <- function(read, call) {
  count_lost(read, unwrap_rust(rust_drop_duplicates(read$cells), call)$count, "duplicate responses")
}

# Some responses were forgotten: how many of each option are left.
count_lost <- function(read, counts, reason) {
  before <- responses_by_item(read)
  read <- recount(read, counts)
  lost <- before - responses_by_item(read)
  concerned <- which(lost > 0)
  if (length(concerned) == 0) {
    return(read)
  }
  set_aside(read, "response", read$items$item[concerned], reason, lost[concerned])
}

abort_duplicates <- function(found, read, call) {
  more <- if (found$n_pairs > 3) " and others" else ""
  respondents <- respondent_names(read$respondents, found$respondent)
  shown <- paste0(shorten(respondents, 38), " on ", shorten(read$items$item[found$item], 38))
  n_identical <- found$n_identical
  abort_vaeirt(
    c(
      "A respondent has one response to an item at most.",
      x = "{format_count(found$n_pairs)} pair{cli::qty(found$n_pairs)}{?s} of respondent and item {?occurs/occur} more than
           once: {.val {shown}}{more}.",
      i = if (n_identical > 0) advice_on_identical(found),
      i = "Do the columns of {.arg respondent} tell everybody apart (a county or state as well)? Is a file read twice?",
      i = "If not, set {.arg duplicates} to {.val drop_response} or {.val drop_item} to set them {if (n_identical > 0)
           'all '}aside."
    ),
    "duplicates",
    call
  )
}

# Responses that were stored twice.
advice_on_identical <- function(found) {
  share <- if (found$n_identical == found$n_pairs) {
    cli::pluralize("{cli::qty(found$n_pairs)}{?Its responses are/In each of them the responses are}")
  } else {
    paste("In", format_count(found$n_identical), "of them the responses are")
  }
  paste(share, "the same: {.code duplicates = \"keep_identical\"} keeps one of each{if (n_identical < found$n_pairs)
        ' and sets those that differ aside'}.")
}

# Why nothing is left: the responses that were set aside because there were several.
advice_on_duplicates <- function(read, rules) {
  found <- read$duplicates
  if (is.null(found)) {
    return(NULL)
  }
  c(
    x = "{.code duplicates = \"{rules$duplicates}\"} set the responses of {format_count(read$duplicates$n_pairs)}
         pair{cli::qty(read$duplicates$n_pairs)}{?s} of respondent and item aside.",
    i = if (found$n_identical > 0 && rules$duplicates != "keep_identical") {
      "{if (read$duplicates$n_identical == read$duplicates$n_pairs) 'All are' else
       paste(format_count(read$duplicates$n_identical), 'are')} the same response more than once: set
       {.code duplicates = \"keep_identical\"} to keep one of each."
    } else {
      "Their responses differ. Do the columns of {.arg respondent} and {.arg item} tell everything apart?"
    }
  )
}
