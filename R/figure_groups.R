# The groups that colour a figure: from metadata, or from a vector named by respondent.

# The group of every respondent of the fit, as a factor, and the title of the legend; nothing where no colour was asked for.
colour_groups <- function(fit, colour, call) {
  if (rlang::quo_is_null(colour)) {
    return(list(values = NULL, title = NULL))
  }
  check_estimated(fit, call = call)
  about <- respondent_table(fit$responses)
  metadata <- about[setdiff(names(about), c("respondent", "n_responses"))]
  name <- selected_name(colour)
  value <- if (!name %in% names(metadata)) colour_value(colour, nrow(about), nrow(about) * fit$dims)
  if (!is.null(value)) {
    title <- if (rlang::quo_is_symbol(colour)) name
    return(list(values = as_groups(by_respondent(value, about$respondent, call), title, call), title = title))
  }
  column <- colour_column(fit, metadata, colour, name, call)
  list(values = as_groups(metadata[[column]], column, call), title = column)
}

# The one name that stands there, bare or as a string, or "".
selected_name <- function(colour) {
  expression <- rlang::quo_get_expr(colour)
  if (is.symbol(expression) || rlang::is_string(expression)) as.character(expression) else ""
}

# A vector of the caller, unless the expression is a selection of columns: those have no value outside of one, or a single
# one without a name.
colour_value <- function(colour, ...) {
  value <- tryCatch(suppressWarnings(rlang::eval_tidy(colour)), error = function(cnd) NULL)
  if (is.atomic(value) && (!is.null(names(value)) || length(value) > 1 && length(value) %in% c(...))) value
}

# The column of the metadata that is selected. What was added to a table of the fit is not there.
colour_column <- function(fit, metadata, colour, name, call) {
  if (name %in% setdiff(names(fit$estimates), names(metadata))) {
    ours <- name %in% names(estimates_of(fit, rows = integer()))
    abort_vaeirt(
      c(
        if (ours) {
          "{.arg colour} takes metadata of the respondents, and {.field {name}} is a result."
        } else {
          "{.field {name}} was added to {.field $estimates}, which is made for people and not read back."
        },
        i = if (!ours) "Give the vector: {.code colour = setNames(fit$estimates${name}, fit$estimates$respondent)}.",
        i = say_metadata(metadata)
      ),
      "argument",
      call
    )
  }
  column <- tryCatch(
    select_columns(metadata, colour, "colour", call),
    vaeirt_error_argument = function(cnd) {
      abort_vaeirt(
        c(
          "{.arg colour} does not select metadata of the respondents.",
          i = say_metadata(metadata),
          i = "A vector named by respondent serves as well: {.code colour = setNames(x, fit$estimates$respondent)}."
        ),
        "argument",
        call,
        parent = cnd$parent
      )
    }
  )
  if (length(column) != 1) {
    abort_vaeirt("{.arg colour} must select one column, not {length(column)}.", "argument", call)
  }
  names(metadata)[column]
}

say_metadata <- function(metadata) {
  if (ncol(metadata) == 0) {
    return("The fit has no metadata: {.arg metadata} of {.fn irt_responses} keeps columns of the data.")
  }
  paste0("The metadata are {.val {utils::head(names(metadata), 10)}}", more_than(metadata, 10), ".")
}

# The elements of a named vector in the order of the respondents, NA for those whom it does not name.
by_respondent <- function(value, respondents, call) {
  names <- as_names(names(value))
  if (length(names) == 0) {
    abort_vaeirt(
      c(
        "The vector of {.arg colour} has no names, which tell whose value each one is.",
        i = "{.code colour = setNames(x, fit$estimates$respondent)}, if {.code x} is in the order of {.field $estimates}."
      ),
      "argument",
      call
    )
  }
  at <- match(respondents, names)
  unknown <- setdiff(names, respondents)
  if (all(is.na(at))) {
    abort_vaeirt(
      c(
        "No name of the vector of {.arg colour} is a respondent's.",
        i = "The names most similar to {.val {unknown[[1]]}} are {.val {most_similar(unknown[[1]], respondents)}}."
      ),
      "argument",
      call
    )
  }
  text <- as.character(value)
  other <- names[!paste(names, text) %in% paste(names, text)[match(respondents, names)] & names %in% respondents]
  if (length(other) > 0) {
    abort_vaeirt("The vector of {.arg colour} has two different values for {.val {other[[1]]}}.", "argument", call)
  }
  if (anyNA(at)) {
    inform_vaeirt(c(i = "{.arg colour} says nothing of {sum(is.na(at))} of {length(at)} respondents, such as
                         {.val {respondents[is.na(at)][[1]]}}."))
  }
  if (length(unknown) > 0) {
    inform_vaeirt(c(i = "{length(unknown)} name{?s} of {.arg colour} {?is/are} no respondent's:
                         {.val {utils::head(unknown, 3)}}."))
  }
  unname(value[at])
}

missing_group <- "(missing)"
other_group <- "(other)"

# The values of a column as a factor with as many levels as colours can tell apart: beyond them the rarer ones are one level.
# Who has none is a group as well, the last one.
as_groups <- function(values, title, call, most = length(palette_vaeirt)) {
  groups <- named_groups(values)
  n <- nlevels(groups)
  if (n > most && is.numeric(values)) {
    what <- if (is.null(title)) "The vector of {.arg colour}" else "{.val {title}}"
    abort_vaeirt(
      c(
        paste0(what, " holds {n} different numbers, and a group needs a colour of its own."),
        i = "Make a factor of it, with {.fn cut} for example."
      ),
      "argument",
      call
    )
  }
  if (n > most) {
    kept <- names(utils::head(sort(table(groups), decreasing = TRUE), most - 1))
    kept <- levels(groups)[levels(groups) %in% kept]
    levels(groups)[!levels(groups) %in% kept] <- other_group
    groups <- factor(groups, c(kept, other_group))
    inform_vaeirt(c(i = "{.val {title %||% 'colour'}} has {n} values; the {n - most + 1} rarest are {.val {other_group}}."))
  }
  with_missing_group(groups)
}

# Values as a factor, blank ones NA.
named_groups <- function(values) {
  groups <- factor(values)
  levels(groups)[!nzchar(trimws(levels(groups)))] <- NA
  groups
}

with_missing_group <- function(groups) {
  levels <- c(setdiff(levels(groups), missing_group), if (anyNA(groups) || missing_group %in% levels(groups)) missing_group)
  text <- as.character(groups)
  factor(ifelse(is.na(text), missing_group, text), levels)
}

only_group <- "all"
