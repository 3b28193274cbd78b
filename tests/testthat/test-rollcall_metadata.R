read <- function(x) suppressMessages(irt_responses(x))

test_that("legislators and roll calls get the metadata that have their names", {
  whole <- senate()
  expected <- read(whole)
  sorted <- whole
  sorted$legis.data <- sorted$legis.data[order(sorted$legis.data$party), ]
  sorted$vote.data <- sorted$vote.data[order(sorted$vote.data$bill), ]
  expect_no_warning(x <- read(sorted))
  expect_identical(x, expected)
  in_name <- substr(sub(".*\\(", "", x$respondents$respondent), 1, 1)
  expect_identical(substr(as.character(x$respondents$party), 1, 1), in_name)
  # A part of the votes beside all metadata.
  part <- whole
  part$votes <- part$votes[40:1, 300:1]
  expect_no_warning(x <- read(part))
  expect_identical(x$respondents$party, whole$legis.data$party[40:1])
  at <- match(x$items$item, colnames(whole$votes))
  expect_identical(x$items$description, whole$vote.data$description[at])
  # The names in a column, and a matrix with row names.
  column <- whole
  column$legis.data <- data.frame(name = rownames(whole$legis.data), party = whole$legis.data$party)[102:1, ]
  rownames(column$legis.data) <- NULL
  expect_identical(read(column)$respondents$party, whole$legis.data$party)
  column$legis.data <- as.matrix(whole$legis.data)[102:1, ]
  expect_identical(read(column)$respondents$party, as.character(whole$legis.data$party))
})

test_that("what cannot be matched is said", {
  named <- with_rows(cbind(v1 = c(1, 6, 6), v2 = c(1, 9, 1)), c("Ann", "Bob", "Cat"))
  party <- function(..., party = c("D", "R", "I")) roll_calls(named, legis.data = data.frame(party, row.names = c(...)))
  expect_noted("metadata", {
    irt_responses(party("Ann", "Bob", "Dan"))
    irt_responses(party("Ann", "Bob", party = c("D", "R")))
    irt_responses(party("ANN", "BOB", "CAT"))
    irt_responses(roll_calls(named, legis.data = data.frame(party = c("D", "R", "I"))[c(3, 1, 2), , drop = FALSE]))
    irt_responses(roll_calls(named, vote.data = data.frame(bill = c("a", "b", "c"))))
  })
  x <- suppressWarnings(read(party("Cat", "Dan", "Ann")))
  expect_identical(x$respondents$party, c("I", NA, "D"))
})

test_that("nothing is said of rows in order", {
  named <- with_rows(cbind(v1 = c(1, 6, 6), v2 = c(1, 9, 1)), c("Ann", "Bob", "Cat"))
  plain <- data.frame(party = c("D", "R", "I", "D"))
  expect_no_warning({
    x <- read(roll_calls(named, legis.data = plain[1:3, , drop = FALSE]))
    y <- read(roll_calls(named, legis.data = plain[c(1, 2, 4), , drop = FALSE]))
    z <- read(roll_calls(legis.data = plain[1:3, , drop = FALSE]))
    read(roll_calls(legis.data = data.frame(party = c("D", "R", "I"), row.names = c("Ann", "Bob", "Cat"))))
    read(roll_calls(named, vote.data = data.frame(bill = c("x", "y"))))
  })
  expect_identical(x$respondents$party, c("D", "R", "I"))
  expect_identical(y$respondents$party, c("D", "R", "D"))
  expect_identical(z$respondents$party, c("D", "R", "I"))
  # More rows than votes, and another order.
  more <- data.frame(party = c("I", "X", "R", "D"), row.names = c("Cat", "Xi", "Bob", "Ann"))
  expect_no_warning(x <- read(roll_calls(named, legis.data = more)))
  expect_identical(x$respondents$party, c("D", "R", "I"))
})
