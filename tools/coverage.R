# How much of the R code its tests run, and of the core crate its own tests (tools/coverage.sh), in lines. Fails below the limits.
# All lines that no test runs go to .cache/coverage/missed.txt.
limits <- c("R code" = 90, "core crate" = 85)

# The C code is the entry point alone; it needs no counters.
options(covr.flags = character(), covr.gcov = "")
r_lines <- function() {
  covered <- covr::package_coverage(line_exclusions = "R/extendr-wrappers.R")
  covr::tally_coverage(covered, by = "line")[c("filename", "line", "value")]
}

# Without the tests themselves: items under `#[cfg(test)]`, and files of tests.
core_lines <- function(path) {
  lcov <- readLines(path)
  file <- sub("^SF:", "", lcov[startsWith(lcov, "SF:")])[cumsum(startsWith(lcov, "SF:"))]
  counted <- startsWith(lcov, "DA:") & grepl("/src/rust/core/src/", file) & !endsWith(file, "_tests.rs")
  counts <- utils::read.csv(text = substring(lcov[counted], 4), header = FALSE)[1:2]
  lines <- data.frame(filename = file[counted], line = counts[[1]], value = counts[[2]])
  lines <- do.call(rbind, lapply(split(lines, lines$filename), function(x) x[!x$line %in% test_lines(x$filename[[1]]), ]))
  lines$filename <- sub(paste0(getwd(), "/"), "", lines$filename, fixed = TRUE)
  lines
}

test_lines <- function(path) {
  code <- readLines(path)
  starts <- grep("^ *#\\[cfg\\(test\\)\\]", code)
  unlist(lapply(starts, function(start) {
    ends <- which(code == sub("#.*", "}", code[[start]]))
    start:min(ends[ends > start], length(code))
  }))
}

report <- function(name, lines) {
  shares <- 100 * sort(tapply(lines$value > 0, lines$filename, mean))
  missed <- tapply(lines$value == 0, lines$filename, sum)[names(shares)]
  percent <- 100 * mean(lines$value > 0)
  cat(sprintf("%s: %.1f %% of %d lines (at least %d %%)\n", name, percent, nrow(lines), limits[[name]]))
  cat(sprintf("  %5.1f %%  %4d lines missed  %s\n", shares, missed, names(shares))[seq_len(min(5, length(shares)))], sep = "")
  percent >= limits[[name]]
}

found <- list("core crate" = core_lines(".cache/coverage/core.lcov"), "R code" = r_lines())
missed <- do.call(rbind, lapply(found, function(lines) lines[lines$value == 0, ]))
writeLines(sprintf("%s:%d", missed$filename, missed$line), ".cache/coverage/missed.txt")
enough <- unlist(Map(report, names(limits), found[names(limits)]))
quit(status = !all(enough))
