# The README is not part of the installed package: this runs in a checkout.
repository <- function() test_path("..", "..")

read_lines <- function(name) {
  path <- file.path(repository(), name)
  skip_if_not(file.exists(path))
  readLines(path, encoding = "UTF-8")
}

readme <- function() read_lines("README.md")

# The functions that write the tables.
readme_tables <- function() {
  path <- file.path(repository(), "tools", "readme_tables.R")
  skip_if_not(file.exists(path))
  env <- new.env()
  sys.source(path, env)
  env
}

# The code blocks whose opening fence matches, in order.
code_blocks <- function(lines, opening) {
  fences <- which(startsWith(lines, "```"))
  first <- fences[seq(1, length(fences), by = 2)]
  last <- fences[seq(2, length(fences), by = 2)]
  wanted <- grepl(opening, lines[first], perl = TRUE)
  Map(function(from, to) lines[seq_len(to - from - 1) + from], first[wanted], last[wanted])
}

install_block <- function(block) any(startsWith(block, "install.packages("))

# Numbers may have other last digits, and other widths with them, on another machine.
without_numbers <- function(lines) trimws(gsub("\\s+", " ", gsub("-?[0-9][0-9.,]*", "#", lines)))

test_that("the code of the README runs as printed and gives what it says", {
  skip_on_cran()
  skip_if_not_installed("pscl")
  skip_if_not_installed("posterior")
  lines <- readme()
  blocks <- Filter(Negate(install_block), code_blocks(lines, "^```r$"))
  expect_gt(length(blocks), 3)
  withr::local_dir(withr::local_tempdir())
  withr::local_pdf("figures.pdf")
  withr::local_options(width = 100, cli.unicode = TRUE)
  env <- new.env(parent = globalenv())
  printed <- utils::capture.output(suppressMessages({
    for (block in blocks) {
      for (expression in parse(text = block, keep.source = FALSE)) {
        value <- withVisible(eval(expression, env))
        if (value$visible) print(value$value)
      }
    }
  }))
  shown <- Filter(function(block) any(startsWith(block, "Item response model")), code_blocks(lines, "^```$"))
  expect_length(shown, 1)
  expect_in <- function(x, table) expect_identical(setdiff(without_numbers(x), without_numbers(table)), character())
  expect_in(shown[[1]], printed)
  expect_true(file.exists("estimates.parquet"))
  expect_s3_class(env$compared, "ideal_point_comparison")
})

test_that("README.md is that of README.Rmd", {
  source <- read_lines("README.Rmd")
  chunks <- code_blocks(source, "^```\\{r (?!.*(echo|include) = FALSE)")
  expect_gt(length(chunks), 3)
  shown <- unlist(code_blocks(readme(), "^```r$"))
  tables <- readme_tables()
  installing <- c(tables$install_line(repository()), tables$install_lines(repository()))
  expect_identical(unlist(chunks), shown[!shown %in% installing])
  # The text as well, apart from lines with a number that is computed.
  fenced <- cumsum(startsWith(source, "```")) %% 2 == 1 | startsWith(source, "```")
  expect_identical(setdiff(source[!fenced & !grepl("`r ", source)], readme()), character())
})

test_that("the tables of the README are those of the benchmark", {
  lines <- readme()
  tables <- readme_tables()
  expect_true(all(tables$speed_table(repository()) %in% lines))
  expect_true(all(tables$study_table(repository()) %in% lines))
  expect_true(all(tables$gpu_table(repository()) %in% lines))
  expect_true(tables$install_line(repository()) %in% lines)
})

test_that("the vignettes of the README exist, and the README names all", {
  named <- unlist(regmatches(readme(), gregexpr("(?<=vignette\\(\")[a-z-]+", readme(), perl = TRUE)))
  files <- list.files(file.path(repository(), "vignettes"), "\\.Rmd$")
  expect_setequal(paste0(named, ".Rmd"), files)
})

test_that("codemeta.json is that of DESCRIPTION", {
  script <- normalizePath(file.path(repository(), "tools", "codemeta.R"), mustWork = FALSE)
  skip_if_not(file.exists(script))
  folder <- withr::local_tempdir()
  file.copy(file.path(repository(), "DESCRIPTION"), folder)
  withr::with_dir(folder, source(script, local = new.env()))
  expect_identical(readLines(file.path(folder, "codemeta.json")), read_lines("codemeta.json"))
})
