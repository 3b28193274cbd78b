# How the house is built: `Rscript tools/house.R [root]` reads the code below `root` (by default, here) and ends with status 1
# and one message for each fault. A house stands if its rooms (files) rest on those below them: no file of the core crate
# imports in a circle or upward, all imports name the file that defines a thing, no function is too long to be read at once,
# no module is a house of its own, and what belongs to the seams stands in no other file. tools/house_test.R tests it.

# The top-level modules of the core crate from ground to roof. A file imports from its own module and from those before it.
order_of_core <- c(
  "base", "responses", "ingest", "model", "settings", "kernels", "posterior", "train", "information", "uncertainty", "maximum",
  "integration", "fit", "simulate"
)
most_lines <- 60
too_large_share <- 0.20

core_folder <- "src/rust/core/src"
boundary_folder <- "src/rust/src"
other_rust_folders <- c("src/rust/core/examples", "src/rust/fuzz")
r_folder <- "R"

# ---- Text ----

# Pieces of patterns. Attributes may hold brackets, so the pattern calls itself.
attribute <- "#!?(?<brackets>\\[(?:[^\\[\\]]++|(?&brackets))*+\\])"
visibility <- "(?:pub(?:\\s*\\([^)]*\\))?\\s+)?"
declaration <- paste0("(?<![\\w#])", visibility, "mod\\s+\\w+\\s*;")

# What is not code: line comments, block comments (which nest), raw strings, strings and characters. Lifetimes do not match.
not_code <- paste(
  "//[^\\n]*",
  "(?<comment>/\\*(?:[^*/]++|(?&comment)|\\*(?!/)|/)*+\\*/)",
  "(?<!\\w)[bc]?r(?<hashes>#*)\"[\\s\\S]*?\"\\k<hashes>",
  "(?:(?<!\\w)[bc])?\"(?:[^\"\\\\]++|\\\\[\\s\\S])*+\"",
  "'(?:[^'\\\\\\n]|\\\\(?:u\\{[^}]*\\}|x[0-9a-fA-F]{2}|.))'",
  sep = "|"
)

# One byte for each character, so that positions in bytes and in characters are the same.
read_ascii <- function(path) {
  bytes <- readBin(path, "raw", file.size(path))
  bytes <- bytes[bytes < as.raw(0x80) | bytes >= as.raw(0xc0)]
  bytes[bytes >= as.raw(0x80)] <- charToRaw("?")
  rawToChar(bytes)
}

# data.frame() does more than is needed here, thousands of times.
frame <- function(...) list2DF(list(...))

no_spans <- frame(from = integer(), to = integer(), text = character(), name = character())

# substring() refuses to take no pieces.
slices <- function(text, from, to) if (length(from) > 0) substring(text, from, to) else character()

# Where a pattern matches: `from`, `to`, the text, and (if the pattern has one) the group called `name`.
spans <- function(pattern, text) {
  found <- gregexpr(pattern, text, perl = TRUE)[[1]]
  if (found[[1]] < 0) {
    return(no_spans)
  }
  from <- as.integer(found)
  to <- from + attr(found, "match.length") - 1L
  name <- rep("", length(from))
  if ("name" %in% attr(found, "capture.names")) {
    first <- attr(found, "capture.start")[, "name"]
    name <- substring(text, first, first + attr(found, "capture.length")[, "name"] - 1L)
  }
  frame(from = from, to = to, text = substring(text, from, to), name = name)
}

# Spaces instead of the spans; lines and positions stay what they are.
blank <- function(text, spans) {
  if (nrow(spans) == 0) {
    return(text)
  }
  bytes <- charToRaw(text)
  inside <- unlist(Map(seq.int, spans$from, spans$to))
  inside <- inside[bytes[inside] != charToRaw("\n")]
  bytes[inside] <- charToRaw(" ")
  rawToChar(bytes)
}

line_of <- function(text, position) {
  findInterval(position - 1, which(charToRaw(text) == charToRaw("\n"))) + 1L
}

count_lines <- function(text) length(strsplit(text, "\n", fixed = TRUE)[[1]])

# ---- Items of Rust ----

# Brackets, semicolons and commas with the number of brackets around them.
find_marks <- function(code) {
  signs <- strsplit(code, "", fixed = TRUE)[[1]]
  at <- which(signs %in% c("{", "}", "(", ")", "[", "]", ";", ","))
  sign <- signs[at]
  step <- sign %in% c("{", "(", "[") - sign %in% c("}", ")", "]")
  frame(at = at, sign = sign, level = cumsum(step) - (step == 1), after = cumsum(step))
}

# What ends the item that begins with this text: a statement its semicolon, most items their block, a field or a branch a comma.
ends_of <- function(head) {
  statement <- paste0("^", visibility, "(?:use|type|let|static|const(?!\\s+(?:unsafe|fn|extern|async)))\\b")
  with_block <- "(?:default|const|async|unsafe|extern|fn|mod|impl|struct|enum|union|trait|macro_rules)\\b"
  if (grepl(statement, head, perl = TRUE)) {
    return(";")
  }
  if (grepl(paste0("^", visibility, with_block), head, perl = TRUE)) c(";", "}") else c(";", "}", ",")
}

item_end <- function(marks, start, ends) {
  before <- findInterval(start - 1, marks$at)
  depth <- if (before == 0) 0 else marks$after[[before]]
  later <- seq_len(nrow(marks)) > before
  end <- which(later & (marks$level < depth | (marks$level == depth & marks$sign %in% ends)))[1]
  marks$at[[end]] - (marks$level[[end]] < depth)
}

is_test_attribute <- function(attributes) {
  attributes <- gsub("\\s", "", attributes)
  all_of <- grepl("#!?\\[cfg\\(all\\(.*\\btest\\b", attributes, perl = TRUE) & !grepl("not(test)", attributes, fixed = TRUE)
  grepl("#!?\\[(?:cfg\\(test\\)|test)\\]", attributes, perl = TRUE) | all_of
}

# Items under `#[cfg(test)]` or `#[test]`, from the attribute to the end.
test_spans <- function(code, marks) {
  found <- spans(attribute, code)
  found <- found[is_test_attribute(found$text) & !startsWith(found$text, "#!"), ]
  if (nrow(found) == 0) {
    return(found)
  }
  found$to <- vapply(found$to, function(to) {
    rest <- substring(code, to + 1)
    skipped <- attr(regexpr(paste0("^(?:\\s*", attribute, ")*\\s*"), rest, perl = TRUE), "match.length")
    as.numeric(item_end(marks, to + 1 + skipped, ends_of(substring(rest, skipped + 1, skipped + 80))))
  }, numeric(1))
  found
}

# Modules in files of their own that are declared with attributes: whether they are tests, and the file that `#[path]` names.
declared_modules <- function(code, text) {
  found <- spans(paste0("(?:", attribute, "\\s*)+", visibility, "mod\\s+(?<name>\\w+)\\s*;"), code)
  written <- slices(text, found$from, found$to)
  named <- grepl("path\\s*=\\s*\"", written)
  frame(
    name = found$name,
    test = is_test_attribute(found$text),
    path = ifelse(named, sub(".*path\\s*=\\s*\"([^\"]*)\".*", "\\1", gsub("\n", " ", written)), NA_character_)
  )
}

# `code` is the text without comments and strings, `live` that without tests too.
read_rust <- function(root, path) {
  text <- read_ascii(file.path(root, path))
  code <- blank(text, spans(not_code, text))
  marks <- find_marks(code)
  balanced <- nrow(marks) == 0 || (all(marks$after >= 0) && marks$after[[nrow(marks)]] == 0)
  if (!balanced) {
    stop(path, " cannot be read: its brackets do not match", call. = FALSE)
  }
  tests <- test_spans(code, marks)
  list(
    path = path, text = text, code = code, tests = tests, live = blank(code, tests),
    declared = declared_modules(code, text), test = any(is_test_attribute(spans("#!\\[[^\\]]*\\]", code)$text))
  )
}

# ---- Crates ----

# A package (a folder with a Cargo.toml) may hold what cargo built.
rust_files <- function(root, folder) {
  files <- list.files(file.path(root, folder), "\\.rs$", recursive = TRUE)
  if (file.exists(file.path(root, folder, "Cargo.toml"))) {
    files <- files[!startsWith(files, "target/")]
  }
  file.path(rep(folder, length(files)), files)
}

# The path of the module that a file defines, as its own path says: a/b.rs and a/b/mod.rs are crate::a::b.
module_of <- function(path, folder) {
  inside <- sub("\\.rs$", "", substring(path, nchar(folder) + 2))
  inside <- sub("(^|/)(mod|lib)$", "", inside)
  gsub("/", "::", ifelse(inside == "", "crate", paste0("crate/", inside)), fixed = TRUE)
}

is_face <- function(path) basename(path) == "mod.rs"
is_lib <- function(path) basename(path) == "lib.rs"

# Files of a crate with the modules that they define, and whether they are tests because of how they are declared.
read_crate <- function(root, folder) {
  paths <- rust_files(root, folder)
  if (!file.path(folder, "lib.rs") %in% paths) {
    stop(file.path(root, folder, "lib.rs"), " is missing", call. = FALSE)
  }
  files <- lapply(stats::setNames(nm = paths), function(path) read_rust(root, path))
  modules <- stats::setNames(module_of(paths, folder), paths)
  tests <- modules[vapply(files, `[[`, logical(1), "test")]
  for (file in files) {
    declared <- file$declared
    declared$module <- paste0(modules[[file$path]], "::", declared$name, recycle0 = TRUE)
    moved <- declared[!is.na(declared$path), ]
    modules[file.path(rep(dirname(file$path), nrow(moved)), moved$path)] <- moved$module
    tests <- c(tests, declared$module[declared$test])
  }
  modules <- modules[paths]
  below_test <- vapply(modules, function(module) any(module == tests | startsWith(module, paste0(tests, "::"))), logical(1))
  list(folder = folder, files = files[!below_test], modules = modules[!below_test])
}

top_level <- function(module) sub("^crate(::)?([^:]*).*", "\\2", module)

# ---- Imports ----

split_at_commas <- function(text) {
  signs <- strsplit(text, "", fixed = TRUE)[[1]]
  cuts <- which(signs == "," & cumsum((signs == "{") - (signs == "}")) == 0)
  parts <- trimws(substring(text, c(1, cuts + 1), c(cuts - 1, nchar(text))))
  parts[nzchar(parts)]
}

# `a::{b, c::{self, d as e}}` are the paths a::b, a::c::self and a::c::d.
expand_use <- function(tree) {
  tree <- trimws(tree)
  open <- regexpr("{", tree, fixed = TRUE)
  if (open < 0) {
    return(sub("\\s+as\\s+\\w+$", "", tree))
  }
  inside <- substring(tree, open + 1, nchar(tree) - 1)
  paste0(substring(tree, 1, open - 1), unlist(lapply(split_at_commas(inside), expand_use)), recycle0 = TRUE)
}

# All paths that a file writes and where: those of `use`, and those in the code (`pub(in path)` imports nothing).
written_paths <- function(live) {
  used <- spans("(?<![\\w#])use\\s+(?<name>[\\w:{][^;]*);", live)
  trees <- lapply(gsub("\\s*::\\s*", "::", gsub("\\s+", " ", used$name)), expand_use)
  rest <- blank(blank(live, used), spans("pub\\s*\\(\\s*in\\s[^)]*\\)", live))
  inline <- spans("(?<![\\w:])[A-Za-z_]\\w*(?:\\s*::\\s*\\w+)+", rest)
  frame(
    at = c(rep(used$from, lengths(trees)), inline$from),
    path = c(as.character(unlist(trees)), gsub("\\s", "", inline$text))
  )
}

inline_modules <- function(live) {
  found <- spans("(?<![\\w#])mod\\s+(?<name>\\w+)\\s*\\{", live)
  if (nrow(found) == 0) {
    return(found)
  }
  marks <- find_marks(live)
  found$to <- vapply(found$from, function(from) as.numeric(item_end(marks, from, "}")), numeric(1))
  found
}

# The path from the root of the crate, in parts; NULL for other crates and for names that are no modules.
absolute_path <- function(path, home, known) {
  parts <- sub("^r#", "", strsplit(path, "::", fixed = TRUE)[[1]])
  if (parts[[1]] == "crate") {
    home <- character()
  } else if (!parts[[1]] %in% c("self", "super") && !paste(c(home, parts[[1]]), collapse = "::") %in% known) {
    return(NULL)
  }
  while (length(parts) > 0 && parts[[1]] %in% c("self", "super")) {
    home <- if (parts[[1]] == "super") utils::head(home, -1) else home
    parts <- parts[-1]
  }
  parts <- c(home, parts[parts != "self"])
  if (length(parts) > 0 && parts[[1]] == "crate") parts
}

# The longest beginning of a path that is a module in a file, and the name that is taken from it.
resolve <- function(parts, known) {
  for (n in rev(seq_along(parts))) {
    module <- paste(parts[seq_len(n)], collapse = "::")
    if (module %in% known) {
      return(c(module, parts[min(n + 1, length(parts))]))
    }
  }
  NULL
}

imports_of <- function(file, modules) {
  written <- written_paths(file$live)
  inside <- inline_modules(file$live)
  home <- strsplit(modules[[file$path]], "::", fixed = TRUE)[[1]]
  found <- lapply(seq_len(nrow(written)), function(i) {
    around <- inside$name[inside$from < written$at[[i]] & inside$to > written$at[[i]]]
    resolve(absolute_path(written$path[[i]], c(home, around), modules), modules)
  })
  found <- do.call(rbind, c(list(matrix(character(), 0, 2)), found))
  frame(
    from = rep(file$path, nrow(found)), to = names(modules)[match(found[, 1], modules)],
    module = found[, 1], name = found[, 2]
  )
}

# One row for each pair of files: who imports from whom, the module's path, and all the names in one text.
find_imports <- function(crate) {
  all <- unique(do.call(rbind, unname(lapply(crate$files, imports_of, modules = crate$modules))))
  all <- all[all$from != all$to, ]
  if (nrow(all) == 0) {
    return(transform(all, names = character()))
  }
  pairs <- unname(split(all, paste(all$from, all$to)))
  do.call(rbind, lapply(pairs, function(pair) {
    frame(from = pair$from[[1]], to = pair$to[[1]], module = pair$module[[1]], names = paste(sort(pair$name), collapse = ", "))
  }))
}

# ---- Circles ----

# Tarjan's algorithm: `low` is the first file on the stack that a file reaches; the root of a component reaches none before it.
visit <- function(file, targets, state) {
  state$count <- state$count + 1
  state$index[file] <- state$low[file] <- state$count
  state$stack <- c(state$stack, file)
  for (target in targets[[file]]) {
    if (is.na(state$index[target])) {
      visit(target, targets, state)
      state$low[file] <- min(state$low[file], state$low[target])
    } else if (target %in% state$stack) {
      state$low[file] <- min(state$low[file], state$index[target])
    }
  }
  if (state$low[file] == state$index[file]) {
    first <- match(file, state$stack)
    state$found <- c(state$found, list(state$stack[first:length(state$stack)]))
    state$stack <- utils::head(state$stack, first - 1)
  }
}

find_circles <- function(imports) {
  files <- unique(c(imports$from, imports$to))
  state <- new.env()
  state$count <- 0
  state$index <- state$low <- stats::setNames(rep(NA_real_, length(files)), files)
  state$stack <- character()
  state$found <- list()
  targets <- split(imports$to, imports$from)
  for (file in files) {
    if (is.na(state$index[file])) visit(file, targets, state)
  }
  Filter(function(circle) length(circle) > 1, state$found)
}

describe_circle <- function(circle, imports) {
  edges <- imports[imports$from %in% circle & imports$to %in% circle, ]
  lines <- sprintf("    %s imports %s (%s)", edges$from, edges$to, edges$names)
  paste(c(sprintf("circle of %d files that import each other:", length(circle)), lines), collapse = "\n")
}

# ---- Rules of the core ----

unlisted_modules <- function(crate) {
  tops <- setdiff(unique(top_level(crate$modules)), c("", order_of_core))
  sprintf("%s: the module `%s` stands nowhere in the order of modules; add it to order_of_core in tools/house.R",
          rep(crate$folder, length(tops)), tops)
}

upward_imports <- function(crate, imports) {
  from <- match(top_level(crate$modules[imports$from]), order_of_core)
  to <- match(top_level(imports$module), order_of_core)
  up <- imports[!is.na(from) & !is.na(to) & to > from, ]
  sprintf("%s imports upward: %s (%s)", up$from, up$module, up$names)
}

indirect_imports <- function(imports) {
  inner <- imports[!is_lib(imports$from), ]
  lib <- inner[is_lib(inner$to), ]
  face <- inner[is_face(inner$to), ]
  c(
    sprintf("%s imports through lib.rs: %s (%s); name the file that defines it", lib$from, lib$module, lib$names),
    sprintf("%s imports through the face %s: %s (%s); name the file that defines it",
            face$from, face$to, face$module, face$names)
  )
}

# Lines of a file that hold anything but what is allowed.
foreign_lines <- function(file, allowed, message) {
  rest <- file$code
  for (pattern in c(attribute, allowed)) {
    rest <- blank(rest, spans(pattern, rest))
  }
  lines <- grep("\\S", strsplit(rest, "\n", fixed = TRUE)[[1]])
  if (length(lines) == 0) {
    return(character())
  }
  first <- trimws(strsplit(file$text, "\n", fixed = TRUE)[[1]][[lines[[1]]]])
  more <- if (length(lines) > 1) sprintf(" (and %d more lines)", length(lines) - 1) else ""
  sprintf("%s %s; line %d: %s%s", file$path, message, lines[[1]], first, more)
}

faults_of_shape <- function(core, boundary) {
  faces <- core$files[is_face(names(core$files))]
  public_use <- "(?<![\\w#])pub\\s+use\\s[^;]*;"
  any_use <- paste0("(?<![\\w#])", visibility, "use\\s[^;]*;")
  extendr <- "\\bextendr_module!\\s*(?<braces>\\{(?:[^{}]++|(?&braces))*+\\})\\s*;?"
  c(
    unlist(lapply(faces, foreign_lines, declaration, "defines something, but a mod.rs only declares modules")),
    foreign_lines(core$files[[file.path(core_folder, "lib.rs")]], c(declaration, public_use),
                  "may hold only `mod` and `pub use`"),
    foreign_lines(boundary$files[[file.path(boundary_folder, "lib.rs")]], c(extendr, declaration, any_use),
                  "may hold only `mod`, `use` and extendr_module!")
  )
}

# ---- Sizes ----

lines_without_tests <- function(file) {
  tests <- Map(seq.int, line_of(file$text, file$tests$from), line_of(file$text, file$tests$to))
  count_lines(file$text) - length(unique(unlist(tests)))
}

module_shares <- function(core) {
  lines <- vapply(core$files, lines_without_tests, numeric(1))
  sums <- tapply(lines, top_level(core$modules), sum)
  shares <- sums / sum(lines)
  sort(shares[names(shares) != ""], decreasing = TRUE)
}

large_modules <- function(shares) {
  large <- shares[shares >= too_large_share]
  sprintf("%s: the module `%s` holds %.1f %% of the lines of the core; less than %.0f %% are allowed",
          rep(core_folder, length(large)), names(large), 100 * large, 100 * too_large_share)
}

rust_functions <- function(file) {
  found <- spans("(?<![\\w#])fn\\s+(?<name>\\$?\\w+)", file$live)
  marks <- find_marks(file$live)
  to <- vapply(found$from, function(from) as.numeric(item_end(marks, from, c(";", "}"))), numeric(1))
  first <- line_of(file$text, found$from)
  frame(path = rep(file$path, nrow(found)), name = found$name, line = first, lines = line_of(file$text, to) - first + 1)
}

# The name to which a function is assigned, if it is.
assigned_name <- function(data, id) {
  siblings <- data[data$parent == data$parent[data$id == id], ]
  if (any(siblings$token %in% c("LEFT_ASSIGN", "EQ_ASSIGN")) && siblings$id[[1]] != id) {
    return(utils::getParseText(data, siblings$id[[1]]))
  }
  "a function without a name"
}

r_functions <- function(root, path) {
  data <- utils::getParseData(parse(file.path(root, path), keep.source = TRUE, encoding = "UTF-8"))
  ids <- data$parent[data$token %in% c("FUNCTION", "'\\\\'")]
  rows <- data[match(ids, data$id), ]
  names <- vapply(ids, function(id) assigned_name(data, id), character(1))
  frame(path = rep(path, length(ids)), name = names, line = as.integer(rows$line1), lines = rows$line2 - rows$line1 + 1)
}

all_functions <- function(root, rust, r_files) {
  found <- c(lapply(unname(rust), rust_functions), lapply(r_files, function(path) r_functions(root, path)))
  do.call(rbind, found)
}

long_functions <- function(functions) {
  long <- functions[functions$lines > most_lines, ]
  long <- long[order(-long$lines), ]
  sprintf("%s:%d: %s has %d lines; at most %d are allowed", long$path, long$line, long$name, as.integer(long$lines),
          rep(as.integer(most_lines), nrow(long)))
}

# ---- Seams ----

# What is known in its own place alone: how responses come about, how the rows of items are laid out, and how the traits are
# distributed. Words and code, comments included, that may stand elsewhere in the core and in R's functions neither.
own_places <- paste0("^", core_folder, "/model/(response/|(item_|table_)?design|tangents|population)")
r_place <- "^R/items[.]R$"
known_elsewhere <- c(
  "the population" = "N\\(0, ?I\\)",
  "the response models" = "(?i)soft_?max|log_?sum_?exp",
  "the design" = "(?<!\\* \\()\\bn_dims(\\(\\))? \\+ 1\\b|\\[n_dims\\]|\\.\\.n_dims\\]|0\\.\\.=n_dims"
)
r_knows <- c("the design" = "(\\[, |each = |, )(\\w+\\$)?dims \\+ 1L?\\b|cbind\\(\\w+, -1\\)")

# The lines of a text, the tests of Rust left out.
lines_to_search <- function(file) {
  lines <- strsplit(file$text, "\n", fixed = TRUE)[[1]]
  tests <- unlist(Map(seq.int, line_of(file$text, file$tests$from), line_of(file$text, file$tests$to)))
  lines[tests] <- ""
  lines
}

knowledge_in <- function(path, lines, patterns) {
  unlist(lapply(names(patterns), function(place) {
    found <- grep(patterns[[place]], lines, perl = TRUE)
    sprintf("%s:%d: only %s may know this: %s", rep(path, length(found)), found, rep(place, length(found)), trimws(lines[found]))
  }))
}

misplaced_knowledge <- function(root, rust, r_files) {
  rust <- Filter(function(file) !file$test && !grepl(own_places, file$path), rust)
  r_files <- grep(r_place, r_files, value = TRUE, invert = TRUE)
  c(
    unlist(lapply(rust, function(file) knowledge_in(file$path, lines_to_search(file), known_elsewhere))),
    unlist(lapply(r_files, function(path) {
      lines <- strsplit(read_ascii(file.path(root, path)), "\n", fixed = TRUE)[[1]]
      knowledge_in(path, ifelse(startsWith(lines, "#'"), "", lines), r_knows)
    }))
  )
}

# ---- The house ----

figures_of <- function(files, imports, circles, upward, functions, shares) {
  longest <- functions[which.max(functions$lines), ]
  sprintf(
    "%d files, %d imports, circles %d, upward %d, longest function %s in %s (%d lines), biggest module %s (%.1f %%)",
    files, imports, circles, upward, longest$name, longest$path, as.integer(longest$lines), names(shares)[[1]], 100 * shares[[1]]
  )
}

# Imports of lib.rs are faults of the core on their own; as lib.rs names every module, they would make one circle of them all.
house <- function(root = ".") {
  core <- read_crate(root, core_folder)
  boundary <- read_crate(root, boundary_folder)
  others <- lapply(unlist(lapply(other_rust_folders, function(folder) rust_files(root, folder))), read_rust, root = root)
  r_files <- list.files(file.path(root, r_folder), "\\.[rR]$")
  r_files <- file.path(rep(r_folder, length(r_files)), r_files)
  imports <- find_imports(core)
  boundary_imports <- find_imports(boundary)
  rust <- c(core$files, boundary$files, Filter(function(file) !file$test, others))
  functions <- all_functions(root, rust, r_files)
  shares <- module_shares(core)
  upward <- upward_imports(core, imports)
  circles <- c(
    vapply(find_circles(imports[!is_lib(imports$to), ]), describe_circle, "", imports),
    vapply(find_circles(boundary_imports), describe_circle, "", boundary_imports)
  )
  failures <- c(
    unlisted_modules(core), circles, upward, indirect_imports(imports), faults_of_shape(core, boundary),
    long_functions(functions), large_modules(shares), misplaced_knowledge(root, rust, r_files)
  )
  n_imports <- nrow(imports) + nrow(boundary_imports)
  figures <- figures_of(length(rust) + length(r_files), n_imports, length(circles), length(upward), functions, shares)
  list(failures = unname(failures), figures = figures)
}

main <- function(root = ".") {
  found <- house(root)
  message(paste0(found$failures, "\n", recycle0 = TRUE), appendLF = FALSE)
  cat(found$figures, "\n", sep = "")
  quit(status = as.integer(length(found$failures) > 0))
}

# Not when the test sources it.
if (sys.nframe() == 0) {
  do.call(main, as.list(commandArgs(trailingOnly = TRUE)))
}
