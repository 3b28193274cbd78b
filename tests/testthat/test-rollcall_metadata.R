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
    irt_responses(party("AB", "BC", "CD"))
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

# A party for each of 12 legislators, and the names beside it in another order.
parties <- function() {
  names <- c("Ann", "Bob", "Cat", "Dan", "Eve", "Flo", "Gus", "Hal", "Ida", "Jim", "Kim", "Lou")
  votes <- with_rows(cbind(v1 = rep(c(1, 6), 6), v2 = rep(c(1, 1, 6), 4)), names)
  data <- data.frame(name = names, party = rep(c("D", "R", "I", "R"), 3))
  list(votes = votes, data = data, sorted = with_rows(data[order(data$party), ], NULL))
}
expect_said <- function(object, text, class = "vaeirt_warning_metadata") {
  warned <- expect_warning(x <- read(object), class = class)
  expect_match(conditionMessage(warned), text)
  x$respondents$party
}

test_that("a column of names is believed, not the row names that pscl put on by position", {
  known <- parties()
  by_position <- with_rows(known$sorted, rownames(known$votes))
  x <- expect_said(roll_calls(known$votes, legis.data = by_position), "contradict its column .name.")
  expect_identical(x, known$data$party)
  expect_noted("metadata", {
    irt_responses(roll_calls(known$votes, legis.data = by_position))
  })
  expect_no_warning(x <- read(roll_calls(known$votes, legis.data = with_rows(known$data, rownames(known$votes)))))
  expect_identical(x$respondents$party, known$data$party)
})

test_that("half of the names are enough, whatever the case and the blanks", {
  known <- parties()
  upper <- known$sorted
  upper$name <- paste0(" ", toupper(upper$name))
  expect_no_warning(x <- read(roll_calls(known$votes, legis.data = upper)))
  expect_identical(x$respondents$party, known$data$party)
  if (l10n_info()$`UTF-8`) {
    votes <- with_rows(known$votes, sub("Gus", "\u00c9va", rownames(known$votes)))
    upper$name <- sub("GUS", "\u00e9VA", upper$name)
    expect_no_warning(x <- read(roll_calls(votes, legis.data = upper)))
    expect_identical(x$respondents$party, known$data$party)
  }
  other <- known$sorted
  other$name[other$name == "Gus"] <- "Somebody"
  x <- expect_said(roll_calls(known$votes, legis.data = other), "1 of 12.*Gus")
  expect_identical(x, replace(known$data$party, 7, NA))
  x <- expect_said(roll_calls(known$votes, legis.data = known$sorted[-(1:5), ]), "5 of 12")
  expect_identical(sum(is.na(x)), 5L)
  expect_identical(x[!is.na(x)], known$data$party[!is.na(x)])
  # A row that was entered twice; and one name of two.
  twice <- rbind(known$sorted, known$sorted[3, ])
  expect_no_warning(x <- read(roll_calls(known$votes, legis.data = twice)))
  expect_identical(x$respondents$party, known$data$party)
  twice$party[13] <- "X"
  x <- expect_said(roll_calls(known$votes, legis.data = twice), "1 of 12")
  expect_identical(is.na(x), known$data$name == twice$name[13])
  # Fewer than half: by position, and said.
  few <- known$sorted
  few$name[5:12] <- letters[1:8]
  expect_said(roll_calls(known$votes, legis.data = few), "in other rows")
  expect_warning(
    read(roll_calls(known$votes, legis.data = few[-1, ])), "nothing in it has half of the names",
    class = "vaeirt_warning_metadata"
  )
})

test_that("numbers are names only where the column is called so", {
  known <- parties()
  numbered <- with_rows(known$votes, 1:12)
  ranks <- data.frame(party = known$data$party, rank = 12:1, as_text = as.character(12:1))
  expect_no_warning(x <- read(roll_calls(numbered, legis.data = ranks)))
  expect_identical(x$respondents$party, known$data$party)
  names(ranks)[2] <- "icpsr"
  expect_no_warning(x <- read(roll_calls(numbered, legis.data = ranks)))
  expect_identical(x$respondents$party, rev(known$data$party))
})
