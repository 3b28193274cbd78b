# Files as Voteview writes them, of made-up members.
members_text <- c(
  "congress,chamber,icpsr,state_icpsr,district_code,state_abbrev,party_code,occupancy,last_means,bioname,bioguide_id,born,died,nominate_dim1,nominate_dim2", # nolint
  "109,President,99910,99,0,USA,200,,,\"BUSH, Given\",,,,0.7,",
  "109,Senate,101,41,0,AL,200,0,1,\"ADAMS, Ann, Jr.\",A000001,1950.0,,0.5,-0.1",
  "109,Senate,102,12,0,NJ,100,0,1,\"Mc\u00c1RTHUR, Bob\nOtto \"\"Bo\"\"\",B000001,1950,,-0.4,0.2",
  "109,House,103,12,4,NJ,200.0,0,1,\"SMITH, Cat\",C000001,1960,,0.2,",
  "109,House,104,12,4,NJ,200,0,1,\"SMITH, Dan\",C000002,1960,,,",
  "110,House,105,71,98,CA,329,0,1,\"EWING, Eve\",,,,-0.2,0.1",
  "110,Senate,103,12,0,NJ,328,0,1,\"SMITH, Cat\",C000001,1960,,0.2,",
  "110,House,106,71,0,CA,9999,0,1,\"FROST, Flo\",,,,,",
  "111,Senate,102,12,0,NY,200,0,1,\"SOMEONE, Else\",,,,,",
  "110,Senate,101,41,0,AL,200,0,1,\"ADAMS, Ann, Jr.\",A000001,1950.0,,0.5,-0.1"
)
rollcalls_text <- c(
  "congress,chamber,rollnumber,date,session,clerk_rollnumber,yea_count,nay_count,bill_number,vote_result,vote_desc,vote_question,dtl_desc", # nolint
  "109,Senate,1,2005-01-06,1,1,2,1,HR1,Passed,\"To do, or not\",On Passage,",
  "109,Senate,2,2005-01-07,1,2,1,2,,Rejected,,On the Motion,\"THE MOTION,\nIN TWO LINES\"",
  "109,House,1,,1,1,1,1,HR2,Passed,,,",
  "110,House,12,2007-01-04,1,12,1,1,,,,,"
)
votes_of <- function(congress, chamber, rollnumber, icpsr, cast_code) {
  paste(congress, chamber, rollnumber, icpsr, cast_code, c("", "99.5"), sep = ",")
}
header <- "congress,chamber,rollnumber,icpsr,cast_code,prob"
senate_109 <- c(
  header,
  votes_of(109, "Senate", 1, c("101.0", "102.0", "99910.0", "107.0"), c(1, 6, 3, 0)),
  votes_of(109, "Senate", 2, c(101, 102, 99910, 107), c(9, 4, 7, 0))
)
house <- c(
  header,
  votes_of(109, "House", 1, c(103, 104), c(1, 6)),
  votes_of(110, "House", 12, c(105, 106, 104), c(2, 5, 0))
)

# Writes texts to files of these names in a folder that lasts for the test, which becomes the working directory.
local_files <- function(..., env = parent.frame()) {
  folder <- withr::local_tempdir(.local_envir = env)
  withr::local_dir(folder, .local_envir = env)
  files <- list(...)
  for (name in names(files)) writeLines(enc2utf8(files[[name]]), name, useBytes = TRUE)
}

test_that("Voteview's files become a rollcall object", {
  local_files(s.csv = senate_109, h.csv = house, m.csv = members_text, r.csv = rollcalls_text)
  x <- read_voteview(c("s.csv", "h.csv"), "m.csv", "r.csv")
  expect_s3_class(x, "rollcall")
  expect_type(x$votes, "integer")
  expect_identical(x$codes, list(yea = 1:3, nay = 4:6, notInLegis = 0L, missing = 7:9))
  expect_identical(c(x$n, x$m), dim(x$votes))
  expect_identical(colnames(x$votes), c("RH1090001", "RS1090001", "RS1090002", "RH1100012"))
  # In the order of the members file; names that two share get the number; who is always 0 is left out.
  names <- c(
    "BUSH (R USA)", "ADAMS (R AL)", "MC\u00c1RTHUR (D NJ)", "SMITH (R NJ-4) 103", "SMITH (R NJ-4) 104",
    "EWING (Independent Democrat CA-98)", "FROST (9999 CA)"
  )
  expect_identical(rownames(x$votes), names)
  expected <- rbind(
    c(0, 3, 7, 0), c(0, 1, 9, 0), c(0, 6, 4, 0), c(1, 0, 0, 0), c(6, 0, 0, 0), c(0, 0, 0, 2), c(0, 0, 0, 5)
  )
  expect_equal(unname(x$votes), expected)
  legislators <- x$legis.data
  expect_identical(rownames(legislators), names)
  expect_identical(legislators$icpsr, c(99910L, 101:106))
  expect_identical(legislators$state, c("USA", "AL", "NJ", "NJ", "NJ", "CA", "CA"))
  expect_identical(legislators$district, c(0L, 0L, 0L, 4L, 4L, 98L, 0L))
  expect_identical(legislators$party_code, c(200L, 200L, 100L, 200L, 200L, 329L, 9999L))
  expect_identical(legislators$nominate_dim1, c(0.7, 0.5, -0.4, 0.2, NA, -0.2, NA))
  expect_identical(legislators$first_congress, c(109L, 109L, 109L, 109L, 109L, 110L, 110L))
  expect_identical(legislators$last_congress, legislators$first_congress)
  expect_identical(x$vote.data$rollnumber, c(1L, 1L, 2L, 12L))
  expect_identical(x$vote.data$date, as.Date(c(NA, "2005-01-06", "2005-01-07", "2007-01-04")))
  expect_identical(x$vote.data$desc, c(NA, "To do, or not", "THE MOTION,\nIN TWO LINES", NA))
  expect_identical(x$vote.data$bill, c("HR2", "HR1", NA, NA))
  expect_identical(x$desc, "109th to 110th Congress, House and Senate")
  expect_identical(x$source, "s.csv, h.csv")
})

test_that("a member has one row over congresses and chambers, by the last record", {
  later <- c(header, votes_of(110, "Senate", 1, c(103, 101), c(6, 1)))
  local_files(h.csv = house, s.csv = later, m.csv = members_text)
  both <- read_voteview(c("h.csv", "s.csv"), "m.csv")
  expect_identical(rownames(both$votes)[2], "SMITH (Indep NJ)")
  expect_identical(unname(both$votes[2, ]), c(1L, 0L, 6L))
  expect_identical(colnames(both$votes), c("RH1090001", "RH1100012", "RS1100001"))
  expect_identical(unlist(both$legis.data[2, c("first_congress", "last_congress")], use.names = FALSE), 109:110)
  # A seat that the votes read do not concern does not count.
  expect_identical(rownames(read_voteview("h.csv", "m.csv", chamber = "House")$votes)[1], "SMITH (R NJ-4) 103")
  expect_identical(read_voteview(c("h.csv", "s.csv"), "m.csv", chamber = "Senate", congress = 110)$m, 1L)
  expect_null(read_voteview("h.csv", "m.csv", congress = 109)$legis.data$first_congress)
})

test_that("files in another shape and data frames give the same", {
  local_files(s.csv = senate_109, m.csv = members_text, r.csv = rollcalls_text)
  x <- read_voteview("s.csv", "m.csv", "r.csv")
  read <- function(path) utils::read.csv(path, encoding = "UTF-8")
  frames <- read_voteview(read("s.csv"), read("m.csv"), read("r.csv"))
  expect_identical(frames[c("votes", "legis.data")], x[c("votes", "legis.data")])
  shuffled <- read("s.csv")[c(8, 2, 3, 1, 5, 7, 6, 4), c(6, 4, 5, 1, 2, 3)]
  shuffled$icpsr <- as.character(shuffled$icpsr)
  utils::write.csv(cbind(extra = "a,\"b", shuffled), "other.csv", eol = "\r\n")
  bytes <- readBin("other.csv", "raw", 1e5)
  con <- gzfile("other.csv.gz", "wb")
  writeBin(c(as.raw(c(0xef, 0xbb, 0xbf)), bytes), con)
  close(con)
  expect_identical(read_voteview("other.csv.gz", "m.csv", "r.csv")$votes, x$votes)
  # Two parts of a chamber.
  writeLines(senate_109[1:5], "a.csv")
  writeLines(senate_109[c(1, 6:9)], "b.csv")
  expect_identical(read_voteview(list("b.csv", read("a.csv")), "m.csv", "r.csv")$votes, x$votes)
})

test_that("members and roll calls may be unknown", {
  local_files(s.csv = senate_109, h.csv = house, m.csv = members_text, r.csv = rollcalls_text)
  plain <- read_voteview("s.csv")
  expect_identical(rownames(plain$votes), c("101", "102", "99910"))
  expect_identical(names(plain$legis.data), "icpsr")
  expect_identical(names(plain$vote.data), c("congress", "chamber", "rollnumber"))
  writeLines(members_text[c(1, 3)], "few.csv")
  expect_warning(x <- read_voteview("s.csv", "few.csv"), class = "vaeirt_warning_unknown")
  expect_identical(rownames(x$votes), c("ADAMS (R AL)", "102", "99910"))
  expect_snapshot(x <- read_voteview("s.csv", "few.csv", "r.csv"))
  writeLines(rollcalls_text[-2], "r2.csv")
  expect_snapshot(x <- read_voteview("s.csv", "m.csv", "r2.csv"))
  expect_true(is.na(x$vote.data$date[1]))
  expect_snapshot(error = TRUE, read_voteview("s.csv", utils::read.csv("m.csv")[6:7, ]))
})

test_that("what is wrong in the files is said with file, row and value", {
  local_files(
    s.csv = senate_109, m.csv = members_text,
    code.csv = c(senate_109, "109,Senate,3,101,11,"),
    text.csv = c(senate_109, "109,Senate,3,x12,1,"),
    half.csv = c(senate_109, "109,Senate,3,101.5,1,"),
    empty_id.csv = c(senate_109, "109,Senate,3,,1,"),
    chamber.csv = c(senate_109, "109,Court,3,101,1,"),
    short.csv = c(senate_109, "109,Senate,3"),
    none.csv = character(),
    names.csv = sub("cast_code", "cast", senate_109),
    twice.csv = c(senate_109, senate_109[3]),
    other.csv = c(header, votes_of(109, "Senate", 1, 101, 6))
  )
  expect_snapshot(error = TRUE, {
    read_voteview("code.csv")
    read_voteview("text.csv")
    read_voteview("half.csv")
    read_voteview("empty_id.csv")
    read_voteview("chamber.csv")
    read_voteview("short.csv")
    read_voteview("none.csv")
    read_voteview("names.csv")
    read_voteview("nowhere.csv")
    read_voteview("twice.csv")
    read_voteview(c("s.csv", "s.csv"))
    read_voteview(c("s.csv", "other.csv"))
    read_voteview("s.csv", "s.csv")
    read_voteview(1:3)
    read_voteview("s.csv", chamber = "Lords")
    read_voteview("s.csv", congress = "109th")
    read_voteview("s.csv", congress = 110)
  })
  expect_error(read_voteview("code.csv"), class = "vaeirt_error_response")
  expect_error(read_voteview("names.csv"), class = "vaeirt_error_columns")
  expect_error(read_voteview("twice.csv"), class = "vaeirt_error_duplicates")
})

test_that("a fit keeps what is known of members and roll calls", {
  truth <- simulate_irt(40, 100, seed = 4)
  cells <- expand.grid(icpsr = 201:240, rollnumber = 1:100)
  votes <- data.frame(congress = 109, chamber = "House", cells, cast_code = c(6, 1)[as.vector(truth$responses) + 1])
  members <- data.frame(
    congress = 109, chamber = "House", icpsr = 201:240, state_abbrev = state.abb[1:40], district_code = 1,
    party_code = rep(c(100, 200), 20), bioname = paste0("MEMBER", 1:40, ", Given"), nominate_dim1 = 0
  )
  rollcalls <- data.frame(congress = 109, chamber = "House", rollnumber = 1:100, vote_question = "On Passage")
  x <- read_voteview(votes, members, rollcalls)
  fit <- suppressMessages(vae_irt(x, polarity = rownames(x$votes)[[1]], seed = 1, control = one_thread))
  expect_identical(fit$estimates$respondent[[2]], "MEMBER2 (R AK-1)")
  expect_identical(fit$estimates$party, rep(c("D", "R"), 20))
  expect_identical(fit$estimates$state, state.abb[1:40])
  expect_gt(abs(cor(fit$estimates$estimate, truth$respondents$estimate)), 0.9)
  expect_identical(unique(cutpoints(fit)$question), "On Passage")
  expect_identical(response_fit(fit, party)$party, c("D", "R"))
  skip_if_not_installed("pscl")
  utils::capture.output(ideal <- pscl::ideal(x, maxiter = 300, burnin = 100, thin = 10, normalize = TRUE))
  expect_gt(abs(cor(ideal$xbar[, 1], fit$estimates$estimate)), 0.95)
})

test_that("congresses are named, and only those that were read", {
  words <- function(...) vaeirt:::describe_congresses(c(...))
  expect_identical(words(97, 117), "97th and 117th")
  expect_identical(words(97:99), "97th to 99th")
  expect_identical(words(109:110), "109th to 110th")
  expect_identical(words(97, 99, 101:103), "97th, 99th and 101st to 103rd")
  expect_identical(words(111), "111th")
})

test_that("a file that begins with an empty line is told from one without columns", {
  local_files(blank.csv = c("", senate_109), commas.csv = c(",,,,", senate_109), spaces.csv = c("  ", senate_109))
  for (path in c("blank.csv", "commas.csv", "spaces.csv")) {
    expect_error(read_voteview(path), "first line of .* is empty", class = "vaeirt_error_file")
  }
})

test_that("records of other congresses and chambers are said", {
  local_files(s.csv = senate_109, h.csv = house, m.csv = members_text)
  votes <- data.frame(congress = 109, chamber = "Senate", rollnumber = rep(1:2, each = 3), icpsr = 1:3, cast_code = c(1, 6, 1))
  members <- data.frame(
    congress = 115, chamber = "House", icpsr = 1:3, district_code = 5, state_abbrev = "CA", party_code = 200,
    bioname = c("A, X", "B, X", "C, X")
  )
  said <- expect_warning(x <- read_voteview(votes, members), class = "vaeirt_warning_unknown")
  expect_match(conditionMessage(said), "3 of 3 members")
  expect_match(conditionMessage(said), "115th Congress, House")
  expect_identical(rownames(x$votes)[1], "A (R CA-5)")
  members$congress[2:3] <- 109
  members$chamber[2:3] <- c("Senate", "President")
  expect_warning(read_voteview(votes, members), "1 of 3 members", class = "vaeirt_warning_unknown")
  members$congress[1] <- 109
  members$chamber[1] <- "Senate"
  expect_no_warning(read_voteview(votes, members))
  expect_no_warning(read_voteview("h.csv", "m.csv"))
})
