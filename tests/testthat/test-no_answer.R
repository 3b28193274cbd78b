test_that("no_answer() matches whatever case, blanks and signs, and can be put together with other values", {
  x <- data.frame(
    q = c("Yes", "No", " DON\u2019T  know ", "9", "Sans re\u0301ponse", "NSP", ""),
    r = c("No", "Yes", "No", "Yes", "No", "No", "Yes")
  )
  options_with <- function(missing) suppressWarnings(suppressMessages(irt_responses(x, missing = missing)))$items$options[[1]]
  expect_identical(options_with(no_answer()), c("9", "No", "Yes"))
  expect_identical(options_with(c(no_answer(), 9)), c("No", "Yes"))
  expect_identical(options_with(c(9, no_answer())), c("No", "Yes"))
  expect_identical(options_with(c(no_answer(), "no")), c("9", "No", "Yes"))
  expect_identical(options_with(no_answer(except = "NSP")), c("9", "NSP", "No", "Yes"))
})

test_that("no_answer() gives words in their folded form, once each", {
  words <- no_answer()
  expect_s3_class(words, "vaeirt_no_answer")
  expect_s3_class(c(words, "x", 1.5), "vaeirt_no_answer")
  expect_identical(tail(as.character(c(words, "x", 9)), 2), c("x", "9"))
  expect_false(anyDuplicated(words) > 0)
  expect_identical(as.character(words), fold_text(as.character(words), accents = FALSE))
  expect_true(all(c("dk", "don't know", "refused", "not voting", "") %in% words))
  expect_false(any(c("none", "abstain", "undervote", "no", "0") %in% words))
  expect_output(print(words), "words")
})

test_that("labels are words, or several of them, and nothing else", {
  words <- c(
    "Don't Know/Refused", "DK, Refused", "Don't know or refused", "(9) Refused", "9=Refused", "8. Don't know (FTF only)",
    "[Refused]", "-8) Inapplicable", "\u2014", "Wei\u00df nicht", "n.a.", "D/K", "98.DK"
  )
  expect_identical(means_no_answer(words), rep(TRUE, length(words)))
  others <- c(
    "None", "no/don't know", "Skip Bayless", "-1", "9", "1/2", "yes/no", "Not at all", "3 - 5", "b.a", "NA-1", "Refused entry",
    "Other", "+", "Present"
  )
  expect_identical(means_no_answer(others), rep(FALSE, length(others)))
})
