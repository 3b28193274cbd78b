# What respondents can be compared by: groups of items that somebody answered together.

no_groups <- function() {
  tibble::tibble(group = integer(), n_respondents = integer(), n_items = integer(), items = list())
}

# `linkage` has the group of each item, the number of respondents in each group, and the linking items.
new_groups <- function(linkage, items) {
  groups <- seq_along(linkage$sizes)
  of_group <- unname(split(items$item, factor(linkage$groups, levels = groups)))
  tibble::tibble(group = groups, n_respondents = linkage$sizes, n_items = lengths(of_group), items = of_group)
}

warn_if_not_linked <- function(fit, call = caller_env()) {
  if (nrow(fit$groups) > 1) {
    shown <- utils::head(fit$groups, 4)
    lines <- paste0(
      counted(shown$n_respondents, "respondent"), ", ", counted(shown$n_items, "item"), " (",
      vapply(shown$items, function(x) paste(shorten(utils::head(x, 2)), collapse = ", "), character(1)),
      ifelse(shown$n_items > 2, ", ...)", ")")
    )
    warn_vaeirt(
      c(
        "The data fall into {nrow(fit$groups)} groups that share no item: their ideal points cannot be compared.",
        # Labels are no templates.
        rlang::set_names(sprintf("{lines[[%d]]}", seq_along(lines)), "*"),
        i = "See {.code $groups}. Fit the groups one by one, or add items that they share."
      ),
      "groups",
      call
    )
  }
  at <- match(fit$linking, fit$parameters$items$item)
  n_rows <- sum(option_counts(fit)[at] - 1)
  if (length(at) > 0 && n_rows < 2 * fit$dims) {
    warn_vaeirt(
      c(
        "Groups of respondents are linked by {length(at)} item{?s} alone: {.val {utils::head(fit$linking, 5)}}.",
        x = "{cli::qty(length(at))}{?It has/They have} {n_rows} response option{?s} beside the
             reference{cli::qty(length(at))}{?/s}; {fit$dims} dimension{?s} need {2 * fit$dims} for the
             axes of the groups to agree with certainty.",
        i = "Compare within groups, lower {.arg dims}, or add items that the groups share."
      ),
      "linking",
      call
    )
  }
}
