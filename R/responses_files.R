# The method of read_responses() for paths to Parquet files and folders.

#' @exportS3Method
read_responses.character <- function(x, columns, rules, call) {
  if (are_answers(x)) {
    abort_vaeirt(
      c("The data are text, neither a table nor paths to files: {.val {utils::head(x, 3)}}, ...", i = advice_on_row),
      "input",
      call
    )
  }
  if (length(x) == 0 || anyNA(x)) {
    abort_vaeirt("The data must be paths to Parquet files or folders, not {describe(x)}.", "input", call)
  }
  check_parquet(x, call)
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
      paths, names$respondent, names$item, names$response, if (length(names$weights) > 0) names$weights, rules$threads
    ),
    call
  )
  label <- found$labels[found$label]
  rank <- if (is.character(label)) match(label, in_reference_order(unique(label))) else label
  list(
    cells = found$cells,
    options = new_options(seq_along(label), found$item, as_names(label), as.double(rank), found$count),
    respondents = new_ids(found$ids, found$n_respondents),
    items = tibble::tibble(item = as_names(found$items)),
    weights = found$weights,
    single = FALSE,
    order = order_of_values(label)
  )
}

# A data frame without rows that has the columns of a file, for tidyselect.
prototype <- function(fields) {
  types <- list(text = character(), numbers = double(), `TRUE and FALSE` = logical())
  columns <- lapply(fields$holds, function(holds) if (is.na(holds)) list() else types[[holds]])
  tibble::new_tibble(rlang::set_names(columns, fields$name), nrow = 0L)
}

# Is it what somebody answered, rather than files? Paths have no names, and files have a folder or an ending or are there.
are_answers <- function(x) {
  given <- x[!is.na(x)]
  path <- grepl("[/\\\\]|\\.[A-Za-z][A-Za-z0-9]{1,7}$", given, useBytes = TRUE) | file.exists(given)
  (length(x) > 1 || !is.null(names(x))) && !any(path)
}

# How to read the files that are no Parquet files, by their endings.
file_readers <- c(
  "(csv|tsv|txt)" = "Read it with {.fn read.csv} first, or with {.fn read_voteview} if it comes from Voteview.",
  "(sav|zsav)" = "Read it with {.code haven::read_sav(path, user_na = TRUE)} first.",
  "por" = "Read it with {.code haven::read_por(path, user_na = TRUE)} first.",
  "dta" = "Read it with {.code haven::read_dta(path)} first.",
  "sas7bdat" = "Read it with {.code haven::read_sas(path)} first.",
  "rds" = "Read it with {.code readRDS(path)} first.",
  "(rdata|rda)" = "{.code load(path)} makes the objects that it holds; give one of them.",
  "(xlsx|xls)" = "Read it with {.code readxl::read_excel(path)} first.",
  "ord" = "Read it with {.code pscl::readKH(path)} first."
)

check_parquet <- function(paths, call) {
  for (ending in names(file_readers)) {
    other <- grep(paste0("\\.", ending, "(\\.(gz|bz2|xz))?$"), paths, ignore.case = TRUE, value = TRUE, useBytes = TRUE)
    if (length(other) > 0) {
      abort_vaeirt(c("{.path {other[[1]]}} is no Parquet file.", i = file_readers[[ending]]), "input", call)
    }
  }
}
