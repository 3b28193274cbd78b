# The README is not part of the installed package: this runs in a checkout.
readme <- function() {
  path <- test_path("..", "..", "README.md")
  skip_if_not(file.exists(path))
  readLines(path, encoding = "UTF-8")
}

# The code blocks of a language, in order.
code_blocks <- function(lines, language) {
  fences <- which(startsWith(lines, "```"))
  opening <- fences[seq(1, length(fences), by = 2)]
  closing <- fences[seq(2, length(fences), by = 2)]
  wanted <- lines[opening] == paste0("```", language)
  Map(function(from, to) lines[seq(from + 1, to - 1)], opening[wanted], closing[wanted])
}

test_that("the code of the README runs as printed and gives what it says", {
  skip_on_cran()
  skip_if_not_installed("pscl")
  skip_if_not_installed("posterior")
  lines <- readme()
  blocks <- code_blocks(lines, "r")
  expect_gt(length(blocks), 3)
  withr::local_dir(withr::local_tempdir())
  withr::local_pdf("figures.pdf")
  env <- new.env(parent = globalenv())
  printed <- utils::capture.output(suppressMessages({
    for (block in blocks) {
      for (expression in parse(text = block, keep.source = FALSE)) {
        value <- withVisible(eval(expression, env))
        if (value$visible) print(value$value)
      }
    }
  }))
  # The sample output, without times and last digits.
  shown <- code_blocks(lines, "")[[1]]
  known <- grep("^(Item response|102 resp|Standard errors)|BUSH|KYL", shown, value = TRUE)
  expect_length(known, 5)
  first <- function(x) substr(gsub(" +", " ", x), 1, 18)
  expect_true(all(first(known) %in% first(printed)))
  expect_true(file.exists("estimates.parquet"))
  expect_s3_class(env$compared, "ideal_point_comparison")
})

test_that("the vignettes of the README exist", {
  named <- unlist(regmatches(readme(), gregexpr("(?<=vignette\\(\")[a-z-]+", readme(), perl = TRUE)))
  expect_gt(length(named), 4)
  expect_true(all(file.exists(test_path("..", "..", "vignettes", paste0(named, ".Rmd")))))
})
