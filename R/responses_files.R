# The method of read_responses() for paths to Parquet files and folders.

#' @exportS3Method
read_responses.character <- function(x, columns, missing, call) {
  if (length(x) == 0 || anyNA(x)) {
    abort_vaeirt("The data must be paths to Parquet files or folders, not {describe(x)}.", "input", call)
  }
  text <- grep("\\.(csv|tsv|txt)$", x, ignore.case = TRUE, value = TRUE)
  if (length(text) > 0) {
    abort_vaeirt(
      c(
        "{.path {text[[1]]}} is no Parquet file.",
        i = "Read it with {.fn read.csv} first, or with {.fn read_voteview} if it comes from Voteview."
      ),
      "input",
      call
    )
  }
  refuse_metadata_of_files(columns$metadata, call)
  columns$metadata <- NULL
  paths <- enc2utf8(path.expand(x))
  fields <- unwrap_rust(rust_parquet_fields(paths), call)
  schema <- prototype(fields)
  selected <- lapply(rlang::set_names(names(columns)), function(arg) select_columns(schema, columns[[arg]], arg, call))
  check_long_columns(selected[c("respondent", "item", "response")], call)
  if (length(selected$weights) > 1) {
    abort_vaeirt("{.arg weights} must select one column, not {length(selected$weights)}.", "argument", call)
  }
  names <- lapply(selected, function(at) fields$name[at])
  found <- unwrap_rust(
    rust_read_parquet(
      paths, names$respondent, names$item, names$response, if (length(names$weights) > 0) names$weights, worker_threads()
    ),
    call
  )
  label <- found$labels[found$label]
  rank <- if (is.character(label)) match(label, sort(unique(label), method = "radix")) else label
  list(
    cells = found$cells,
    options = new_options(seq_along(label), found$item, as_names(label), as.double(rank), found$count),
    respondents = new_ids(found$ids, found$n_respondents),
    items = tibble::tibble(item = as_names(found$items)),
    weights = found$weights,
    single = FALSE
  )
}

# A data frame without rows that has the columns of a file, for tidyselect.
prototype <- function(fields) {
  types <- list(text = character(), numbers = double(), `TRUE and FALSE` = logical())
  columns <- lapply(fields$holds, function(holds) if (is.na(holds)) list() else types[[holds]])
  tibble::new_tibble(rlang::set_names(columns, fields$name), nrow = 0L)
}
