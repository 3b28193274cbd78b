ballots <- function() {
  data.frame(
    state = rep(c("AL", "AK"), c(7, 5)),
    voter = c("1", "1", "1", "2", "2", "3", "3", "1", "1", "2", "2", "2"),
    race = c("mayor", "judge", "clerk", "mayor", "judge", "mayor", "judge", "mayor", "judge", "mayor", "judge", "clerk"),
    choice = c("Adams", "yes", "Cole", "Baker", "no", "Adams", NA, "Baker", "yes", "Adams", "no", "Dunn"),
    weight = c(2, 2, 2, 1, 1, 1, 1, 0.5, 0.5, 1, 1, 1)
  )
}

local_parquet <- function(table, name = "votes.parquet", codec = "zstd", env = parent.frame()) {
  folder <- withr::local_tempdir(.local_envir = env)
  vaeirt:::write_parquet_table(table, file.path(folder, name), codec)
}

# Errors name files in a temporary folder.
hide_folder <- function(lines) gsub("[^ ]*/(file[0-9a-f]+/?)", "", lines)

same_responses <- function(x, y) {
  fields <- c("items", "offsets", "options", "option_size", "weights")
  expect_identical(x[fields], y[fields])
  expect_identical(vaeirt:::respondent_table(x), vaeirt:::respondent_table(y))
}

test_that("a file, a data frame and a matrix give the same responses", {
  votes <- small_truth()$responses
  dimnames(votes) <- list(paste0("r", 1:150), paste0("q", 1:25))
  long <- data.frame(
    who = rownames(votes)[row(votes)], what = colnames(votes)[col(votes)], vote = as.vector(votes)
  )
  path <- local_parquet(long)
  wide <- irt_responses(votes)
  same_responses(irt_responses(long, respondent = who, item = what, response = vote), wide)
  same_responses(irt_responses(path, respondent = who, item = what, response = vote), wide)
  same_responses(irt_responses(path, respondent = "who", item = "what", response = "vote"), wide)
})

test_that("the order of the rows, the files, the codec and the types change nothing but the order", {
  data <- ballots()
  read <- function(x) irt_responses(x, respondent = c(state, voter), item = race, response = choice, weights = weight)
  expected <- read(data)
  for (codec in c("none", "snappy", "gzip", "zstd")) {
    same_responses(read(local_parquet(data, codec = codec)), expected)
  }
  folder <- dirname(local_parquet(data[1:6, ], "a.parquet"))
  vaeirt:::write_parquet_table(data[7:12, ], file.path(folder, "b.parquet"))
  same_responses(read(folder), expected)
  same_responses(read(file.path(folder, c("a.parquet", "b.parquet"))), expected)
  data$voter <- as.double(data$voter)
  whole <- read(local_parquet(data))
  expect_identical(vaeirt:::respondent_names(whole$respondents), expected$respondents$respondent)
  expect_identical(whole$options, expected$options)
})

test_that("respondents of files are kept small and saved", {
  x <- irt_responses(local_parquet(ballots()), respondent = c(state, voter), item = race, response = choice)
  expect_s3_class(x$respondents, "vaeirt_ids")
  expect_identical(nrow(x$respondents), 5)
  expect_identical(tibble::as_tibble(x$respondents), tibble::tibble(
    respondent = c("AL/1", "AL/2", "AL/3", "AK/1", "AK/2"),
    state = c("AL", "AL", "AL", "AK", "AK"), voter = c("1", "2", "3", "1", "2")
  ))
  expect_identical(unserialize(serialize(x, NULL)), x)
  expect_snapshot({
    print(x)
    print(x$respondents)
  })
})

test_that("a fit and its predictions take files", {
  votes <- small_truth()$responses
  long <- data.frame(who = as.character(row(votes)), what = as.character(col(votes)), vote = as.vector(votes))
  path <- local_parquet(long)
  fit <- vae_irt(path, respondent = who, item = what, response = vote, seed = 1, control = one_thread)
  expect_equal(fit$estimates, small_fit()$estimates)
  scores <- predict(fit, path, respondent = who, item = what, response = vote)
  expect_equal(scores$estimate, fit$estimates$estimate)
})

test_that("files that are not what they should be are named", {
  path <- local_parquet(transform(ballots(), when = as.double(1:12) / 2))
  bytes <- readBin(path, "raw", 1e5)
  short <- file.path(dirname(path), "short.parquet")
  writeBin(bytes[1:200], short)
  text <- file.path(dirname(path), "text.parquet")
  writeLines("voter,race,choice", text)
  nobody <- file.path(dirname(path), "nobody.parquet")
  vaeirt:::write_parquet_table(transform(ballots(), voter = ifelse(choice %in% "Dunn", NA, voter)), nobody)
  heavy <- file.path(dirname(path), "heavy.parquet")
  vaeirt:::write_parquet_table(transform(ballots(), weight = 1:12), heavy)
  empty <- withr::local_tempdir()
  expect_snapshot(error = TRUE, transform = hide_folder, {
    irt_responses(file.path(empty, "none.parquet"), respondent = voter, item = race, response = choice)
    irt_responses(empty, respondent = voter, item = race, response = choice)
    irt_responses(short, respondent = voter, item = race, response = choice)
    irt_responses(text, respondent = voter, item = race, response = choice)
    irt_responses(path, respondent = voter, item = race)
    irt_responses(path, respondent = voter, item = contest, response = choice)
    irt_responses(path, respondent = voter, item = race, response = when)
    irt_responses(nobody, respondent = voter, item = race, response = choice)
    irt_responses(heavy, respondent = c(state, voter), item = race, response = choice, weights = weight)
    irt_responses(path, respondent = voter, item = race, response = choice)
    irt_responses(character(), respondent = voter, item = race, response = choice)
  })
  expect_error(irt_responses(short, respondent = voter, item = race, response = choice), class = "vaeirt_error_file")
})

test_that("names that look alike when they are joined are refused", {
  clash <- data.frame(county = c("a/b", "a"), voter = c("c", "b/c"), race = "mayor", choice = c("x", "y"))
  expect_error(
    irt_responses(local_parquet(clash), respondent = c(county, voter), item = race, response = choice),
    class = "vaeirt_error_names"
  )
})

test_that("text files are told from Parquet files, and arguments from each other", {
  expect_snapshot(error = TRUE, {
    vae_irt("S109_votes.csv")
    vae_irt(vote_matrix(), polarty = "ann")
    autoplot(small_fit(), labls = TRUE)
  })
})
