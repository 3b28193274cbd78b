# The reference option of each item.

# Labels of text in the order in which the first one of an item is its reference: that of the C locale, but where both of two
# opposites are there the negative one comes before the positive one.
in_reference_order <- function(labels) {
  labels <- labels[order(as_utf8(labels), na.last = NA, method = "radix")]
  for (k in seq_along(opposites)) {
    # Opposites have no accents, and what has may not be valid: it is checked later.
    plain <- to_lower(trimws(ifelse(has_other_than_ascii(labels), "", labels)))
    positive <- which(plain == names(opposites)[[k]])
    negative <- which(plain == opposites[[k]])
    if (length(positive) == 1 && length(negative) == 1 && negative > positive) {
      labels <- append(labels[-negative], labels[[negative]], after = positive - 1)
    }
  }
  labels
}

# What is positive, and its opposite, where the alphabet has the positive one first.
opposites <- c(
  agree = "disagree", "strongly agree" = "strongly disagree", aye = "no", aye = "nay", ayes = "noes", ayes = "nays",
  correct = "incorrect", right = "wrong", approve = "disapprove", accept = "reject", allow = "forbid", likely = "unlikely",
  important = "unimportant", "in favor" = "opposed", "in favour" = "opposed", ja = "nein", ja = "nee", ja = "nej",
  "a favor" = "en contra", "a favor" = "contra"
)

# Which of the options are the reference that was asked for. `known` are the options before any was set aside.
find_reference <- function(reference, known, options, item_names, call) {
  if (is.null(reference)) {
    return(logical(nrow(options)))
  }
  if (!is.atomic(reference) || anyNA(reference) || (is.null(names(reference)) && length(reference) != 1)) {
    abort_vaeirt(
      "{.arg reference} must be one label, or labels named by their items, not {describe(reference)}.", "argument", call
    )
  }
  reference <- stats::setNames(as_names(reference), if (!is.null(names(reference))) as_utf8(names(reference)))
  known <- rbind(known, options[names(known)])
  if (is.null(names(reference))) {
    return(find_common_reference(reference, known, options, call))
  }
  at <- match_reference_items(reference, item_names, call)
  bad <- which(!named_reference(known, at, reference)$there)
  if (length(bad) > 0) {
    own <- unique(known$label[known$item == at[[bad[[1]]]]])
    abort_vaeirt(
      c(
        "Item {.val {names(reference)[[bad[[1]]]]}} has no response option {.val {reference[[bad[[1]]]]}}.",
        i = "Its options are {.val {utils::head(own, 5)}}{more_than(own, 5)}."
      ),
      "argument",
      call
    )
  }
  found <- named_reference(options, at, reference)
  lost <- !found$there
  if (any(lost)) {
    warn_of_lost_reference(paste0(names(reference)[lost], ": ", reference[lost]))
  }
  found$is
}

# One label for all items that have it.
find_common_reference <- function(reference, known, options, call) {
  if (!any(goes_by(known, reference))) {
    abort_vaeirt(
      c(
        "No item has the response option {.val {reference}} of {.arg reference}.",
        i = "The most similar options are {.val {most_similar(reference, unique(known$label))}}."
      ),
      "argument",
      call
    )
  }
  is_reference <- goes_by(options, reference)
  if (!any(is_reference)) warn_of_lost_reference(reference)
  is_reference
}

# The places of the items that the labels are named by.
match_reference_items <- function(reference, item_names, call) {
  unknown <- setdiff(names(reference), item_names)
  if (length(unknown) > 0) {
    abort_vaeirt(
      c(
        "{.arg reference} names {?an item/items} that {?does/do} not exist: {.val {unknown}}.",
        i = "The most similar names are {.val {most_similar(unknown[[1]], item_names)}}."
      ),
      "argument",
      call
    )
  }
  twice <- unique(names(reference)[duplicated(names(reference))])
  if (length(twice) > 0) {
    abort_vaeirt("{.arg reference} names {cli::qty(twice)}the item{?s} {.val {twice}} more than once.", "argument", call)
  }
  match(names(reference), item_names)
}

# Which options are the reference of the item at their place, and which references are there.
named_reference <- function(options, at, reference) {
  key <- function(label) paste(options$item, label)
  asked <- paste(at, reference)
  label <- key(options$label)
  code <- key(options$code %||% options$label)
  list(is = label %in% asked | code %in% asked, there = asked %in% c(label, code))
}

warn_of_lost_reference <- function(lost) {
  warn_vaeirt(
    c(
      "{cli::qty(lost)}The option{?s} {.val {lost}} of {.arg reference} {?was/were} set aside or pooled.",
      i = "The first of the remaining options is the reference instead; a pooled option is called {.val {pooled_label}}."
    ),
    "reference"
  )
}
