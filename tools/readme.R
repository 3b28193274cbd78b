# Knits README.Rmd to README.md: its output, its figures and its numbers are those of this run and of the files in bench/.
invisible(Sys.setlocale("LC_CTYPE", "C.UTF-8"))
invisible(knitr::knit("README.Rmd", "README.md", quiet = TRUE, encoding = "UTF-8"))
