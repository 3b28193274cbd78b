# Labelled columns of package haven, made by hand, so that the package need not be there.
labelled <- function(values, labels, na_values = NULL, na_range = NULL, text = NULL) {
  spss <- if (!is.null(na_values) || !is.null(na_range)) "haven_labelled_spss"
  structure(
    values,
    label = text, labels = labels, na_values = na_values, na_range = na_range,
    class = c(spss, "haven_labelled", "vctrs_vctr", typeof(values))
  )
}

# An item with labels for all values, a scale with labels at its ends, words, and one whose labels are alike.
answers <- function() {
  ends <- c("Strongly disagree" = 1, "Strongly agree" = 7, Elsewhere = 8, never = 99)
  data.frame(
    vote = labelled(c(1, 2, 9, 1, 2, NA), c(no = 1, yes = 2, refused = 9), na_values = 9, text = "Did you vote?"),
    scale = labelled(c(1, 7, 3, 8, 7, 1), ends),
    word = labelled(c("b", "a", "x", "b", "a", "b"), c(Zeta = "a", Beta = "b", None = "x"), na_values = "x"),
    alike = labelled(c(1L, 2L, -5L, 2L, 1L, 1L), c(same = 1L, same = 2L), na_range = c(-9L, -1L))
  )
}

options_of <- function(...) {
  x <- suppressMessages(irt_responses(...))
  stats::setNames(x$items$options, x$items$item)
}

test_that("options are named by the labels of their values, in the order of the values", {
  expect_silent(x <- irt_responses(answers()))
  expect_identical(x$items$options, list(
    c("no", "yes"), c("Strongly disagree", "3", "Strongly agree", "Elsewhere"), c("Zeta", "Beta"), c("1", "2")
  ))
  expect_identical(x$items$question, c("Did you vote?", NA, NA, NA))
  # Declared missing values are missing, and labels of values that do not occur are not mentioned.
  expect_identical(x$items$n_responses, c(4L, 6L, 5L, 5L))
  expect_identical(nrow(x$dropped), 0L)
})

test_that("columns without labels of values are plain", {
  wide <- data.frame(q = labelled(c(1, 2, 1), NULL), r = labelled(c(0, 1, 1), NULL, text = "Second"))
  expect_identical(options_of(wide), list(q = c("1", "2"), r = c("0", "1")))
  expect_identical(irt_responses(wide, metadata = q)$respondents$q, c(1, 2, 1))
})

test_that("a label that is the number of another value is not used", {
  wide <- data.frame(q = labelled(c(1, 2, 2, 3), c("2" = 1, x = 3)), r = labelled(c(1, 2, 2, 1), c("2" = 1, "1" = 2)))
  expect_identical(options_of(wide), list(q = c("1", "2", "x"), r = c("1", "2")))
  wide <- data.frame(q = labelled(c(4, 5, 4, 5), c(low = 1, high = 2)), r = labelled(c(1, 2, 1, 2), c(" " = 1)))
  expect_identical(options_of(wide), list(q = c("4", "5"), r = c("1", "2")))
})

test_that("missing, drop and reference take values and labels", {
  without <- options_of(answers(), missing = "Elsewhere")
  expect_identical(without$scale, c("Strongly disagree", "3", "Strongly agree"))
  expect_identical(options_of(answers(), missing = 8), without)
  dropped <- suppressMessages(irt_responses(answers(), drop = 8))$dropped
  expect_identical(dropped, suppressMessages(irt_responses(answers(), drop = "Elsewhere"))$dropped)
  expect_identical(dropped$name, "Elsewhere")
  expect_warning(suppressMessages(irt_responses(answers(), drop = 77)), "has the label", class = "vaeirt_warning_labels")
  # What the file has declared missing may be named once more.
  expect_silent(irt_responses(answers(), drop = c(9, "x")))
  expect_silent(irt_responses(answers(), drop = "refused"))
  expect_identical(options_of(answers(), reference = c(vote = 2, scale = "Strongly agree"))[1:2], list(
    vote = c("yes", "no"), scale = c("Strongly agree", "Strongly disagree", "3", "Elsewhere")
  ))
  expect_identical(options_of(answers(), reference = 7)$scale[[1]], "Strongly agree")
  expect_snapshot(irt_responses(answers(), reference = c(vote = 5)), error = TRUE)
  # A number is the value of a labelled item as well as the label of another.
  both <- data.frame(q = labelled(c(1, 2, 8, 1), c(no = 1, yes = 2, DK = 8)), r = c(1, 2, 8, 8))
  expect_identical(options_of(both, missing = 8), list(q = c("no", "yes"), r = c("1", "2")))
})

test_that("rare values are pooled, and the reference with them", {
  wide <- data.frame(q = labelled(rep(c(1, 2, 3, 4), c(9, 9, 1, 1)), c(a = 1, b = 2, c = 3)), r = rep(0:1, 10))
  expect_identical(options_of(wide, min_count = 2, rare = "pool")$q, c("a", "b", "(other)"))
  expect_warning(
    options_of(wide, min_count = 2, rare = "pool", reference = c(q = 3)),
    class = "vaeirt_warning_reference"
  )
})

test_that("values declared missing are those that haven finds", {
  skip_if_not_installed("haven")
  tagged <- haven::labelled(c(1, haven::tagged_na("a"), 2, NA), c(no = 1, refused = haven::tagged_na("a")))
  columns <- c(answers(), list(
    range = labelled(c(1, 97, 99, NA, 5), c(low = 1), na_values = 5, na_range = c(97, Inf)),
    words = labelled(c("a", "m", "z", NA), c(low = "a"), na_range = c("m", "n")),
    tagged = tagged, plain = labelled(c(1, 9, NA), c(no = 1))
  ))
  for (column in columns) expect_identical(is.na(vaeirt:::labelled_values(column)), is.na(column))
})

test_that("files of SPSS and Stata are read with their labels", {
  skip_if_not_installed("haven")
  expected <- irt_responses(answers())
  spss <- withr::local_tempfile(fileext = ".sav")
  haven::write_sav(answers(), spss)
  expect_identical(irt_responses(haven::read_sav(spss, user_na = TRUE)), expected)
  stata <- withr::local_tempfile(fileext = ".dta")
  refused <- haven::tagged_na("a")
  survey <- tibble::tibble(
    vote = haven::labelled(c(1, 2, refused, 1), c(no = 1, yes = 2, refused = refused), label = "Did you vote?"),
    other = haven::labelled(c(1, 2, 1, NA), c(no = 1, yes = 2))
  )
  haven::write_dta(survey, stata)
  expect_silent(x <- irt_responses(haven::read_dta(stata)))
  expect_identical(x$items$options, list(c("no", "yes"), c("no", "yes")))
  expect_identical(x$items$question, c("Did you vote?", NA))
  expect_identical(x$items$n_responses, c(3L, 3L))
})

test_that("long data are labelled as wide data are", {
  votes <- c(no = 1, yes = 2, refused = 9)
  items <- c(tax = 1, aid = 2)
  long <- data.frame(
    who = labelled(c(1, 1, 2, 2, 3, 3), c(nobody = 9)), what = labelled(rep(c(1, 2), 3), items),
    said = labelled(c(1, 2, 2, 1, 9, 1), votes, na_values = 9)
  )
  x <- irt_responses(long, respondent = who, item = what, response = said)
  expect_identical(x$items$item, c("tax", "aid"))
  expect_identical(x$items$options, list(c("no", "yes"), c("no", "yes")))
  expect_identical(x$respondents$respondent, c("1", "2", "3"))
  expect_identical(x$respondents$n_responses, c(2L, 2L, 1L))
  other <- irt_responses(long, respondent = who, item = what, response = said, reference = 2)
  expect_identical(other$items$options[[1]], c("yes", "no"))
})

test_that("labelled metadata are factors where most values have labels", {
  wide <- data.frame(
    answers(),
    party = labelled(c(2, 1, 2, 8, 1, 2), c(D = 1, R = 2, DK = 8), na_values = 8),
    age = labelled(c(18, 30, 99, 41, 52, 63), c(refused = 99))
  )
  x <- irt_responses(wide, metadata = c(party, age))
  expect_identical(x$respondents$party, factor(c("R", "D", "R", NA, "D", "R"), c("D", "R")))
  expect_identical(x$respondents$age, as.double(wide$age))
  named <- irt_responses(cbind(id = 1:6, wide), respondent = c(party, id), metadata = age)
  expect_identical(named$respondents$respondent, c("R/1", "D/2", "R/3", "4", "D/5", "R/6"))
})

test_that("columns of Hmisc are what they are without it, and their texts are kept", {
  plain <- data.frame(q = c(1, 2, 1), r = factor(c("a", "b", "b")), s = c("x", "y", "x"))
  texts <- c("First", "Second", "Third")
  described <- plain
  for (j in 1:3) described[[j]] <- structure(plain[[j]], label = texts[[j]], class = c("labelled", oldClass(plain[[j]])))
  x <- irt_responses(described)
  expect_identical(x$items$question, texts)
  same <- c("options", "offsets", "respondents")
  expect_identical(x[same], irt_responses(plain)[same])
  expect_false("question" %in% names(irt_responses(plain)$items))
  expect_identical(irt_responses(described, metadata = q)$respondents$q, plain$q)
})

test_that("labels and questions reach the fit, its tables and predictions", {
  votes <- small_truth()$responses
  survey <- as.data.frame(votes + 1)
  survey[] <- lapply(seq_along(survey), function(j) {
    coded <- replace(survey[[j]], is.na(survey[[j]]), 9)
    labelled(coded, c(no = 1, yes = 2, none = 9), na_values = 9, text = paste("Question", j))
  })
  fit <- vae_irt(survey, seed = 1, control = one_thread)
  expect_identical(fit$estimates, small_fit()$estimates)
  expect_identical(fit$catalogue$question[1:2], c("Question 1", "Question 2"))
  expect_true("question" %in% names(cutpoints(fit)))
  expect_identical(unique(fit$items$response), "yes")
  expect_equal(predict(fit, survey)$estimate, fit$estimates$estimate)
  expect_s3_class(autoplot(fit, "response_curves"), "ggplot")
})

test_that("codes are seen behind the labels of their values", {
  items <- function(values, labels) {
    set.seed(1)
    table <- as.data.frame(lapply(1:6, function(item) labelled(sample(rep_len(as.double(values), 120)), labels)))
    stats::setNames(table, paste0("q", 1:6))
  }
  said <- function(...) {
    found <- tryCatch(suppressMessages(irt_responses(...)), vaeirt_warning_codes = conditionMessage)
    if (is.character(found)) gsub("[[:space:]]+", " ", found) else ""
  }
  scale <- c(a = 1, b = 2, c = 3, d = 4, e = 5)
  children <- items(c(1, 2, -1), c(no = 1, yes = 2, "Inapplicable: no children" = -1))
  expect_match(said(children), "missing = \"Inapplicable: no children\"`", fixed = TRUE)
  expect_identical(said(children, missing = "Inapplicable: no children"), "")
  expect_identical(said(children, missing = -1), "")
  # What no list has is named by its value.
  other <- items(c(1:5, -8), c(scale, "Kids? None" = -8))
  expect_match(said(other), "the code -8,.*Its label is \"Kids\\? None\".*missing = -8`")
  expect_identical(said(other, missing = -8), "")
  expect_match(said(items(c(1:5, 99), scale)), "missing = 99`", fixed = TRUE)
  mixed <- items(c(1:5, 8, 9), c(scale, "Don't know*" = 8, Weird = 9))
  expect_match(said(mixed), "the code 9,.*missing = 9`")
  expect_match(said(mixed, missing = 9), "missing = \"Don't know*\"`", fixed = TRUE)
  expect_identical(said(mixed, missing = 8:9), "")
  for (quiet in list(
    items(1:5, scale), items(1:7, c(low = 1, high = 7)), items(-1:1, c(against = -1, neutral = 0, "in favour" = 1)),
    items(1:2, c(yes = 1, no = 2))
  )) {
    expect_identical(said(quiet), "")
  }
})
