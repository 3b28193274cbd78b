# Data that irt_responses() refuses, or takes with a warning, beside those of test-irt_responses.R and test-set_aside.R.

votes <- vote_matrix()
wide <- as.data.frame(votes)
ballots <- data.frame(voter = c("v1", "v1", "v2", "v2"), race = c("a", "b", "a", "b"), choice = c("x", "y", "z", "w"))
# Numbers of 64 bits, as package bit64 stores them.
wide_integers <- structure(c(1, 2, 1, 2) * 2^-1074, class = "integer64")

test_that("what is no table of responses is refused", {
  expect_refused("input", {
    irt_responses(TRUE)
    irt_responses(NA)
    irt_responses(mean)
    irt_responses(quote(votes))
    irt_responses(y ~ x)
    irt_responses(globalenv())
    irt_responses(factor("yea"))
    irt_responses(as.Date("2024-11-05"))
    irt_responses(array(0:1, c(2, 2, 2)))
    irt_responses(table(c(0, 1, 1), c(1, 0, 1)))
    irt_responses(matrix(complex(real = c(0, 1, 1, 0)), 2))
    irt_responses(matrix(as.raw(c(0, 1, 1, 0)), 2))
    irt_responses(matrix(list(0, 1, 1, 0), 2))
    irt_responses(NA_character_)
    irt_responses("votes.CSV")
  })
  expect_refused("argument", {
    irt_responses()
  })
})

test_that("a sparse matrix is refused with a warning of its zeros", {
  skip_if_not_installed("Matrix")
  expect_refused("input", {
    irt_responses(Matrix::Matrix(c(0, 1, 1, 0, 0, 0), 3, sparse = TRUE))
    irt_responses(Matrix::Matrix(c(0.5, 1, 1, 0), 2, sparse = FALSE))
  })
})

test_that("data without a response that differs are refused", {
  expect_refused("empty", {
    irt_responses(votes[, 0])
    irt_responses(data.frame())
    irt_responses(wide[0, ])
    irt_responses(wide[, 0])
    irt_responses(data.frame(a = factor(character())))
    irt_responses(data.frame(a = c(NA, NA), b = c(NaN, NA)))
    irt_responses(matrix(NaN, 2, 2))
    irt_responses(matrix(factor(c("x", "y"))[c(NA, NA)], 1))
    irt_responses(votes[1, , drop = FALSE])
    irt_responses(wide[1, ])
    irt_responses(matrix(5, 3, 3))
    irt_responses(rbind(votes[1, ], votes[1, ], votes[1, ]))
    irt_responses(votes, missing = 0:1)
    irt_responses(votes, drop = c("0", "1"))
    irt_responses(votes, missing = 1)
    irt_responses(votes, min_count = 100)
    irt_responses(votes, min_responses = 100)
    irt_responses(ballots[0, ], respondent = voter, item = race, response = choice)
    irt_responses(ballots[1, ], respondent = voter, item = race, response = choice)
    irt_responses(transform(ballots, choice = NA), respondent = voter, item = race, response = choice)
    irt_responses(transform(ballots, choice = "x"), respondent = voter, item = race, response = choice)
    irt_responses(roll_calls(votes = matrix(9, 2, 2)))
    irt_responses(roll_calls(votes = matrix(1, 0, 2)))
    irt_responses(roll_calls(votes = matrix(1, 2, 2)))
    irt_responses(roll_calls(), missing = 6)
  })
})

test_that("numbers that are no codes are refused with their place", {
  expect_refused("response", {
    irt_responses(with_value(votes, 2, 1, -Inf))
    irt_responses(with_value(votes, 3, 2, 1e300))
    irt_responses(with_value(votes, 3, 2, 2^53 + 2))
    irt_responses(with_value(votes, 1, 2, 1 + 1e-9))
    irt_responses(data.frame(a = 0:1, b = c(0, 1e-8)))
    irt_responses(with_rows(with_value(votes, 2, 1, 0.5), c("ann", long_label, "cat")))
    irt_responses(with_columns(with_value(votes, 2, 1, 0.5), c("{stop('run as code')}", "veto")))
    irt_responses(transform(ballots, choice = c(0, 1, 0.25, 1)), respondent = voter, item = race, response = choice)
  })
})

test_that("columns that hold no responses are refused with their name", {
  expect_refused("input", {
    irt_responses(data.frame(a = I(list(0, 1)), b = 0:1))
    irt_responses(data.frame(a = I(matrix(0:3, 2)), b = 0:1))
    irt_responses(tibble::tibble(a = tibble::tibble(x = 0:1), b = 0:1))
    irt_responses(data.frame(a = c(1i, 2i), b = 0:1))
    irt_responses(data.frame(a = as.raw(0:1), b = 0:1))
    irt_responses(data.frame(a = as.POSIXct("2024-11-05", tz = "UTC") + 0:1, b = 0:1))
    irt_responses(data.frame(a = as.difftime(1:2, units = "secs"), b = 0:1))
    irt_responses(data.frame(a = numeric_version(c("1", "2")), b = 0:1))
    irt_responses(data.frame(a = as.Date("2024-11-05")))
    irt_responses(transform(ballots, choice = I(list(1, 2, 3, 4))), respondent = voter, item = race, response = choice)
    irt_responses(transform(ballots, choice = as.Date("2024-11-05")), respondent = voter, item = race, response = choice)
    irt_responses(transform(ballots, choice = wide_integers), respondent = voter, item = race, response = choice)
    irt_responses(transform(ballots, voter = I(list(1, 1, 2, 2))), respondent = voter, item = race, response = choice)
    irt_responses(transform(ballots, race = I(list(1, 2, 1, 2))), respondent = voter, item = race, response = choice)
    irt_responses(transform(ballots, voter = wide_integers), respondent = voter, item = race, response = choice)
    irt_responses(transform(ballots, race = wide_integers), respondent = voter, item = race, response = choice)
    irt_responses(data.frame(age = 1:300, a = 0:1))
  })
})

test_that("respondents and items without a name of their own are refused", {
  expect_refused("names", {
    irt_responses(with_rows(votes, c("ann", NA, "cat")))
    irt_responses(with_rows(votes, c("ann", "", "")))
    irt_responses(with_columns(votes, c("bill", NA)))
    irt_responses(with_columns(votes, c("bill", "bill")))
    irt_responses(with_columns(votes, c("", "")))
    irt_responses(stats::setNames(wide, NULL))
    irt_responses(stats::setNames(wide, c("bill", "bill")))
    irt_responses(stats::setNames(wide, c("bill", NA)))
    irt_responses(with_rows(votes, rep(long_label, 3)))
    irt_responses(with_columns(votes, c("{veto}", "{veto}")))
    irt_responses(roll_calls(votes = with_columns(matrix(c(1, 6, 6, 1), 2), c("v1", "v1"))))
  })
  expect_refused("response", {
    irt_responses(transform(ballots, voter = c("", "", "v2", "v2")), respondent = voter, item = race, response = choice)
    irt_responses(transform(ballots, voter = c(1, 1, NaN, 2)), respondent = voter, item = race, response = choice)
    irt_responses(transform(ballots, voter = factor(c("u", "u", NA, "v"))), respondent = voter, item = race, response = choice)
    irt_responses(transform(ballots, race = c("a", "", "a", "")), respondent = voter, item = race, response = choice)
    irt_responses(data.frame(id = c("a", NA), q = 0:1), respondent = id)
    irt_responses(data.frame(state = c("AL", NA), id = c(1, NA), q = 0:1), respondent = c(state, id))
  })
})

test_that("text in another encoding than R takes it to be in is refused", {
  expect_refused("encoding", {
    irt_responses(with_rows(votes, c("ann", mangled, "cat")))
    irt_responses(with_columns(votes, c("bill", mangled)))
    irt_responses(as.data.frame(with_columns(votes, c("bill", mangled))))
    irt_responses(cbind(q = c("yes", mangled)))
    irt_responses(data.frame(q = factor(c("yes", mangled))))
    irt_responses(transform(ballots, voter = c("u", "u", mangled, mangled)), respondent = voter, item = race, response = choice)
    irt_responses(transform(ballots, choice = c("x", "y", mangled, "w")), respondent = voter, item = race, response = choice)
  })
})

test_that("selections that make no long data are refused", {
  expect_refused("argument", {
    irt_responses(ballots, respondent = voters, item = race, response = choice)
    irt_responses(ballots, respondent = "voter", item = "race", response = "choices")
    irt_responses(ballots, respondent = 7, item = race, response = choice)
    irt_responses(ballots, respondent = TRUE, item = race, response = choice)
    irt_responses(ballots, respondent = NULL, item = race, response = choice)
    irt_responses(ballots, respondent = starts_with("county"), item = race, response = choice)
    irt_responses(ballots, respondent = voter, item = -voter, response = choice)
    irt_responses(ballots, respondent = voter, response = choice)
    irt_responses(stats::setNames(ballots, c("voter", "voter", "choice")), respondent = voter, item = 2, response = choice)
    irt_responses(wide, item = bill)
    irt_responses(roll_calls(), respondent = state)
    irt_responses("votes.parquet", respondents = voter)
  })
})

test_that("files are refused and noted like tables", {
  withr::local_dir(withr::local_tempdir())
  vaeirt:::write_parquet_table(transform(ballots, race = c("a", "", "a", "")), "blank.parquet")
  vaeirt:::write_parquet_table(transform(ballots, choice = "x"), "same.parquet")
  vaeirt:::write_parquet_table(transform(ballots, choice = c(1, 6, 9, 1)), "codes.parquet")
  vaeirt:::write_parquet_table(transform(ballots, choice = c("yes", "no", "", "no")), "empty.parquet")
  expect_refused("names", {
    irt_responses("blank.parquet", respondent = voter, item = race, response = choice)
  })
  expect_refused("empty", {
    irt_responses("same.parquet", respondent = voter, item = race, response = choice)
  })
  expect_refused("argument", {
    irt_responses("same.parquet")
    irt_responses("same.parquet", respondent = voter, item = race, response = vote)
    irt_responses("same.parquet", respondent = voter, item = race, response = choice, weights = 1:2)
  })
  expect_noted("codes", {
    irt_responses("codes.parquet", respondent = voter, item = race, response = choice)
    irt_responses("empty.parquet", respondent = voter, item = race, response = choice)
  })
})

test_that("vae_irt() and cv_dims() say in their own names what is wrong with the data", {
  expect_refused("input", {
    vae_irt(1:3)
    cv_dims(1:3)
  })
  expect_refused("response", {
    vae_irt(with_value(votes, 1, 1, 0.5))
  })
  expect_refused("empty", {
    vae_irt(votes * NA)
    vae_irt(votes[1, , drop = FALSE])
  })
  expect_refused("names", {
    vae_irt(with_columns(votes, c("a", "a")))
  })
  expect_refused("duplicates", {
    vae_irt(ballots[c(1, 1:4), ], respondent = voter, item = race, response = choice)
  })
  expect_refused("weights", {
    vae_irt(votes, weights = c(1, 1, 0))
  })
})

test_that("one duplicated row is an error, and never a smaller number of responses", {
  again <- ballots[c(1:4, 2), ]
  again$choice[5] <- "another"
  expect_refused("duplicates", {
    irt_responses(ballots[c(1:4, 1:4), ], respondent = voter, item = race, response = choice)
    irt_responses(again, respondent = voter, item = race, response = choice)
    irt_responses(ballots, respondent = race, item = race, response = choice)
    irt_responses(transform(ballots, voter = long_label, race = "{a}"), respondent = voter, item = race, response = choice)
  })
  # A row without a response is no response.
  x <- irt_responses(rbind(ballots, data.frame(voter = "v1", race = "a", choice = NA)),
    respondent = voter, item = race, response = choice
  )
  expect_identical(x, irt_responses(ballots, respondent = voter, item = race, response = choice))
})

test_that("roll calls whose codes contradict each other or are not explained are refused", {
  expect_refused("input", {
    irt_responses(structure(list(), class = "rollcall"))
    irt_responses(roll_calls(votes = data.frame(v1 = c(1, 6))))
    irt_responses(roll_calls(votes = matrix(list(1, 6, 6, 1), 2)))
    irt_responses(roll_calls(codes = NULL))
    irt_responses(roll_calls(codes = "yea"))
    irt_responses(roll_calls(codes = list(yea = 1)))
    irt_responses(roll_calls(codes = list(yea = list(1), nay = 6)))
    irt_responses(roll_calls(codes = list(yea = 1, nay = 1)))
    irt_responses(roll_calls(codes = list(yea = 1:6, nay = 4:6, missing = 7:9)))
    irt_responses(roll_calls(codes = list(yea = 1, nay = 6, missing = 9, notInLegis = c(1, 6))))
  })
  expect_refused("response", {
    irt_responses(roll_calls(codes = list(yea = 1, nay = 6)))
    irt_responses(roll_calls(codes = list(yea = 1, nay = 6, missing = NA)))
    irt_responses(roll_calls(codes = list(yea = "yes", nay = "no")))
  })
  # A code that is listed twice under one meaning has one.
  twice <- roll_calls(codes = list(yea = c(1, 1), nay = c(6, 6), missing = c(9, NA), notInLegis = 9))
  expect_identical(suppressMessages(irt_responses(twice)), suppressMessages(irt_responses(roll_calls())))
})

test_that("what is known of legislators and roll calls has a row for each, or is left out with a warning", {
  expect_noted("metadata", {
    irt_responses(roll_calls(legis.data = data.frame(party = c("D", "R"))))
    irt_responses(roll_calls(legis.data = "D"))
    irt_responses(roll_calls(vote.data = data.frame(bill = c("a", "b", "c"))))
  })
  x <- suppressMessages(irt_responses(roll_calls(legis.data = cbind(party = c("D", "R", "D")))))
  expect_identical(x$respondents$party, c("D", "R", "D"))
})

test_that("codes that mean no response are pointed to", {
  codes <- matrix(c(1, 6, 9, 6, 1, 1), 3)
  expect_noted("codes", {
    irt_responses(codes)
    irt_responses(as.data.frame(codes))
    irt_responses(cbind(q = c("1", "6", "7", "1")))
    irt_responses(transform(ballots, choice = c(1, 6, 9, 1)), respondent = voter, item = race, response = choice)
    irt_responses(cbind(c(-1, 0, 1, 1), c(1, -1, 0, -1)))
    irt_responses(cbind(c(-1, 0, 1, 9), c(1, -1, 0, -1)))
    irt_responses(cbind(a = c(1, 2, -9, 1), b = c(-8, 1, 2, 1)))
    irt_responses(cbind(a = c(1, 2, 99, 1), b = c(5, 1, 2, 1)))
    irt_responses(cbind(a = c("yes", "no", "", "no"), b = c("yes", "no", " ", "NA")))
    irt_responses(data.frame(age = rep(18:80, 4), a = 0:1))
  })
  expect_silent(irt_responses(codes, missing = c(0, 7, 8, 9), reference = 6))
  expect_silent(irt_responses(cbind(a = c(1, 2, -9, 1), b = c(-8, 1, 2, 1)), missing = c(-9, -8)))
  expect_silent(irt_responses(cbind(a = c(-2:2), b = c(2, -1, 1, -2, 0))))
  expect_silent(irt_responses(cbind(rating = c(1:9, 1, 6, 9), other = rep(1:6, 2))))
  expect_silent(irt_responses(cbind(percent = c(0, 50, 99, 100), other = c(99, 0, 50, 100))))
  expect_silent(irt_responses(cbind(a = c("yes", "no", ""), b = c("no", "", "yes")), missing = ""))
})

test_that("weights that are none are refused", {
  weighted <- data.frame(wide, w = c(1, 2, 3))
  expect_refused("weights", {
    irt_responses(votes, weights = no_such_object)
    irt_responses(votes, weights = "w")
    irt_responses(votes, weights = TRUE)
    irt_responses(votes, weights = list(1, 2, 3))
    irt_responses(votes, weights = factor(1:3))
    irt_responses(votes, weights = c(1, 1, -1))
    irt_responses(votes, weights = c(1, 1, Inf))
    irt_responses(votes, weights = c(NaN, 1, 1))
    irt_responses(votes, weights = c(1e-300, 1, 1e300))
    irt_responses(roll_calls(), weights = 1:2)
    irt_responses(transform(weighted, w = c(1, 0, 2)), weights = w)
    irt_responses(transform(ballots, w = -1), respondent = voter, item = race, response = choice, weights = w)
    irt_responses(transform(ballots, w = NA), respondent = voter, item = race, response = choice, weights = w)
    irt_responses(transform(ballots, w = "1"), respondent = voter, item = race, response = choice, weights = w)
    irt_responses(transform(ballots, w = c(1, NA, 1, 1)), respondent = voter, item = race, response = choice, weights = w)
  })
  expect_refused("argument", {
    irt_responses(weighted, weights = weight)
    irt_responses(ballots, respondent = voter, item = race, response = choice, weights = w)
  })
  # Weights with names belong to the respondents of these names.
  expect_identical(irt_responses(votes, weights = c(cat = 3, ann = 1, bob = 2))$weights, c(1, 2, 3))
  expect_identical(irt_responses(votes, weights = c(x = 3, y = 1, z = 2))$weights, c(3, 1, 2))
})

test_that("settings of the data that make no sense are refused, misspelt ones with the right name", {
  three <- cbind(q = c("x", "y", "z"), r = c("x", "y", "y"))
  expect_refused("argument", {
    irt_responses(votes, min_counts = 2)
    irt_responses(votes, wieghts = 1:3)
    irt_responses(votes, refrence = 1)
    irt_responses(ballots, respondents = voter, itm = race, responses = choice)
    irt_responses(ballots, respondent = voter, items = race, response = choice)
    irt_responses(votes, na = 9)
    irt_responses(votes, dims = 2)
    irt_responses(votes, `{stop()}` = 2)
    irt_responses(votes, "ann")
    irt_responses(votes, missing = mean)
    irt_responses(votes, missing = list(1))
    irt_responses(votes, drop = quote(x))
    irt_responses(votes, min_count = NA)
    irt_responses(votes, min_count = "2")
    irt_responses(votes, min_responses = c(1, 2))
    irt_responses(votes, min_responses = Inf)
    irt_responses(votes, rare = NA)
    irt_responses(votes, duplicates = "drop")
    irt_responses(three, reference = NA)
    irt_responses(three, reference = mean)
    irt_responses(three, reference = c("x", "y"))
    irt_responses(three, reference = character())
    irt_responses(three, reference = long_label)
    irt_responses(three, reference = c(q = "x", q = "y"))
    irt_responses(three, reference = c(s = "x"))
    irt_responses(three, reference = c(r = "z"))
  })
  expect_noted("labels", {
    irt_responses(three, drop = long_label)
  })
  said <- data.frame(q = c(TRUE, FALSE, NA), r = c(FALSE, TRUE, TRUE))
  expect_identical(suppressMessages(irt_responses(said, reference = TRUE))$items$options[[1]], c("TRUE", "FALSE"))
})
