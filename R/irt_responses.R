#' Responses of respondents to items
#'
#' The one door for data: checks the input, finds the items and their response options, sets aside what cannot inform the
#' model, and stores each observed response once. [vae_irt()] calls it on its first argument.
#'
#' @details
#' Missing responses (`NA`) are treated as missing at random; they take neither time nor memory.
#'
#' An empty string and the string `"NA"` are options like any other, unless `missing` names them. Metadata columns whose
#' names the results use (`estimate`, `dimension`, ...) are left out.
#'
#' The reference option of an item, whose discrimination and difficulty are 0, is nay, `FALSE`, the smallest number, the
#' first factor level or the first label in the order of the C locale, unless `reference` says otherwise.
#'
#' Set aside, with a message and a row in `$dropped`, are response options that nobody chose, items with fewer than two
#' chosen options (unanimous roll calls, uncontested races, empty columns) and respondents without any remaining response;
#' these respondents keep their row, with `NA`, in the estimates.
#'
#' @param x One of
#'   * a `rollcall` object of package pscl: its codes are honoured, `legis.data` and `vote.data` are kept as metadata;
#'   * a numeric, logical or character matrix, respondents in rows and items in columns, with 0/1, whole numbers or labels
#'     for the response options and `NA` for missing;
#'   * a data frame with one column per item (factor, character, logical or whole number), and in the columns selected by
#'     `respondent`, if any, the respondents' names;
#'   * a data frame with one row per response, when `respondent`, `item` and `response` select its columns;
#'   * an `irt_responses` object, which is returned as it is.
#' @param ... Must be empty: an argument that nobody knows is an error.
#' @param respondent,item,response <[`tidy-select`][tidyselect::language]> Columns of a data frame. Several columns for
#'   `respondent` are joined by `"/"` and kept as metadata.
#' @param reference The label (or number) of the reference option: one string for all items, or several named by their items.
#' @param missing Values to be treated as missing, beside `NA`.
#' @param .call The environment whose call errors name.
#' @return A list of class `irt_responses`:
#'   * `respondents`: tibble with one row per respondent: `respondent` (character), the metadata, and `n_responses`;
#'   * `items`: tibble with one row per item in the model: `item`, the metadata, `n_responses`, and `options`, a list of
#'     the labels of its options, the reference first;
#'   * `offsets`, `options`: the responses, respondent by respondent: those of respondent `i` are
#'     `options[offsets[i] + 1]` to `options[offsets[i + 1]]`. An option's id counts from 0 through the options of all
#'     items in order;
#'   * `dropped`: tibble of what was set aside: `kind` (`"item"`, `"option"` or `"respondent"`), `name`, `reason`.
#' @export
#' @examples
#' votes <- rbind(ann = c(1, 0, 1), bob = c(0, 0, 1), cat = c(0, 1, NA))
#' irt_responses(votes)
#'
#' ballots <- data.frame(
#'   voter = c("v1", "v1", "v2", "v3", "v3"),
#'   race = c("mayor", "judge", "mayor", "mayor", "judge"),
#'   choice = c("Adams", "yes", "Baker", "Adams", "no")
#' )
#' irt_responses(ballots, respondent = voter, item = race, response = choice)
#'
#' survey <- data.frame(id = 1:3, tax = c("more", "less", "DK"), aid = c("less", "same", "more"))
#' irt_responses(survey, respondent = id, missing = "DK", reference = "less")
irt_responses <- function(x, ..., respondent = NULL, item = NULL, response = NULL, reference = NULL, missing = NULL,
                          .call = rlang::current_env()) {
  columns <- rlang::enquos(respondent = respondent, item = item, response = response)
  check_no_dots(..., call = .call)
  if (inherits(x, "irt_responses")) {
    asked <- c(
      names_of_given(columns),
      c("reference", "missing")[c(!is.null(reference), !is.null(missing))]
    )
    if (length(asked) > 0) {
      abort_vaeirt(
        "The data are {.cls irt_responses} already: {.arg {asked}} {?has/have} to be given when they are made.",
        "argument",
        .call
      )
    }
    return(x)
  }
  new_irt_responses(read_responses(x, columns, missing, .call), reference, .call)
}

# What every kind of input is read into: a list of `cells`, equally long vectors with one observed response per element
# (`respondent` and `item`, row numbers of the two tibbles, and `option`, the place among the labels of the item, from 1);
# the tibbles `respondents` and `items` with names and metadata; and `labels`, the labels of each item in the order of its
# options. `columns` holds quosures that select columns of a data frame.
read_responses <- function(x, columns, missing, call) {
  if (!is.data.frame(x)) {
    used <- names_of_given(columns)
    if (length(used) > 0) {
      abort_vaeirt("{.arg {used}} select{?s/} columns of a data frame, and the data are {describe(x)}.", "argument", call)
    }
  }
  UseMethod("read_responses")
}

names_of_given <- function(columns) names(columns)[!vapply(columns, rlang::quo_is_null, logical(1))]

#' @exportS3Method
read_responses.default <- function(x, columns, missing, call) {
  abort_vaeirt(
    c(
      "The data must be a matrix, a data frame or a {.cls rollcall} object, not {describe(x)}.",
      i = "Respondents belong in the rows of a matrix and items in its columns.",
      i = if (length(dim(x)) == 2) "Convert it with {.fn as.matrix} first."
    ),
    "input",
    call
  )
}

#' @exportS3Method
read_responses.irt_responses <- function(x, columns, missing, call) {
  n_options <- lengths(x$items$options)
  item <- rep(seq_along(n_options), n_options)[x$options + 1L]
  list(
    cells = list(
      respondent = rep(seq_len(nrow(x$respondents)), diff(x$offsets)),
      item = item,
      option = x$options + 1L - as.integer(cumsum(n_options) - n_options)[item]
    ),
    respondents = x$respondents,
    items = x$items,
    labels = x$items$options
  )
}

# The constructor, from what read_responses() gives.
new_irt_responses <- function(read, reference, call) {
  cells <- read$cells
  respondents <- read$respondents
  items <- read$items
  labels <- read$labels
  if (length(cells$option) == 0) {
    abort_vaeirt("There is no response: every value is missing.", "empty", call)
  }
  check_unique(respondents$respondent, "respondent", call)
  check_unique(items$item, "item", call)

  check_identifiers(cells, labels, items$item, call)
  n_labels <- lengths(labels)
  first <- cumsum(n_labels) - n_labels
  counts <- tabulate(first[cells$item] + cells$option, sum(n_labels))
  place <- option_places(labels, counts, reference, items$item, call)

  kept_item <- place$n_options >= 2
  offset <- cumsum(ifelse(kept_item, place$n_options, 0)) - ifelse(kept_item, place$n_options, 0)
  id_of <- ifelse(rep(kept_item, n_labels), rep(offset, n_labels) + place$place, NA_integer_)
  id <- as.integer(id_of)[first[cells$item] + cells$option]

  kept <- !is.na(id)
  order <- order(cells$respondent[kept], cells$item[kept], method = "radix")
  n_responses <- tabulate(cells$respondent[kept], nrow(respondents))
  item_responses <- tabulate(cells$item[kept], nrow(items))
  dropped <- list_dropped(items$item, labels, counts, place, kept_item, respondents$respondent, n_responses)
  check_something_left(kept, nrow(respondents), call)
  if (nrow(dropped) > 0) {
    cli::cli_inform(c(i = "Set aside: {.and {count_dropped(dropped)}}. See {.code $dropped}."))
  }

  items$n_responses <- item_responses
  items$options <- place$labels
  respondents$n_responses <- n_responses
  structure(
    list(
      respondents = respondents,
      items = items[kept_item, ],
      offsets = c(0, cumsum(as.double(n_responses))),
      options = id[kept][order],
      dropped = dropped
    ),
    class = "irt_responses"
  )
}

# For every label its place (from 0) among the chosen options of its item, NA where nobody chose it; per item the number
# and the labels of the chosen options, the reference first.
option_places <- function(labels, counts, reference, item_names, call) {
  reference <- reference_by_item(reference, labels, item_names, call)
  end <- cumsum(lengths(labels))
  places <- vector("list", length(labels))
  chosen_labels <- places
  for (j in seq_along(labels)) {
    own <- counts[seq.int(end[[j]] - length(labels[[j]]) + 1, length.out = length(labels[[j]]))]
    chosen <- which(own > 0)
    if (!is.na(reference[[j]])) {
      chosen <- c(intersect(reference[[j]], chosen), setdiff(chosen, reference[[j]]))
    }
    place <- rep(NA_integer_, length(labels[[j]]))
    place[chosen] <- seq_along(chosen) - 1L
    places[[j]] <- place
    chosen_labels[[j]] <- labels[[j]][chosen]
  }
  list(place = unlist(places), labels = chosen_labels, n_options = lengths(chosen_labels))
}

# The place of the reference among the labels of each item; NA where the first option is it.
reference_by_item <- function(reference, labels, item_names, call) {
  if (is.null(reference)) {
    return(rep(NA_integer_, length(labels)))
  }
  if (is.numeric(reference)) {
    reference <- stats::setNames(number_names(reference), names(reference))
  }
  if (!is.character(reference) || anyNA(reference) || (is.null(names(reference)) && length(reference) != 1)) {
    abort_vaeirt("{.arg reference} must be one label, or labels named by their items.", "argument", call)
  }
  if (is.null(names(reference))) {
    places <- vapply(labels, match, integer(1), x = unname(reference))
    if (all(is.na(places))) {
      abort_vaeirt("No item has the response option {.val {reference}} of {.arg reference}.", "argument", call)
    }
    return(places)
  }
  unknown <- setdiff(names(reference), item_names)
  if (length(unknown) > 0) {
    abort_vaeirt("{.arg reference} names {?an item/items} that {?does/do} not exist: {.val {unknown}}.", "argument", call)
  }
  at <- match(names(reference), item_names)
  places <- rep(NA_integer_, length(labels))
  places[at] <- mapply(match, unname(reference), labels[at])
  if (anyNA(places[at])) {
    bad <- at[is.na(places[at])][[1]]
    abort_vaeirt(
      c(
        "Item {.val {item_names[[bad]]}} has no response option {.val {reference[[item_names[[bad]]]]}}.",
        i = "Its options are {.val {labels[[bad]]}}."
      ),
      "argument",
      call
    )
  }
  places
}

check_unique <- function(names, what, call) {
  twice <- unique(names[duplicated(names)])
  if (length(twice) > 0) {
    abort_vaeirt(
      c(
        "Every {what} needs a name of its own.",
        x = "{cli::qty(twice)}{?This name occurs/These names occur} more than once: {.val {utils::head(twice, 5)}}.",
        i = if (what == "respondent") "Data with one row per response need {.arg item} and {.arg response} as well."
      ),
      "names",
      call
    )
  }
}

check_something_left <- function(kept, n_respondents, call) {
  if (!any(kept)) {
    abort_vaeirt(
      c(
        if (n_respondents == 1) {
          "There is one respondent; the model needs two at least."
        } else {
          "There is no item to estimate: every item has one response option only."
        },
        i = "An item informs the model when its respondents differ."
      ),
      "empty",
      call
    )
  }
}

list_dropped <- function(item_names, labels, counts, place, kept_item, respondent_names, n_responses) {
  item_of_label <- rep(seq_along(labels), lengths(labels))
  unchosen <- counts == 0 & kept_item[item_of_label]
  silent <- which(n_responses == 0)
  rows <- list(
    tibble::tibble(
      kind = "item",
      name = item_names[!kept_item],
      reason = ifelse(place$n_options[!kept_item] == 0, "no response", "unanimous")
    ),
    tibble::tibble(
      kind = "option",
      name = paste0(item_names[item_of_label[unchosen]], ": ", unlist(labels)[unchosen], recycle0 = TRUE),
      reason = "never chosen"
    ),
    tibble::tibble(kind = "respondent", name = respondent_names[silent], reason = "no response")
  )
  do.call(rbind, rows)
}

# How many of each kind were set aside, in words.
count_dropped <- function(dropped) {
  n <- function(kind, reason) sum(dropped$kind == kind & dropped$reason == reason)
  counts <- c(
    cli::pluralize("{n('item', 'unanimous')} unanimous item{?s}"),
    cli::pluralize("{n('item', 'no response')} item{?s} without a response"),
    cli::pluralize("{n('option', 'never chosen')} option{?s} that nobody chose"),
    cli::pluralize("{n('respondent', 'no response')} respondent{?s} without a response (kept with NA)")
  )
  counts[!startsWith(counts, "0 ")]
}

# An item on which most respondents choose an option of their own is no item: a name or a number was left in the data.
check_identifiers <- function(cells, labels, item_names, call) {
  many <- lengths(labels) > 20
  n_responses <- tabulate(cells$item, length(labels))
  bad <- which(many & lengths(labels) > n_responses / 2)
  if (length(bad) > 0) {
    abort_vaeirt(
      c(
        "Item {.val {item_names[[bad[[1]]]]}} has {length(labels[[bad[[1]]]])} response options for
         {n_responses[[bad[[1]]]]} responses: it looks like an identifier.",
        i = "Leave it out of the data, or select it with {.arg respondent} if it names the respondents.",
        i = "Data with one row per response need {.arg respondent}, {.arg item} and {.arg response}."
      ),
      "input",
      call
    )
  }
}

# `...` holds what nobody knows.
check_no_dots <- function(..., call) {
  unknown <- names(rlang::enquos(...))
  if (length(unknown) > 0) {
    if (!all(nzchar(unknown))) {
      abort_vaeirt("There is an argument without a name; write {.code name = value}.", "argument", call)
    }
    abort_vaeirt("Unknown argument{?s}: {.arg {unknown}}.", "argument", call)
  }
}

#' @export
print.irt_responses <- function(x, ...) {
  n <- format(c(nrow(x$respondents), nrow(x$items), length(x$options)), big.mark = ",", trim = TRUE)
  shown <- length(x$options) / (nrow(x$respondents) * nrow(x$items))
  cli::cat_line("<irt_responses> ", n[[1]], " respondents, ", n[[2]], " items, ", n[[3]], " responses (",
    format(100 * shown, digits = 3), " % of the cells)")
  n_options <- lengths(x$items$options)
  cli::cat_line("Options per item: ", if (all(n_options == 2)) "2" else paste(range(n_options), collapse = " to "))
  if (nrow(x$dropped) > 0) {
    cli::cat_line("Set aside: ", paste(count_dropped(x$dropped), collapse = ", "))
  }
  invisible(x)
}
