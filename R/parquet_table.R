# Tables written to Parquet files, in one part or several. Strings, factors, dates and times become text, other columns
# integers, doubles or logicals.

# Writes the tables that `part(1)`, `part(2)`, ... `part(n)` give. The file gets its name when it is complete.
write_parquet_parts <- function(part, n, path, codec = "zstd", call = caller_env()) {
  path <- enc2utf8(path.expand(path))
  writer <- unwrap_rust(rust_parquet_begin(parquet_columns(part(1)), path, codec), call)$writer
  complete <- FALSE
  on.exit(unwrap_rust(rust_parquet_end(writer, complete), call))
  for (k in seq_len(n)[-1]) {
    unwrap_rust(rust_parquet_append(writer, parquet_columns(part(k))), call)
  }
  complete <- TRUE
  invisible(path)
}

write_parquet_table <- function(table, path, codec = "zstd", call = caller_env()) {
  write_parquet_parts(function(k) table, 1, path, codec, call)
}

parquet_columns <- function(table) {
  lapply(as.list(table), function(column) {
    if (inherits(column, c("Date", "POSIXt"))) column <- format(column)
    if (is.character(column)) {
      column <- factor(column, levels = unique(column[!is.na(column)]))
    }
    if (is.factor(column)) list(codes = as.integer(column), labels = enc2utf8(levels(column))) else as.vector(column)
  })
}

# The row numbers of consecutive parts of a table.
parts_of <- function(n_rows, size) {
  starts <- seq(1, max(n_rows, 1), by = size)
  lapply(starts, function(start) seq_len(min(size, n_rows - start + 1)) + (start - 1))
}

check_path <- function(path, arg = rlang::caller_arg(path), call = caller_env()) {
  check_given(path, arg, call)
  if (!rlang::is_string(path) || !nzchar(path)) {
    abort_vaeirt("{.arg {arg}} must be the path of a file, not {describe(path)}.", "argument", call)
  }
  folder <- dirname(path)
  if (!dir.exists(folder)) {
    abort_vaeirt("{.arg {arg}} lies in a folder that does not exist: {.path {folder}}.", "file", call)
  }
  path
}
