stored <- function(x) {
  labels <- unlist(x$items$options)
  item <- rep(x$items$item, lengths(x$items$options))
  ids <- vaeirt:::option_ids(x)
  data.frame(
    respondent = rep(vaeirt:::respondent_names(x$respondents), diff(x$offsets)),
    item = item[ids + 1],
    response = labels[ids + 1]
  )
}

test_that("a matrix is stored response by response", {
  x <- irt_responses(vote_matrix())
  expect_identical(stored(x), data.frame(
    respondent = c("ann", "ann", "bob", "bob", "cat"),
    item = c("bill", "veto", "bill", "veto", "bill"),
    response = c("0", "0", "1", "1", "1")
  ))
  expect_identical(x$items$options, list(c("0", "1"), c("0", "1")))
  expect_identical(x$offsets, c(0, 2, 4, 5))
  expect_identical(x$respondents$n_responses, c(2L, 2L, 1L))
  expect_identical(irt_responses(x), x)
})

test_that("numeric, logical, character and data frame inputs agree", {
  votes <- vote_matrix()
  logical <- votes == 1
  words <- ifelse(logical, "yes", "no")
  wide <- as.data.frame(votes)
  factors <- data.frame(lapply(as.data.frame(words), factor, levels = c("no", "yes")), row.names = rownames(votes))
  ids <- irt_responses(votes)$options
  for (x in list(logical, words, wide, factors, tibble::as_tibble(wide))) {
    expect_identical(irt_responses(x)$options, ids)
  }
  expect_identical(irt_responses(logical)$items$options[[1]], c("FALSE", "TRUE"))
  expect_identical(irt_responses(tibble::as_tibble(wide))$respondents$respondent, c("1", "2", "3"))
})

test_that("long data agree with wide data", {
  votes <- vote_matrix()
  long <- data.frame(
    who = rep(rownames(votes), 2), what = rep(colnames(votes), each = 3), vote = as.vector(votes)
  )
  x <- irt_responses(long, respondent = who, item = what, response = vote)
  expect_identical(stored(x), stored(irt_responses(votes)))
  expect_identical(irt_responses(long, respondent = "who", item = "what", response = "vote"), x)
  expect_identical(irt_responses(long[!is.na(long$vote), ], respondent = who, item = what, response = vote)$options, x$options)
})

test_that("several columns name a respondent and are kept", {
  long <- data.frame(
    state = c("AL", "AL", "AK", "AK"), voter = c(100000, 2, 100000, 2), race = "mayor", choice = c("a", "b", "b", "a")
  )
  x <- irt_responses(long, respondent = c(state, voter), item = race, response = choice)
  expect_identical(x$respondents$respondent, c("AL/100000", "AL/2", "AK/100000", "AK/2"))
  expect_identical(x$respondents$state, long$state)
  wide <- data.frame(id = c("x", "y"), q = c(0, 1))
  expect_identical(irt_responses(wide, respondent = id)$respondents$respondent, c("x", "y"))
  expect_identical(irt_responses(wide, respondent = id)$items$item, "q")
})

test_that("roll calls keep their codes and their metadata", {
  votes <- senate()
  expect_message(x <- irt_responses(votes), "101 unanimous items")
  expect_identical(nrow(x$respondents), 102L)
  expect_identical(nrow(x$items), 544L)
  expect_true(all(vapply(x$items$options, identical, logical(1), c("nay", "yea"))))
  expect_true(all(c("party", "state") %in% names(x$respondents)))
  expect_true("question" %in% names(x$items))
  first <- stored(x)[1, ]
  code <- votes$votes[first$respondent, first$item]
  expect_identical(first$response, if (code %in% votes$codes$yea) "yea" else "nay")
  expect_identical(sum(x$dropped$kind == "item"), 101L)

  odd <- votes
  odd$votes[2, 3] <- 77
  expect_snapshot(irt_responses(odd), error = TRUE)
  odd <- votes
  odd$codes$missing <- c(9, 1)
  expect_snapshot(irt_responses(odd), error = TRUE)
})

test_that("the reference is the first option in its order, or the one asked for", {
  expect_identical(irt_responses(cbind(a = c(10, 9, 100), b = c(1, 0, 1)))$items$options[[1]], c("9", "10", "100"))
  expect_identical(irt_responses(cbind(q = c("b", "a", "C")))$items$options[[1]], c("C", "a", "b"))
  expect_identical(irt_responses(data.frame(q = factor(c("lo", "hi"), levels = c("lo", "hi"))))$items$options[[1]], c("lo", "hi"))
  two <- cbind(p = c("b", "a", "c"), q = c("b", "c", "b"))
  expect_identical(irt_responses(two, reference = "b")$items$options, list(c("b", "a", "c"), c("b", "c")))
  expect_identical(irt_responses(two, reference = c(q = "c"))$items$options, list(c("a", "b", "c"), c("c", "b")))
  expect_snapshot(error = TRUE, {
    irt_responses(two, reference = "z")
    irt_responses(two, reference = c(r = "b"))
    irt_responses(two, reference = c(q = "a"))
    irt_responses(two, reference = 1)
  })
})

test_that("what cannot inform the model is set aside and listed", {
  wide <- data.frame(
    same = c(1, 1, 1), empty = NA, good = factor(c("x", "y", NA), levels = c("x", "y", "z")), other = c(0, 1, NA)
  )
  expect_snapshot(x <- irt_responses(wide))
  expect_identical(x$items$item, c("good", "other"))
  expect_identical(x$dropped, tibble::tibble(
    kind = c("item", "item", "option", "respondent"),
    name = c("same", "empty", "good: z", "3"),
    reason = c("unanimous", "no response", "never chosen", "no response"),
    n = 1L,
    n_responses = c(3, 0, 0, 0)
  ))
  expect_identical(nrow(x$respondents), 3L)
  expect_snapshot(print(x))
})

test_that("values can be declared missing", {
  votes <- cbind(a = c(0, 1, 9, 1), b = c(9, 0, 1, 1))
  expect_identical(irt_responses(votes, missing = 9)$respondents$n_responses, c(1L, 2L, 1L, 2L))
  wide <- data.frame(q = c("yes", "no", "DK"), r = c("no", "yes", "yes"))
  expect_identical(irt_responses(wide, missing = "DK")$items$options[[1]], c("no", "yes"))
})

test_that("whole numbers are printed in full", {
  x <- irt_responses(cbind(a = c(0, 100000, 1e6)))
  expect_identical(x$items$options[[1]], c("0", "100000", "1000000"))
  many <- matrix(rep(0:1, length.out = 100001), ncol = 1)
  expect_identical(tail(irt_responses(many)$respondents$respondent, 2), c("100000", "100001"))
})

test_that("what is no data is refused", {
  ballots <- data.frame(voter = c("v1", "v1", "v2"), race = c("a", "b", "a"), choice = c("x", "y", "z"))
  votes <- vote_matrix()
  half <- votes
  half[2, 2] <- 0.5
  infinite <- votes
  infinite[1, 1] <- Inf
  named_twice <- rbind(votes, ann = c(1, 0))
  expect_snapshot(error = TRUE, {
    irt_responses(1:3)
    irt_responses(list(a = 1))
    irt_responses(NULL)
    irt_responses(matrix(list(), 0, 0))
    irt_responses(votes[0, ])
    irt_responses(votes * NA)
    irt_responses(matrix(1, 3, 3))
    irt_responses(half)
    irt_responses(infinite)
    irt_responses(named_twice)
    irt_responses(votes, respondent = ann)
    irt_responses(votes, typo = 1)
    irt_responses(data.frame(when = Sys.Date() + 1:2, a = 0:1))
    irt_responses(data.frame(a = c(0.5, 1)))
    irt_responses(ballots, respondent = voter)
    irt_responses(ballots, respondent = voter, item = race)
    irt_responses(ballots, respondent = nobody, item = race, response = choice)
    irt_responses(ballots, respondent = voter, item = c(race, voter), response = choice)
    irt_responses(rbind(ballots, ballots[1, ]), respondent = voter, item = race, response = choice)
    irt_responses(transform(ballots, voter = c("v1", NA, "v2")), respondent = voter, item = race, response = choice)
    irt_responses(transform(ballots, race = c("a", NA, "a")), respondent = voter, item = race, response = choice)
  })
  expect_error(irt_responses(half), class = "vaeirt_error_response")
  expect_error(irt_responses(1:3), class = "vaeirt_error_input")
  expect_error(irt_responses(votes * NA), class = "vaeirt_error_empty")
  expect_error(irt_responses(named_twice), class = "vaeirt_error_names")
  twice <- rbind(ballots, ballots[1, ])
  expect_error(irt_responses(twice, respondent = voter, item = race, response = choice), class = "vaeirt_error_duplicates")
})

test_that("respondents are told apart by their columns, and clashing names are refused", {
  clash <- data.frame(county = c("a/b", "a"), voter = c("c", "b/c"), race = "mayor", choice = c("x", "y"))
  expect_error(
    irt_responses(clash, respondent = c(county, voter), item = race, response = choice),
    class = "vaeirt_error_names"
  )
  reserved <- data.frame(respondent = c(1, 2), dimension = c(9, 9), race = "mayor", choice = c("x", "y"))
  x <- irt_responses(reserved, respondent = c(respondent, dimension), item = race, response = choice)
  expect_identical(x$respondents$respondent, c("1/9", "2/9"))
  expect_false("dimension" %in% names(x$respondents))
})

test_that("many items with options of their own cost what their responses cost", {
  n <- 30000
  long <- data.frame(
    who = rep(c("a", "b"), n), what = rep(seq_len(n), each = 2),
    said = paste(rep(seq_len(n), each = 2), rep(c("no", "yes"), n))
  )
  x <- irt_responses(long, respondent = who, item = what, response = said)
  expect_identical(nrow(x$items), 30000L)
  expect_identical(x$items$options[[30000]], c("30000 no", "30000 yes"))
})

test_that("numbers are named the same whatever stands beside them", {
  long <- data.frame(who = c(1, 2, 1, 2), what = c(1, 1, 2.5, 2.5), said = c(0, 1, 1, 0))
  expect_identical(irt_responses(long, respondent = who, item = what, response = said)$items$item, c("1", "2.5"))
  wide <- data.frame(q = c(0L, 100000L, 1L), r = c(1L, 0L, 1L))
  expect_identical(irt_responses(wide, missing = 100000)$items$options[[1]], c("0", "1"))
})

test_that("a level NA is missing", {
  wide <- data.frame(q = addNA(factor(c("x", "y", NA, "x"))))
  expect_identical(suppressMessages(irt_responses(wide))$items$options[[1]], c("x", "y"))
})

test_that("responses that are made already take no further instructions", {
  x <- irt_responses(vote_matrix())
  expect_snapshot(error = TRUE, {
    irt_responses(x, reference = "1")
    irt_responses(x, missing = 1, respondent = who)
  })
})

test_that("identifiers and codes among the items are noticed", {
  halves <- data.frame(v = c("a", "a", "b"), r = c("x", "y", "x"), n = c(0, 0.5, 1))
  votes <- small_truth()$responses
  expect_snapshot(error = TRUE, {
    irt_responses(data.frame(id = 1:150, votes))
    irt_responses(halves, respondent = v, item = r, response = n)
    irt_responses(data.frame(v = c("a", "b"), r = c("x", "y")), respondent = v, item = r, response = r)
    irt_responses(matrix(0:1, 1, 4))
  })
  codes <- matrix(c(1, 6, 9, 6, 1, 1), 3)
  expect_warning(irt_responses(codes), class = "vaeirt_warning_codes")
  expect_silent(irt_responses(codes, missing = 9, reference = 6))
})

test_that("labelled numbers go by their labels", {
  answers <- structure(c(1, 2, 88, 1), labels = c(no = 1, yes = 2, DK = 88), class = c("haven_labelled", "vctrs_vctr", "double"))
  x <- suppressMessages(irt_responses(data.frame(q = I(answers)), missing = 88))
  expect_identical(x$items$options[[1]], c("no", "yes"))
})

test_that("items with the same number of options are printed with one number", {
  ratings <- cbind(tax = c(1, 2, 3), aid = c(3, 1, 2))
  expect_output(print(irt_responses(ratings)), "Options per item: 3$")
})

test_that("numbers that are whole but for rounding are whole", {
  votes <- small_truth()$responses
  expected <- irt_responses(votes)
  rounded <- votes * 0.1 * 3 / 0.3
  expect_false(identical(rounded, votes))
  expect_identical(irt_responses(rounded), expected)
  expect_identical(irt_responses(as.data.frame(rounded)), irt_responses(as.data.frame(votes)))
  long <- data.frame(who = as.vector(row(votes)), what = as.vector(col(votes)), vote = as.vector(rounded))
  path <- withr::local_tempfile(fileext = ".parquet")
  vaeirt:::write_parquet_table(long, path)
  expect_identical(irt_responses(long, respondent = who, item = what, response = vote)$options, expected$options)
  expect_identical(irt_responses(path, respondent = who, item = what, response = vote)$options, expected$options)
  # So are the values that are declared missing, whole or not, and codes of roll calls.
  coded <- rounded
  coded[1:3, 1] <- 0.1 * 3
  coded[4, 1] <- -9 + 1e-12
  expect_identical(irt_responses(coded, missing = c(0.3, -9)), irt_responses(coded, missing = c(0.1 * 3, -0.3 * 30)))
  expect_identical(irt_responses(coded, missing = c(0.3, -9))$options, irt_responses(replace(votes, 1:4, NA))$options)
  calls <- roll_calls(votes = cbind(v1 = c(1, 6, 6), v2 = c(0.1 * 3 / 0.3, 9, 1)))
  expect_identical(irt_responses(calls), irt_responses(roll_calls()))
  for (part in c(0.5, 0.999, 1.00001)) {
    expect_error(irt_responses(votes * part), "must be whole numbers", class = "vaeirt_error_response")
  }
})

test_that("the answers of one respondent are no files", {
  answers <- c(q1 = "yes", q2 = NA, q3 = "no")
  expect_refused("input", {
    irt_responses(answers)
    irt_responses(unname(answers[-2]))
    vae_irt(c("a", "b", "a"))
    irt_responses(c(q1 = 1, q2 = 0))
  })
  # What looks like a path is one.
  for (path in list("votes", c("a.parquet", "b.parquet"), c("votes/a", "votes/b"), c(a = "a.pq", b = "b.pq"))) {
    expect_error(irt_responses(path, respondent = a, item = b, response = c), "no such file", class = "vaeirt_error_file")
  }
})

test_that("files of other programs, shared names and counts get advice of their own", {
  votes <- small_truth()$responses[1:100, ]
  counts <- data.frame(votes, n = rep(0:60, length.out = 100))
  expect_refused("input", {
    irt_responses("survey.sav")
    irt_responses("survey.ZSAV")
    irt_responses("survey.por")
    irt_responses("survey.dta")
    irt_responses("survey.sas7bdat")
    irt_responses(c("votes.rds", "votes.parquet"))
    irt_responses("votes.RData")
    irt_responses("votes.xlsx")
    irt_responses("votes.csv.gz")
    irt_responses("sen109.ord")
    irt_responses(counts)
    irt_responses(transform(counts, n = 1:100))
  })
  expect_refused("names", {
    irt_responses(with_rows(votes, rep(c("a", "b"), 50)))
    irt_responses(data.frame(name = c("a", "a"), q = 0:1), respondent = name)
  })
})

test_that("of two opposites the negative one is the reference, whatever the alphabet says", {
  reference <- function(no, yes, other = NULL) {
    votes <- matrix(c(no, yes, yes, no, yes, no, other %||% no, yes), 4)
    irt_responses(votes)$items$options[[1]][[1]]
  }
  expect_identical(reference("Disagree", "Agree"), "Disagree")
  expect_identical(reference("No", "Aye"), "No")
  expect_identical(reference("Nay", "Aye"), "Nay")
  expect_identical(reference("Incorrect", "Correct"), "Incorrect")
  expect_identical(reference("Nein", "Ja"), "Nein")
  expect_identical(reference("NEIN", "JA"), "NEIN")
  expect_identical(reference("no", "yes"), "no")
  expect_identical(reference("nay", "yea"), "nay")
  # Labels that are no opposites keep the order of the alphabet, factors their own.
  expect_identical(reference("Smith", "Jones"), "Jones")
  expect_identical(reference("Disagree", "Agreed"), "Agreed")
  kept <- data.frame(q = factor(c("Agree", "Disagree"), levels = c("Agree", "Disagree")), r = c("x", "y"))
  expect_identical(irt_responses(kept)$items$options[[1]][[1]], "Agree")
  expect_identical(irt_responses(cbind(q = c("Agree", "Disagree")), reference = "Agree")$items$options[[1]][[1]], "Agree")
  path <- withr::local_tempfile(fileext = ".parquet")
  vaeirt:::write_parquet_table(data.frame(who = 1:2, what = "q", vote = c("Agree", "Disagree")), path)
  files <- irt_responses(path, respondent = who, item = what, response = vote)
  expect_identical(files$items$options[[1]], c("Disagree", "Agree"))
})

test_that("tables of responses that were joined and sorted are put in order by name", {
  votes <- small_truth()$responses
  rownames(votes) <- paste0("v", seq_len(nrow(votes)))
  x <- irt_responses(votes)
  parties <- data.frame(respondent = rev(rownames(votes)), party = rep(c("R", "D"), 75))
  joined <- x
  joined$respondents <- tibble::as_tibble(merge(x$respondents, parties))
  expect_false(identical(joined$respondents$respondent, x$respondents$respondent))
  joined$items <- x$items[order(x$items$n_responses), ]
  found <- irt_responses(joined)
  expect_identical(found$respondents$party, rev(parties$party))
  expect_identical(found$items, x$items)
  fit <- vae_irt(joined, seed = 1, control = one_thread)
  expect_identical(fit$estimates$estimate, vae_irt(votes, seed = 1, control = one_thread)$estimates$estimate)
  expect_identical(fit$estimates$party, rev(parties$party))
  made <- list(tidy(fit), simulate(fit, 2, seed = 1), augment(fit))
  fit$responses$respondents <- fit$responses$respondents[order(fit$responses$respondents$party), ]
  expect_identical(list(tidy(fit), simulate(fit, 2, seed = 1), augment(fit)), made)
  expect_identical(predict(fit, joined)$estimate, fit$estimates$estimate)
  expect_identical(predict(fit, joined)$respondent, fit$estimates$respondent)
  expect_identical(augment(fit, joined)$.fitted, augment(fit)$.fitted)
  short <- x
  short$respondents <- x$respondents[-(1:2), ]
  double <- x
  double$items <- x$items[c(1, seq_len(nrow(x$items))), ]
  old <- x
  old$names <- NULL
  expect_refused("responses", {
    irt_responses(short)
    vae_irt(double)
    irt_responses(old)
  })
})

test_that("data with one row per response that are given as wide are warned of, wide data are not", {
  votes <- small_truth()$responses[1:30, ]
  long <- data.frame(
    legislator = paste0("v", row(votes)), bill = as.vector(col(votes)), vote = ifelse(as.vector(votes) == 1, "yea", "nay")
  )
  said <- function(x) {
    found <- ""
    withCallingHandlers(
      tryCatch(irt_responses(x), error = function(cnd) NULL),
      vaeirt_warning_columns = function(cnd) found <<- paste(found, conditionMessage(cnd)),
      warning = function(cnd) tryInvokeRestart("muffleWarning"),
      message = function(cnd) tryInvokeRestart("muffleMessage")
    )
    found
  }
  expect_match(said(long), "respondent = legislator, item = bill, response = vote", fixed = TRUE)
  numbers <- transform(long, legislator = as.vector(row(votes)), vote = as.vector(votes))
  expect_match(said(numbers), "respondent = legislator, item = bill, response = vote", fixed = TRUE)
  expect_match(said(transform(long, party = "D")), "one row per response", fixed = TRUE)
  expect_no_match(said(as.data.frame(votes[, 1:4])), "one row per response")
  expect_no_match(said(data.frame(a = rep(1:7, 20), b = rep(1:5, 28), c = rep(0:1, 70))), "one row per response")
})
