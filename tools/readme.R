# Knits README.Rmd to README.md: its output, its figure and its numbers are those of this run and of the files in bench/. A run
# that fails leaves README.md as it was.
invisible(Sys.setlocale("LC_CTYPE", "C.UTF-8"))
page <- knitr::knit("README.Rmd", tempfile(fileext = ".md"), quiet = TRUE, encoding = "UTF-8")
invisible(file.copy(page, "README.md", overwrite = TRUE))
