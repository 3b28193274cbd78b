# The method of read_responses() for roll calls of package pscl.

#' @exportS3Method
read_responses.rollcall <- function(x, columns, rules, call) {
  votes <- x$votes
  if (!is.matrix(votes) || !is.atomic(votes)) {
    abort_vaeirt("The {.cls rollcall} object has no matrix {.code $votes}.", "input", call)
  }
  check_some_cells(votes, call)
  meaning <- rollcall_codes(x$codes, call)
  respondents <- tibble::tibble(respondent = dimension_names(votes, 1))
  items <- tibble::tibble(item = dimension_names(votes, 2))
  values <- if (is.numeric(votes)) whole_values(as.vector(votes)) else as.vector(votes)
  codes <- unique(values)
  absent <- codes[names_missing(as_names(codes), rules$missing)]
  values[values %in% absent] <- NA
  place <- unname(meaning$place[match(values, meaning$code)])
  unknown <- which(is.na(place) & !is.na(values) & !values %in% meaning$code)
  if (length(unknown) > 0) {
    at <- unknown[[1]]
    abort_vaeirt(
      c(
        "The votes hold a value that {.code $codes} does not explain.",
        x = "Respondent {.val {respondents$respondent[[(at - 1) %% nrow(votes) + 1]]}} has the value
             {.val {values[[at]]}} on item {.val {items$item[[(at - 1) %/% nrow(votes) + 1]]}}.",
        i = "{length(unknown)} value{?s} of this kind in all.",
        i = "If {.val {values[[at]]}} means that there is no vote, set {.code missing = {values[[at]]}}, else add it to
             {.code $codes}."
      ),
      "response",
      call
    )
  }
  found <- unwrap_rust(rust_read_table(place, nrow(votes), double(), rules$threads), call)
  list(
    cells = found$cells,
    options = with_levels(found, rep(list(c("nay", "yea")), nrow(items))),
    respondents = add_metadata(respondents, rollcall_metadata(x, "legis.data", votes)),
    items = add_metadata(items, rollcall_metadata(x, "vote.data", votes), c(result_columns, "pooled", "model")),
    weights = weights_given(columns$weights, nrow(votes), respondents$respondent, call),
    absent = as_names(absent),
    single = TRUE,
    order = "values"
  )
}

# A table of the codes: place 1 for nay, 2 for yea, NA for what is no vote.
rollcall_codes <- function(codes, call) {
  if (!is.list(codes) || length(codes$yea) == 0 || length(codes$nay) == 0 || !all(vapply(codes, is.atomic, logical(1)))) {
    abort_vaeirt(
      c(
        "The {.cls rollcall} object does not say which {.code $codes} mean yea and nay.",
        i = "They are a list such as {.code list(yea = 1:3, nay = 4:6, missing = 7:9, notInLegis = 0)}."
      ),
      "input",
      call
    )
  }
  places <- list(nay = 1L, yea = 2L, missing = NA_integer_, notInLegis = NA_integer_)
  known <- lapply(names(places), function(name) {
    code <- as.vector(codes[[name]])
    data.frame(code = code, place = rep(places[[name]], length(code)))
  })
  known <- do.call(rbind, known)
  voted <- known$code[!is.na(known$place)]
  absent <- known$code[is.na(known$place)]
  twice <- unique(c(intersect(unique(codes$yea), codes$nay), intersect(voted, absent)))
  if (length(twice) > 0) {
    abort_vaeirt(
      c(
        "{.code $codes} of the {.cls rollcall} object gives {cli::qty(length(twice))}the code{?s} {.val {twice}} two
         meanings.",
        i = "Each code belongs to one of {.field yea}, {.field nay} and {.field missing} or {.field notInLegis}."
      ),
      "input",
      call
    )
  }
  known
}
