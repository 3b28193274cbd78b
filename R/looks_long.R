# Data with one row per response that were given without `item` and `response`: each column would be an item.

# Two of the few columns name every row together, and each of them many rows. Said once, with what to type.
warn_if_long <- function(x, most = 8) {
  usable <- vapply(as.list(x), function(column) is.atomic(column) && is.null(dim(column)) && !anyNA(column), logical(1))
  n_values <- vapply(as.list(x), function(column) length(unique(column)), numeric(1))
  names_much <- which(usable & n_values > 2 & n_values <= nrow(x) / 2)
  if (ncol(x) < 3 || ncol(x) > most || length(names_much) < 2) {
    return(invisible())
  }
  for (pair in utils::combn(names_much, 2, simplify = FALSE)) {
    responses <- setdiff(which(n_values > 1 & n_values <= 25), pair)
    ids <- length(responses) > 0 && may_be_ids(x[pair], prod(n_values[pair]))
    if (ids && !anyDuplicated(group_rows(unname(as.list(x)[pair])))) {
      # There are more respondents than items, as a rule.
      pair <- pair[order(-n_values[pair])]
      given <- vapply(names(x)[c(pair, responses[[1]])], as_selection, character(1))
      warn_vaeirt(
        c(
          "The data look as if they had one row per response: {.val {names(x)[pair[[1]]]}} and {.val {names(x)[pair[[2]]]}}
           together name every row. As it is, every column is an item.",
          i = "If so, say what they are: {.code respondent = {given[[1]]}, item = {given[[2]]}, response = {given[[3]]}}."
        ),
        "columns"
      )
      return(invisible())
    }
  }
}

# Names of respondents and items, rather than two quantities: one of them is text, or has such a name, or nearly all of the
# `together` pairs that there can be are there.
may_be_ids <- function(pair, together) {
  text <- any(vapply(pair, function(column) is.character(column) || is.factor(column), logical(1)))
  together >= nrow(pair) && (text || any(role_of_name(names(pair)) %in% "respondent") || together <= 1.5 * nrow(pair))
}
