rolls <- function() {
  data.frame(
    leg = rep(1:30, 5), roll = rep(1:5, each = 30), vote = (rep(1:30, 5) * rep(c(1, 2, 3, 5, 7), each = 30)) %/% 3 %% 2
  )
}
read_rolls <- function(x, ...) irt_responses(x, respondent = leg, item = roll, response = vote, ...)

test_that("rolls that are stored twice count once", {
  once <- rolls()
  expected <- read_rolls(once)
  expect_snapshot(x <- read_rolls(rbind(once, once), duplicates = "keep_identical"))
  parts <- setdiff(names(x), "dropped")
  expect_identical(x[parts], expected[parts])
  expect_identical(x$dropped$reason, rep("identical duplicates", 5))
  expect_identical(x$dropped$n_responses, rep(30, 5))
  # Thrice, in any order, from a file.
  path <- withr::local_tempfile(fileext = ".parquet")
  thrice <- rbind(once, once[150:1, ], once)
  vaeirt:::write_parquet_table(thrice, path)
  expect_identical(suppressMessages(read_rolls(path, duplicates = "keep_identical"))[c("options", "offsets")],
    expected[c("options", "offsets")]
  )
  # Without duplicates nothing is set aside.
  expect_identical(read_rolls(once, duplicates = "keep_identical"), expected)
})

test_that("responses that differ are set aside, all of them", {
  once <- rolls()
  other <- transform(once[1:3, ], vote = 1 - vote)
  expect_snapshot(x <- read_rolls(rbind(once, once[1:40, ], other), duplicates = "keep_identical"))
  expect_identical(x$respondents$n_responses, rep(4:5, c(3, 27)))
  expect_identical(x$dropped$n_responses, c(27, 10, 9))
  expect_identical(x$dropped$reason, rep(c("identical duplicates", "duplicate responses"), c(2, 1)))
})

test_that("messages say how many duplicates are identical, and what is left of them", {
  once <- rolls()
  other <- once
  other$vote[1:3] <- 1 - other$vote[1:3]
  expect_snapshot(error = TRUE, {
    read_rolls(rbind(once, once))
    read_rolls(rbind(once, once[7, ]))
    read_rolls(rbind(once, other))
    read_rolls(rbind(once, other[1:2, ]))
    read_rolls(rbind(once, once), duplicates = "drop_response")
    read_rolls(rbind(once, other), duplicates = "drop_item")
    read_rolls(rbind(once, transform(once, vote = 1 - vote)), duplicates = "keep_identical")
  })
})

test_that("every function that reads data takes the same choices", {
  once <- rolls()
  fit <- suppressWarnings(vae_irt(read_rolls(once), seed = 1, control = vae_control(threads = 1, max_epochs = 3)))
  twice <- rbind(once, once)
  read <- function(x, ...) predict(fit, x, respondent = leg, item = roll, response = vote, ...)
  expect_identical(suppressMessages(read(twice, duplicates = "keep_identical")), read(once))
  expect_error(read(twice), class = "vaeirt_error_duplicates")
  expect_equal(nrow(suppressMessages(read(twice, duplicates = "drop_response"))), 30)
  expect_identical(vaeirt:::reading_arguments(), c("respondent", "item", "response", "metadata", "missing", "drop", "duplicates"))
})
