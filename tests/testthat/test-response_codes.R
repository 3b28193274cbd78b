# Data of `n` respondents who choose among the values of each item at random.
draws <- function(..., n = 60, seed = 1) {
  set.seed(seed)
  items <- list(...)
  table <- as.data.frame(lapply(items, function(values) sample(rep_len(values, n))))
  names(table) <- paste0("q", seq_along(items))
  table
}
alike <- function(values, n_items = 6, ...) do.call(draws, c(rep(list(values), n_items), ...))

# The messages of the warnings about what is read.
said_of <- function(x, ...) {
  said <- character()
  withCallingHandlers(
    suppressMessages(irt_responses(x, ...)),
    warning = function(cnd) {
      expect_s3_class(cnd, "vaeirt_warning")
      said <<- c(said, gsub("[[:space:]]+", " ", conditionMessage(cnd)))
      invokeRestart("muffleWarning")
    }
  )
  said
}

# One warning with this advice, and none once it has been followed.
expect_advice <- function(x, missing) {
  said <- said_of(x)
  expect_length(said, 1)
  expect_match(said, paste0("missing = ", deparse(missing), "`."), fixed = TRUE)
  expect_identical(said_of(x, missing = missing), character())
}

test_that("a code that stands apart from the scale is named with what to type", {
  for (case in list(
    list(c(0, 1, 9), 9), list(c(-1, 1, 9), 9), list(c(1, 2, 8), 8), list(c(0, 1, 9999), 9999), list(c(1:4, -9), -9),
    list(c(1:5, 8, 9), c(8, 9)), list(c(1:7, 9), 9), list(c(1:5, 77, 88, 99), c(77, 88, 99)), list(c(0:10, 88), 88),
    list(c(seq(0, 100, 10), 998, 999), c(998, 999)), list(c(-2, -1, 1, 2, -9), -9), list(c(1, 2, -1, -8), c(-8, -1)),
    list(c(0, 1, -8, -9), c(-9, -8)),
    list(c(0:1, -99), -99), list(c(1:4, 7), 7)
  )) {
    expect_advice(alike(case[[1]]), case[[2]])
    text <- alike(case[[1]])
    text[] <- lapply(text, as.character)
    expect_advice(text, case[[2]])
  }
})

test_that("roll calls are told by 1 and 6 on most items", {
  expect_match(said_of(alike(c(1, 6, 9))), "missing = c(0, 7, 8, 9), reference = 6", fixed = TRUE)
  expect_match(said_of(draws(c(1, 6, 9), c(1, 6), c(1, 9))), "codes of roll calls")
  for (scale in list(1:6, 1:7, 1:9, 0:7)) {
    x <- do.call(draws, c(rep(list(0:1), 20), list(scale)))
    expect_identical(said_of(x), character(), label = toString(scale))
  }
  expect_identical(said_of(alike(1:6)), character())
  # Where there is no vote without yea and nay, the reference is left to say.
  for (x in list(alike(c(1, 6)), alike(c(1, 6, NA)))) {
    expect_match(said_of(x), "Set `reference = 6`", fixed = TRUE)
    expect_identical(said_of(x, reference = 6), character())
    expect_identical(said_of(irt_responses(x, reference = 6)), character())
  }
})

test_that("-1, 0 and 1 may be votes, or answers and a code", {
  said <- said_of(alike(c(-1, 0, 1)))
  expect_length(said, 1)
  expect_match(said, "set `missing = 0`.*set `missing = -1`")
  expect_match(said_of(alike(c(-1, 0, 1, 9))), "set `missing = c\\(0, 9\\)`.*set `missing = c\\(-1, 9\\)`")
  # A code is rarer than answers.
  rare <- alike(c(0, 1, 0, 1, 0, 1, 0, 1, 0, 1, -1))
  expect_match(said_of(rare), "set `missing = -1`.*set `missing = 0`")
  expect_identical(said_of(rare, missing = -1), character())
})

test_that("yes and no may be any two numbers", {
  for (case in list(
    list(c(1, 5, 8, 9), c(8, 9)), list(c(1, 5, 8), 8), list(c(1, 5, 9), 9), list(c(0, 2, 9), 9), list(c(1, 3, 9), 9),
    list(c(2, 4, 9), 9), list(c(rep(0:1, 5), -2, -1), c(-2, -1))
  )) {
    expect_advice(alike(case[[1]]), case[[2]])
  }
  expect_identical(said_of(draws(c(1, 5), 1:5, 1:5, 1:7, 0:1)), character())
})

test_that("a survey has its codes on scales of all lengths", {
  expect_advice(do.call(draws, c(rep(list(c(1:10, -1, -2)), 5), rep(list(c(0, 1, -1, -2)), 5))), c(-2, -1))
  expect_advice(do.call(draws, c(rep(list(c(1:10, -1)), 5), rep(list(c(0, 1, -1)), 5))), -1)
  expect_advice(do.call(draws, c(rep(list(1:9), 5), rep(list(c(1, 5, 8, 9)), 5))), c(8, 9))
  # Where few items have the codes, a scale of 9 is one.
  said <- said_of(do.call(draws, c(rep(list(1:9), 8), rep(list(c(1, 2, 8, 9)), 3))))
  expect_no_match(said, "missing = ")
  expect_identical(said_of(draws(-3:3, -3:3, -1:1, -2:2, -2:1)), character())
  # Scales of which nobody took the end.
  for (seed in 1:20) {
    set.seed(seed)
    scales <- matrix(rbinom(15 * 3, 4, 0.25) - 2, 15)
    expect_identical(said_of(cbind(scales, matrix(rbinom(15 * 12, 1, 0.5), 15))), character())
    expect_identical(said_of(matrix(rbinom(15 * 6, 6, 0.3) - 3, 15)), character())
  }
})

test_that("beside a high code other numbers beyond the scale are codes", {
  for (case in list(
    list(c(0:10, 66, 77, 88, 99), c(66, 77, 88, 99)), list(c(0:10, 95:99), 95:99 + 0), list(c(0:1, 51, 99), c(51, 99)),
    list(c(1:5, 55), 55), list(c(1:5, 90), 90), list(c(1:5, 94:96), 94:96 + 0), list(c(1:5, -32768), -32768),
    list(c(1:5, 1000), 1000)
  )) {
    expect_advice(as.matrix(alike(case[[1]], n = 240)), case[[2]])
  }
  expect_identical(said_of(as.matrix(alike(c(0:10, 15, 20, 30, 55, 77, 90)))), character())
})

test_that("one item is enough where a scale of two, or 8 and 9 together, leave no doubt", {
  for (case in list(list(c(0, 1, 9), 9), list(c(1, 2, 8), 8), list(c(1:5, 8, 9), c(8, 9)), list(c(1:4, -9), -9))) {
    expect_advice(draws(case[[1]], 0:1, 1:5), case[[2]])
  }
  expect_advice(data.frame(q = rep(c("yes", "no", "9"), 20), r = rep(c("yes", "no"), 30)), 9)
})

test_that("nothing is said of scales, parties, counts and years", {
  for (values in list(
    1:7, 1:9, 0:9, 0:10, 1:10, -3:3, -2:2, -5:5, c(1, 5), c(1, 3, 5, 7, 9), 0:2, 1:2, c(-1, 1), c(-2, -1, 1, 2), seq(0, 100, 5),
    c(0, 25, 50, 75, 100), 1960:1975, 18:40, 5:9, 7:9, 0:8, 1:8, c(-5, -3, 0, 4, 7), c(0, 50, 99, 100)
  )) {
    expect_identical(said_of(as.matrix(alike(values))), character(), label = toString(values))
  }
  expect_identical(said_of(draws(c(1, 2, 3, 7), 0:1, 1:5, 1:5)), character())
  # Scales that few used to their ends.
  for (seed in 1:10) {
    set.seed(seed)
    for (size in c(6, 8, 9, 10)) {
      expect_identical(said_of(matrix(rbinom(40 * 12, size, 0.3), 40)), character())
      expect_identical(said_of(matrix(rbinom(40 * 12, size, 0.3) + 1, 40)), character())
    }
    expect_identical(said_of(matrix(rbinom(100 * 12, 6, 0.4) - 3, 100)), character())
    expect_identical(said_of(matrix(rpois(150 * 20, 1), 150)), character())
  }
})

test_that("a code that is an answer to other items is to be taken out of its own", {
  x <- do.call(draws, c(rep(list(0:10), 4), rep(list(c(1, 2, 8)), 3)))
  said <- said_of(x)
  expect_length(said, 1)
  expect_match(said, "8 is an answer to 4 other items, such as \"q1\"", fixed = TRUE)
  expect_match(said, "data of \"q5\", \"q6\", and \"q7\"", fixed = TRUE)
  expect_no_match(said, "missing = 8")
  x[5:7][x[5:7] == 8] <- NA
  expect_identical(said_of(x), character())
  # Where one other answer is left, or none, a code is still one.
  expect_advice(draws(c(0, 1, -8, -9), c(0, -8, -9), c(0, 1, -9), c(0, -9), 0:1), c(-9, -8))
  expect_advice(draws(c(0, 1, 9), c(0, 9), c(1, 9), 0:1), 9)
  # The same code on scales of different lengths.
  expect_advice(draws(c(1, 2, 8), c(1:5, 8), c(1:4, 8), c(1:3, 8), c(1:5, 8)), 8)
})

test_that("words that mean no answer are named with what takes exactly them out", {
  for (words in list(
    "Not Voting", "Don't know", "DON\u2019T KNOW", "DK", "Refused", "N/A", "-", "NULL", "<NA>", "-9. Refused", "?", "NaN",
    "Don't know (VOL.)", "Dont Know / Refused", "keine Angabe", "Sans r\u00e9ponse", "No sabe / No contesta", ".a",
    c("", "Inap."), c(" DK ", "Refused to answer")
  )) {
    expect_advice(alike(c("Disagree", "Agree", words)), sort(words, method = "radix"))
    expect_identical(said_of(alike(c("Disagree", "Agree", words)), missing = no_answer()), character())
  }
  expect_advice(alike(c("Yea", "Nay", "Present", "Absent")), c("Absent", "Present"))
})

test_that("an item that is unlike the others is judged by itself where all columns are said to be items", {
  x <- do.call(draws, c(rep(list(0:1), 20), list(c(1:3, 9))))
  names(x)[[21]] <- "age"
  expect_match(said_of(x), "\"age\" is unlike")
  expect_match(said_of(x, metadata = c()), "missing = 9`.", fixed = TRUE)
  expect_identical(said_of(x, metadata = c(), missing = 9), character())
  for (values in list(1:3, c(1:3, 7))) {
    x$age <- rep_len(values, 60)
    expect_identical(said_of(x, metadata = c()), character())
  }
})

test_that("words of legislatures are named beside their yea and nay", {
  for (word in c(
    "Excused absence", "Absent (Excused)", "Did not cast vote", "Not Voted", "No Vote Cast", "Not in office", "LOA", "N/V",
    "Abs.", "Vacancy", "nonVotant", "blank", "(empty)"
  )) {
    expect_advice(alike(c("Yea", "Nay", word)), word)
    expect_advice(alike(c("Y", "N", word)), word)
  }
  for (case in list(
    c("Nej", "Ja", "Avst\u00e5r", "Fr\u00e5nvarande"), c("For", "Imod", "Frav\u00e6r"), c("for", "mot", "ikke tilstede"),
    c("Jaa", "Ei", "Poissa", "Tyhj\u00e4"), c("Za", "Przeciw", "Nieobecny"), c("0", "1", "None"), c("True", "False", "None"),
    c("AFIRMATIVO", "NEGATIVO", "AUSENTE", "Dispensado", "Obstru\u00e7\u00e3o", "Pareo")
  )) {
    expect_advice(alike(case), case[-(1:2)])
  }
})

test_that("something may be said beside the words", {
  for (word in c(
    "Refusal*", "Don't know*", "BE,CH: not asked", "Not asked in survey", "NAP (code 1 in V5)", "No answer, NAP",
    "-2. Missing, other not codeable to scale", "-7. No post data, deleted due to incomplete interview",
    "9. NA; Refused; no Post IW", "0. INAP; 1 or 2 in Q3", "998. DON'T KNOW WHERE TO PLACE", "Interviewer error", "Web blank",
    "Inapplicable: no children", "Skipped on web", "Decline to state", "Can't remember", "undefined", "nie wiem"
  )) {
    expect_advice(alike(c("Agree", "Disagree", word)), word)
    expect_identical(said_of(alike(c("Agree", "Disagree", word)), missing = no_answer()), character())
  }
  # Two blanks would not come through a message.
  x <- alike(c("Agree", "Disagree", ".i:  Inapplicable"))
  expect_match(said_of(x), "missing = no_answer()", fixed = TRUE)
  expect_identical(said_of(x, missing = no_answer()), character())
})

test_that("a word that may be an answer is left alone", {
  for (values in list(
    c("Refused", "Accepted"), c("None", "Some"), c("None", "Some", "Many"), c("Absent", "Mild", "Severe"), c("+", "-", "0"),
    c("Present", "Absent"), c("Neither", "Agree", "Disagree"), c("1-2", "3-5", "9"), c("Unknown Pleasures", "a", "b"),
    c("--", "-", "+", "++"), c("Missing", "Present", "Decayed"), c("Accepted", "Refused", "Pending"), c("na", "ja", "nej"),
    c("0", "1", "2", "3", "None"), c("Yes", "No", "None")
  )) {
    expect_identical(said_of(alike(values)), character(), label = toString(values))
  }
  said <- said_of(draws(c("Yes", "No", "Refused"), c("Refused", "Accepted")))
  expect_match(said, "\"Refused\" is an answer to 1 other item, such as \"q2\"", fixed = TRUE)
  # All but for those who did not vote are of one mind.
  expect_match(said_of(draws(c("Yea", "Nay", "Not Voting"), c("Yea", "Not Voting"))), "missing = \"Not Voting\"")
  expect_match(said_of(alike(c("{x}", "a", "b", "DK"))), "missing = \"DK\"")
})

test_that("the advice gives the ideal points back", {
  truth <- simulate_irt(150, 40, seed = 4)
  gone <- matrix(stats::runif(150 * 40), 150) < stats::plogis(stats::rnorm(150, -1, 1.5))
  r <- function(x, ...) {
    fit <- suppressMessages(vae_irt(x, ..., seed = 1, control = vae_control(threads = 1)))
    abs(stats::cor(fit$estimates$estimate, truth$respondents$estimate, use = "complete.obs"))
  }
  clean <- truth$responses
  clean[gone] <- NA
  votes <- ifelse(gone, 9, 2 * truth$responses - 1)
  expect_equal(r(votes, missing = 9), r(clean), tolerance = 1e-6)
  words <- ifelse(gone, "not voting ", ifelse(truth$responses == 1, "Yea", "Nay"))
  expect_equal(r(words, missing = no_answer()), r(clean), tolerance = 1e-6)
})

test_that("missing that names nothing is warned of", {
  x <- alike(c("Yes", "No", "DK"))
  expect_warning(irt_responses(x, missing = c("DK", "Dk")), "\"Dk\" of `missing`", class = "vaeirt_warning_labels")
  numbers <- alike(0:1)
  expect_warning(irt_responses(numbers, missing = 99), "\"99\" of `missing`", class = "vaeirt_warning_labels")
  long <- data.frame(who = rep(1:60, 6), item = rep(1:6, each = 60), said = unlist(numbers))
  expect_match(said_of(long, respondent = who, item = item, response = said, missing = 99), "\"99\" of `missing`")
  roll_call <- roll_calls(votes = cbind(v1 = c(1, 6, 6, 1, 9), v2 = c(1, 9, 1, 6, 6)))
  expect_warning(irt_responses(roll_call, missing = 5), class = "vaeirt_warning_labels")
  expect_no_warning(suppressMessages(irt_responses(roll_call, missing = 9)))
  # A survey has one list of codes for all questions.
  expect_silent(irt_responses(alike(c(0, 1, 9)), missing = c(7, 8, 9)))
  expect_silent(irt_responses(numbers, missing = c(NA, 0.5)))
  expect_silent(irt_responses(numbers, missing = no_answer()))
  expect_silent(irt_responses(x, missing = c(no_answer(), "DK")))
  # New data need not hold them.
  few <- vae_control(threads = 1, max_epochs = 5)
  fit <- suppressWarnings(suppressMessages(vae_irt(x, missing = "DK", seed = 1, control = few)))
  expect_no_warning(suppressMessages(predict(fit, alike(c("Yes", "No")), missing = "DK")))
})
