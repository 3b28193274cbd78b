# The method of read_responses() for roll calls of package pscl.

#' @exportS3Method
read_responses.rollcall <- function(x, columns, missing, call) {
  votes <- x$votes
  if (!is.matrix(votes)) {
    abort_vaeirt("The {.cls rollcall} object has no matrix {.code $votes}.", "input", call)
  }
  check_some_cells(votes, call)
  meaning <- rollcall_codes(x$codes, call)
  respondents <- tibble::tibble(respondent = dimension_names(votes, 1))
  items <- tibble::tibble(item = dimension_names(votes, 2))
  values <- as.vector(votes)
  values[as_names(values) %in% as_names(missing)] <- NA
  place <- unname(meaning$place[match(values, meaning$code)])
  unknown <- which(is.na(place) & !is.na(values) & !values %in% meaning$code)
  if (length(unknown) > 0) {
    at <- unknown[[1]]
    abort_vaeirt(
      c(
        "The votes hold a value that {.code $codes} does not explain.",
        x = "Respondent {.val {respondents$respondent[[(at - 1) %% nrow(votes) + 1]]}} has the value
             {.val {values[[at]]}} on item {.val {items$item[[(at - 1) %/% nrow(votes) + 1]]}}.",
        i = "{length(unknown)} value{?s} of this kind in all."
      ),
      "response",
      call
    )
  }
  found <- unwrap_rust(rust_read_table(place, nrow(votes), double(), worker_threads()), call)
  list(
    cells = found$cells,
    options = with_levels(found, rep(list(c("nay", "yea")), nrow(items))),
    respondents = add_metadata(respondents, x$legis.data),
    items = add_metadata(items, x$vote.data),
    weights = weights_given(columns$weights, nrow(votes), respondents$respondent, call),
    single = TRUE
  )
}

# A table of the codes: place 1 for nay, 2 for yea, NA for what is no vote.
rollcall_codes <- function(codes, call) {
  if (length(codes$yea) == 0 || length(codes$nay) == 0) {
    abort_vaeirt("The {.cls rollcall} object does not say which {.code $codes} mean yea and nay.", "input", call)
  }
  places <- list(nay = 1L, yea = 2L, missing = NA_integer_, notInLegis = NA_integer_)
  known <- lapply(names(places), function(name) {
    code <- as.vector(codes[[name]])
    data.frame(code = code, place = rep(places[[name]], length(code)))
  })
  known <- do.call(rbind, known)
  voted <- known$code[!is.na(known$place)]
  absent <- known$code[is.na(known$place)]
  twice <- unique(c(voted[duplicated(voted)], intersect(voted, absent)))
  if (length(twice) > 0) {
    abort_vaeirt(
      "{.code $codes} of the {.cls rollcall} object gives {cli::qty(twice)}the code{?s} {.val {twice}} two meanings.",
      "input",
      call
    )
  }
  known
}

# Columns of a data frame that has one row per row of `table`, except names that `table` or the results use.
add_metadata <- function(table, metadata) {
  if (!is.data.frame(metadata) || nrow(metadata) != nrow(table)) {
    return(table)
  }
  metadata <- metadata[setdiff(names(metadata), c(names(table), result_columns))]
  tibble::add_column(table, !!!as.list(metadata))
}

# Columns of the results, which metadata may not take.
result_columns <- c(
  "respondent", "item", "response", "term", "dimension", "estimate", "std.error", "conf.low", "conf.high",
  "n_responses", "pareto_k", "options"
)
