expect_alike <- function(x, ...) {
  cnd <- rlang::catch_cnd(suppressMessages(irt_responses(x)), "vaeirt_warning_labels")
  expect_s3_class(cnd, "vaeirt_warning_labels")
  said <- gsub("[[:space:]]+", " ", conditionMessage(cnd))
  for (text in c(...)) expect_match(said, text, fixed = TRUE)
}
answers <- function(values, n = 60) {
  set.seed(1)
  data.frame(q = sample(rep_len(values, n)), r = sample(rep_len(values, n)))
}

test_that("options that look the same are shown, with their numbers and what to do", {
  expect_alike(answers(c("Yes", "No", "yes", "no")), "\"No\" (30) and \"no\" (30)", "2 items", "differ in case", "`tolower(x)`")
  expect_alike(answers(c("Yes", "No", "No ")), "differ in blanks", "`trimws(x)`")
  expect_alike(answers(c("Yes", "No", " no")), "`tolower(trimws(x))`")
  expect_alike(answers(c("1", "1.0", "2")), "how numbers are written", "`as.numeric(x)`")
  expect_alike(answers(c("01", "1", "2")), "how numbers are written")
  expect_alike(answers(c("caf\u00e9", "cafe\u0301", "tea")), "accents or signs")
  expect_alike(answers(c("Can't", "Can\u2019t", "Can")), "accents or signs")
  expect_alike(answers(c("{x}", "{X}", "y")), "\"{X}\"")
})

test_that("names of items and respondents that look the same are shown", {
  x <- answers(0:1)
  named <- function(rows, columns = names(x)) {
    table <- as.matrix(x)
    dimnames(table) <- list(c(rows, paste0("r", seq_len(60 - length(rows)))), columns)
    table
  }
  expect_alike(named(c("Smith, Bob", "SMITH, Bob")), "names of respondents", "\"Smith, Bob\" and \"SMITH, Bob\"")
  expect_alike(named(c("Mu\u00f1oz", "Mun\u0303oz")), "accents or signs")
  expect_alike(named(c("R1", "r1 ")[2]), "blanks")
  expect_alike(named(character(), c("Mayor", "mayor")), "names of items", "`tolower(x)`")
  expect_alike(named(character(), c("q1", "q1 ")), "`trimws(x)`")
})

test_that("what is told apart on purpose is not", {
  for (values in list(c("AA", "Aa", "aa"), c("a", "A"), c("a\u00f1o", "ano", "x"), c("1", "11", "2"), c("1.5", "15"))) {
    expect_no_warning(suppressMessages(irt_responses(answers(values))))
  }
  x <- as.matrix(answers(0:1))
  dimnames(x) <- list(c("R1a", "R1A", "id7", "ID7", paste(5:60)), c("Q1a", "q1A"))
  expect_silent(irt_responses(x))
  # The same label on two items is one label on each.
  expect_silent(irt_responses(data.frame(q = c("yes", "no", "no"), r = c("Yes", "No", "Yes"))))
})

test_that("the C locale loses no letter", {
  skip_on_os("windows")
  found <- callr::r(function() {
    suppressMessages(library(vaeirt))
    marked <- "Mu\u00f1oz"
    bytes <- rawToChar(charToRaw(marked))
    quietly <- function(e) suppressWarnings(suppressMessages(e))
    votes <- simulate_irt(60, 20, seed = 1)$responses
    control <- vae_control(threads = 1, max_epochs = 5, std_errors = "none")
    check <- function(name, other) {
      rownames(votes) <- c(name, 2:60)
      fit <- quietly(vae_irt(votes, polarity = other, seed = 1, control = control))
      again <- votes
      rownames(again)[1] <- other
      points <- data.frame(respondent = rownames(again), estimate = fit$estimates$estimate)
      said <- ifelse(votes == 1, name, "b")
      said[1:30] <- if (name == other) "dk" else other
      c(
        fit$estimates$respondent[[1]] == marked, fit$estimates$estimate[[1]] > 0,
        predict(fit, again)$respondent[[1]] == marked,
        quietly(compare_ideal_points(fit, points))$n == 60,
        length(quietly(irt_responses(said, missing = "dk", reference = other))$items$options[[2]]) == 2,
        nrow(quietly(rotate(fit, anchors = matrix(c(1, -1), 2, dimnames = list(c(other, "2"), NULL))))$estimates) == 60
      )
    }
    c(check(marked, bytes), check(bytes, marked), check(bytes, bytes), utf8 = l10n_info()$`UTF-8`)
  }, env = c(callr::rcmd_safe_env(), LC_ALL = "C"), libpath = .libPaths())
  expect_false(found[["utf8"]])
  expect_true(all(found[names(found) != "utf8"]))
})
