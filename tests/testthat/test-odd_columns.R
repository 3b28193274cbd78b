votes_with <- function(..., rows = 1:150, responses = small_truth()$responses) {
  data.frame(..., responses[rows, ])
}

expect_named <- function(data, names, ...) {
  warned <- expect_warning(x <- suppressMessages(irt_responses(data, ...)), class = "vaeirt_warning_columns")
  for (name in names) expect_match(conditionMessage(warned), paste0("\\b", name, "\\b"))
  invisible(x)
}

test_that("text among columns of numbers is metadata, not an item", {
  votes <- votes_with(party = rep(c("D", "R"), 75), state = factor(rep(c("AL", "AK", NA), 50)))
  expect_snapshot(x <- irt_responses(votes))
  expect_identical(nrow(x$items), 25L)
  expect_identical(x$respondents$party, votes$party)
  expect_identical(x$respondents$state, votes$state)
  expect_identical(as.list(x$dropped), list(
    kind = c("column", "column"), name = c("party", "state"), reason = rep("text among numbers", 2), n = c(1L, 1L),
    n_responses = c(150, 100)
  ))
  expect_snapshot(print(x))
  expect_identical(x$options, irt_responses(small_truth()$responses)$options)
  # What the warning says to type.
  expect_silent(said <- irt_responses(votes, metadata = c(party, state)))
  expect_identical(said[names(said) != "dropped"], x[names(x) != "dropped"])
  expect_silent(items <- irt_responses(votes, metadata = c()))
  expect_identical(nrow(items$items), 27L)
  expect_identical(irt_responses(votes, metadata = character()), items)
})

test_that("names of people are recognised", {
  votes <- votes_with(legislator = paste("Member", 1:150))
  warned <- expect_warning(irt_responses(votes), class = "vaeirt_warning_columns")
  expect_match(conditionMessage(warned), "respondent = legislator", fixed = TRUE)
  expect_silent(irt_responses(votes, respondent = legislator))
})

test_that("numbers that are no answers are named and stay", {
  votes <- votes_with(w = rep(1:5, 3), age = c(20:32, 20, 21), caseid = 1:15, rows = 1:15)
  expect_snapshot(x <- irt_responses(votes))
  expect_true(all(c("w", "age", "caseid") %in% x$items$item))
  expect_no_warning(suppressMessages(irt_responses(votes, respondent = caseid, weights = w, metadata = age)))
  expect_named(votes, "age", respondent = caseid, weights = w)
  expect_named(votes_with(year = rep(c(2016, 2020), 75)), "year")
  expect_named(votes_with(wahlkreis = rep(100:149, 3)), "wahlkreis")
  expect_named(votes_with(female = rep(0:1, 75)), "female")
  expect_named(votes_with(leeftijd = rep(18:67, 3)), "leeftijd")
})

test_that("what has been selected is in the advice", {
  votes <- votes_with(party = rep(c("D", "R"), 75), `home town` = rep(c("x", "y", "z"), 50), start = Sys.Date())
  warned <- expect_warning(irt_responses(votes, metadata = start), class = "vaeirt_warning_columns")
  expect_match(conditionMessage(warned), "metadata = c(start, party, home.town)", fixed = TRUE)
  expect_error(irt_responses(votes), "metadata = c\\(start, party, home.town\\)", class = "vaeirt_error_input")
  names(votes)[2] <- "home town"
  expect_snapshot(error = TRUE, {
    irt_responses(votes)
    irt_responses(votes_with(score = 0.5, pweight = 1.5))
  })
})

test_that("columns without the labels of the others are named", {
  words <- as.data.frame(ifelse(small_truth()$responses == 1, "yes", "no"))
  expect_silent(irt_responses(words))
  expect_named(data.frame(words, land = rep(c("BY", "BW", "HE"), 50)), "land")
  three <- votes_with(land = rep(c("BY", "BW", "HE"), 50), ort = rep(c("x", "y"), 75), typ = rep(c("u", "u", "v"), 50))
  expect_named(three, "typ")
  expect_named(data.frame(words, alter = rep(18:67, 3)), "alter")
  # Answers in another coding are answers.
  expect_silent(irt_responses(data.frame(words, tax = rep(0:1, 75), aid = rep(c("agree", "agree", "disagree"), 50))))
  expect_silent(irt_responses(data.frame(small_truth()$responses, tax = rep(c("Yes", "No"), 75))))
  expect_silent(irt_responses(data.frame(small_truth()$responses, tax = rep(c("1", "0"), 75))))
})

test_that("surveys of mixed items are silent", {
  set.seed(1)
  pick <- function(options) sample(options, 200, TRUE)
  own_words <- as.data.frame(lapply(1:10, function(j) pick(paste0(letters[[j]], 1:4))), col.names = paste0("topic", 1:10))
  mixed <- data.frame(
    lapply(1:8, function(j) pick(1:5)), lapply(1:4, function(j) pick(0:1)), lapply(1:3, function(j) pick(c("a", "b", "c")))
  )
  names(mixed) <- paste0("q", seq_along(mixed))
  issues <- as.data.frame(lapply(1:8, function(j) pick(0:1)))
  names(issues) <- c("abortion", "guns", "age", "income", "trade", "race", "crime", "religion")
  nominal <- as.data.frame(nominal_truth()$responses[1:200, ])
  percent <- as.data.frame(lapply(1:8, function(j) pick(0:20)), col.names = paste0("thermometer", 1:8))
  few <- data.frame(a = pick(0:1), b = pick(0:1), party = pick(c("D", "R")))
  for (survey in list(own_words, mixed, issues, nominal, percent, few)) {
    expect_silent(x <- irt_responses(survey))
    expect_identical(nrow(x$items), ncol(survey))
  }
  own_words$party <- pick(c("D", "R"))
  expect_named(own_words, "party")
})

test_that("the columns of bfi that are no sentences are named, and no others", {
  skip_if_not_installed("psychTools")
  utils::data(list = c("bfi", "iqitems", "ability"), package = "psychTools", envir = environment())
  expect_silent(irt_responses(bfi[1:25]))
  expect_silent(irt_responses(iqitems))
  expect_no_warning(suppressMessages(irt_responses(as.data.frame(ability))))
  # One warning alone, though age has many values as well.
  expect_snapshot(x <- irt_responses(bfi))
  expect_silent(irt_responses(bfi, metadata = c(gender, education, age)))
})

expect_advice <- function(data, advice) {
  warned <- expect_warning(x <- suppressMessages(irt_responses(data)), class = "vaeirt_warning_columns")
  expect_match(gsub("\\s+", " ", conditionMessage(warned)), advice, fixed = TRUE)
  invisible(x)
}

test_that("the advice can be typed and runs", {
  # Identifiers that come twice or are missing cannot name respondents.
  waves <- votes_with(id = rep(1:75, 2))
  expect_advice(waves, "metadata = id")
  expect_no_warning(suppressMessages(irt_responses(waves, metadata = id)))
  expect_advice(votes_with(name = rep(paste("Member", 1:75), 2)), "metadata = name")
  expect_advice(votes_with(name = c(NA, paste("Member", 2:150))), "metadata = name")
  expect_advice(votes_with(name = paste("Member", 1:150)), "respondent = name")
  expect_error(irt_responses(votes_with(id = c(NA, 2:150))), "metadata = id", class = "vaeirt_error_input")
  # An identifier is no quantity.
  expect_error(irt_responses(votes_with(ID = c(1:140, 1:10))), "an identifier.*metadata = ID", class = "vaeirt_error_input")
  many <- stats::setNames(as.list(rep(0.5, 14)), paste0("score_", letters[1:14]))
  all_names <- paste0("metadata = c(", paste(names(many), collapse = ", "), ")")
  expect_error(irt_responses(do.call(votes_with, many)), all_names, fixed = TRUE, class = "vaeirt_error_response")
})

test_that("several covariates at once are named", {
  covariates <- data.frame(
    partei = rep(c("CDU", "SPD"), 75), kanton = rep(c("ZH", "BE", "GE"), 50), geschlecht = rep(c("m", "m", "w"), 50)
  )
  numbers <- small_truth()$responses[1:150, ]
  words <- as.data.frame(ifelse(numbers == 1, "yes", "no"))
  for (items in list(words[1:20], numbers[, 1:20], numbers[, 1:10])) {
    for (n in 1:3) expect_named(data.frame(covariates[seq_len(n)], items), names(covariates)[seq_len(n)])
  }
  survey <- votes_with(
    partyid = rep(0:5, 25), polviews = rep(1:5, 30), degree = rep(0:4, each = 30), inc06 = rep(1:10, 15),
    essround = rep(1:3, 50)
  )
  expect_named(survey, names(survey)[1:5])
  sums <- rowSums(numbers[, 1:20], na.rm = TRUE)
  expect_advice(votes_with(freq = rep(1:5, 30)), "weights = freq")
  expect_advice(votes_with(total = sums), "metadata = total")
  expect_advice(votes_with(summe = sums), "metadata = summe")
  # A battery with words of its own.
  withr::local_seed(1)
  answers <- function(j) sample(c("mine", "yours", "theirs"), 150, TRUE)
  battery <- as.data.frame(lapply(1:3, answers), col.names = c("who", "whom", "whose"))
  expect_silent(irt_responses(data.frame(battery, numbers[, 1:10])))
})

test_that("columns that go on with the series of the items are items", {
  numbers <- as.data.frame(small_truth()$responses[1:150, ])
  names(numbers) <- paste0("q", seq_along(numbers))
  choice <- rep(c("Con", "Lab", "LD"), 50)
  for (name in c("q26", "Q31", "i26")) {
    x <- expect_named(cbind(numbers, stats::setNames(data.frame(choice), name)), name)
    expect_identical(nrow(x$items), 26L)
  }
  x <- expect_named(cbind(numbers, vote = choice), "vote")
  expect_identical(nrow(x$items), 25L)
  often <- rep(c("Never", "Sometimes", "Often"), 50)
  expect_silent(x <- irt_responses(cbind(numbers, freq = often)))
  expect_identical(nrow(x$items), 26L)
  expect_silent(irt_responses(cbind(numbers, q26 = rep(0:10, length.out = 150))))
})
