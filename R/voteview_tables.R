# Tables of Voteview: CSV files or data frames, of which only the columns that are needed are read.

# The columns that are read, and what they hold. A table has to have those that are `needed`.
voteview_columns <- list(
  votes = list(
    needed = list(congress = double(), chamber = character(), rollnumber = double(), icpsr = double(), cast_code = double()),
    other = list()
  ),
  members = list(
    needed = list(
      congress = double(), chamber = character(), icpsr = double(), state_abbrev = character(), district_code = double(),
      party_code = double(), bioname = character()
    ),
    other = list(nominate_dim1 = double(), nominate_dim2 = double())
  ),
  rollcalls = list(
    needed = list(congress = double(), chamber = character(), rollnumber = double()),
    other = list(
      date = character(), bill_number = character(), vote_result = character(), vote_question = character(),
      vote_desc = character(), dtl_desc = character()
    )
  )
)

chambers <- c("House", "Senate", "President")

# The tables of one argument as one data frame, with the chamber as a place in `chambers`, of some congresses. The columns
# `.source` and `.row` tell where a row stands; attribute "sources" names the sources.
read_voteview_tables <- function(x, arg, congress, call) {
  sources <- if (is.data.frame(x)) list(x) else as.list(x)
  if (length(sources) == 0 || !all(vapply(sources, function(s) is.data.frame(s) || rlang::is_string(s), logical(1)))) {
    abort_vaeirt("{.arg {arg}} must be paths to CSV files or a data frame, not {describe(x)}.", "input", call)
  }
  labels <- vapply(sources, function(s) if (is.data.frame(s)) arg else s, character(1))
  parts <- lapply(seq_along(sources), function(k) {
    part <- read_voteview_table(sources[[k]], arg, labels[[k]], call)
    part$.source <- rep(k, length(part$congress))
    part$.row <- seq_along(part$congress)
    kept <- if (is.null(congress)) TRUE else part$congress %in% congress
    if (all(kept)) part else lapply(part, `[`, kept)
  })
  columns <- Reduce(union, lapply(parts, names))
  table <- lapply(rlang::set_names(columns), function(column) {
    unlist(lapply(parts, function(part) part[[column]] %||% rep(NA, length(part$congress))))
  })
  structure(tibble::new_tibble(table, nrow = length(table$congress)), sources = labels)
}

# The columns of one table, checked.
read_voteview_table <- function(source, arg, name, call) {
  types <- c(voteview_columns[[arg]]$needed, voteview_columns[[arg]]$other)
  given <- if (is.data.frame(source)) names(source) else csv_header(source, call)
  absent <- setdiff(names(voteview_columns[[arg]]$needed), given)
  if (length(absent) > 0) {
    abort_vaeirt(
      c(
        "A table of {.arg {arg}} needs the {cli::qty(absent)}column{?s} {.val {absent}}.",
        x = if (length(given) > 0) {
          "{.file {name}} has {.val {utils::head(given, 12)}}{more_than(given, 12)}."
        } else {
          "{.file {name}} has no columns."
        }
      ),
      "columns",
      call
    )
  }
  types <- types[names(types) %in% given]
  columns <- if (is.data.frame(source)) as.list(source)[names(types)] else read_csv(source, given, types, call)
  for (column in names(types)) {
    columns[[column]] <- as_type(columns[[column]], types[[column]], column, name, call)
  }
  labels <- unique(columns$chamber)
  place <- match(to_lower(labels), to_lower(if (arg == "members") chambers else chambers[1:2]))
  place <- place[match(columns$chamber, labels)]
  check_ids(columns, place, arg, name, call)
  columns$chamber <- place
  columns
}

# The names of the columns of a CSV file, without a byte order mark.
csv_header <- function(path, call) {
  if (dir.exists(path)) {
    abort_vaeirt("{.path {path}} is a folder, not a CSV file.", "file", call)
  }
  if (!file.exists(path)) {
    abort_vaeirt("There is no file {.path {shorten(path)}}.", "file", call)
  }
  line <- readLines(path, 1, warn = FALSE)
  if (length(line) == 0) {
    abort_vaeirt("The file {.path {path}} is empty.", "file", call)
  }
  bytes <- charToRaw(line)
  mark <- as.raw(c(0xef, 0xbb, 0xbf))
  if (identical(utils::head(bytes, 3), mark)) {
    line <- rawToChar(bytes[-(1:3)])
  }
  if (!grepl("[^[:space:],;\"]", line, useBytes = TRUE)) {
    abort_vaeirt(
      c(
        "The first line of {.path {path}} is empty, and should name the columns.",
        i = "Delete what stands above the line with {.val congress}, {.val chamber}, ..., or download the file anew."
      ),
      "file",
      call
    )
  }
  scan(text = line, what = "", sep = ",", quote = "\"", quiet = TRUE)
}

# Some columns of a CSV file. Numbers are read as numbers; where one is none, everything is text, so that the culprit is
# found.
read_csv <- function(path, header, types, call) {
  what <- vector("list", length(header))
  scanned <- function(types) {
    what[match(names(types), header)] <- types
    found <- scan(
      path, what, sep = ",", quote = "\"", skip = 1, multi.line = FALSE, quiet = TRUE, na.strings = c("", "NA"),
      comment.char = "", encoding = "UTF-8"
    )
    rlang::set_names(found[match(names(types), header)], names(types))
  }
  tryCatch(
    scanned(types),
    error = function(cnd) {
      tryCatch(
        scanned(lapply(types, function(type) character())),
        error = function(cnd) {
          problem <- c("The file {.path {path}} cannot be read as CSV.", x = "Below the header: {conditionMessage(cnd)}.")
          abort_vaeirt(problem, "file", call)
        }
      )
    }
  )
}

as_type <- function(values, type, column, name, call) {
  if (is.factor(values)) {
    values <- as.character(values)
  }
  if (is.character(type)) {
    return(as.character(values))
  }
  if (is.numeric(values)) {
    return(as.double(values))
  }
  numbers <- suppressWarnings(as.double(values))
  bad <- which(is.na(numbers) & !is.na(values) & !values %in% "")
  if (length(bad) > 0) {
    abort_voteview(name, bad, column, values[bad[[1]]], "numbers", call)
  }
  numbers
}

# The columns that tell what a row is about have to be there and to make sense.
check_ids <- function(columns, chamber, arg, name, call) {
  rules <- list(
    congress = "whole numbers from 1", rollnumber = "whole numbers from 1", icpsr = "whole numbers from 1",
    cast_code = "whole numbers from 0 to 9", chamber = if (arg == "members") chambers else chambers[1:2]
  )
  for (column in intersect(names(rules), names(columns))) {
    values <- columns[[column]]
    good <- switch(column,
      chamber = !is.na(chamber),
      cast_code = values %in% 0:9,
      !is.na(values) & values >= 1 & values == trunc(values)
    )
    if (!all(good)) {
      abort_voteview(name, which(!good), column, values[[which(!good)[[1]]]], rules[[column]], call)
    }
  }
}

abort_voteview <- function(name, rows, column, value, expected, call) {
  expected <- if (length(expected) > 1) cli::format_inline("{.or {.val {expected}}}") else expected
  abort_vaeirt(
    c(
      "Column {.val {column}} of {.file {name}} must hold {expected}.",
      x = "Row {rows[[1]]} (below the header) has the value {.val {value}}.",
      i = "{length(rows)} value{?s} of this kind in all."
    ),
    "response",
    call
  )
}
