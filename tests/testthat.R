library(testthat)
library(vaeirt)

test_check("vaeirt")
