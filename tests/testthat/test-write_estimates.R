test_that("estimates are written part by part and come back", {
  path <- tempfile(fileext = ".parquet")
  withr::local_options(vaeirt.part_size = 40)
  expect_identical(expect_invisible(write_estimates(small_fit(), path)), path)
  fields <- vaeirt:::unwrap_rust(vaeirt:::rust_parquet_fields(path))
  expect_equal(fields$name, names(small_fit()$estimates))
  back <- vaeirt:::unwrap_rust(vaeirt:::rust_read_parquet(path, "respondent", "dimension", "n_responses", NULL, 1L))
  expect_equal(sum(back$count), 150)
  expect_equal(tibble::as_tibble(vaeirt:::new_ids(back$ids, back$n_respondents))$respondent, small_fit()$estimates$respondent)
  expect_equal(list.files(dirname(path), pattern = "part$"), character())
})

test_that("scores go straight into a file, the same as in a tibble", {
  truth <- small_truth()$responses
  long <- data.frame(
    voter = rep(seq_len(nrow(truth)), ncol(truth)), item = rep(seq_len(ncol(truth)), each = nrow(truth)), vote = as.vector(truth)
  )
  votes <- tempfile(fileext = ".parquet")
  vaeirt:::write_parquet_table(long, votes)
  scores <- tempfile(fileext = ".parquet")
  withr::local_options(vaeirt.part_size = 40)
  predict(small_fit(), votes, respondent = voter, item = item, response = vote, to = scores)
  whole <- predict(small_fit(), votes, respondent = voter, item = item, response = vote)
  expect_equal(whole$estimate, small_fit()$estimates$estimate)
  fields <- vaeirt:::unwrap_rust(vaeirt:::rust_parquet_fields(scores))
  expect_equal(fields$name, names(whole))
  # Weights are read as numbers: a way to see numbers of the file.
  back <- vaeirt:::unwrap_rust(vaeirt:::rust_read_parquet(scores, "respondent", "dimension", "n_responses", "std.error", 1L))
  expect_equal(back$weights, whole$std.error)
})

test_that("what cannot be written is an error", {
  expect_snapshot(error = TRUE, {
    write_estimates(1, "a.parquet")
    write_estimates(small_fit(), 1)
    write_estimates(small_fit(), "no/such/folder/a.parquet")
    predict(small_fit(), to = "a.parquet")
    predict(small_fit(), small_truth()$responses, type = "prob", to = "a.parquet")
  })
})

test_that("what is read is not written over", {
  votes <- tempfile(fileext = ".parquet")
  vaeirt:::write_parquet_table(data.frame(voter = rep(1:9, 2), item = rep(1:2, each = 9), vote = rep(0:1, 9)), votes)
  before <- unname(tools::md5sum(votes))
  refused <- function(newdata, to) {
    expect_error(
      predict(small_fit(), newdata, respondent = voter, item = item, response = vote, to = to),
      class = "vaeirt_error_argument"
    )
  }
  refused(votes, votes)
  refused(dirname(votes), file.path(dirname(votes), "estimates.parquet"))
  refused(votes, file.path(dirname(votes), ".", basename(votes)))
  expect_identical(unname(tools::md5sum(votes)), before)
  expect_snapshot(
    error = TRUE, predict(small_fit(), votes, respondent = voter, item = item, response = vote, to = votes),
    transform = function(lines) gsub("'/.*'", "'<path>'", lines)
  )
})
