# One set of data in many forms is one set of data.

# Cells that do not depend on the order of respondents and items.
cells_of <- function(x) {
  item <- rep(x$items$item, lengths(x$items$options))
  option <- vaeirt:::option_ids(x) + 1L
  cells <- paste(
    rep(vaeirt:::respondent_names(x$respondents), diff(x$offsets)), item[option], unlist(x$items$options)[option],
    sep = " | "
  )
  sort(cells, method = "radix")
}

words <- function() {
  truth <- simulate_irt(30, 6, n_options = 3, missing = 0.2, seed = 8)$responses
  data.frame(id = paste0("v", 1:30), lapply(as.data.frame(truth), function(x) c("no", "perhaps", "yes")[x + 1]))
}

lengthen <- function(wide) {
  long <- data.frame(
    id = rep(wide$id, ncol(wide) - 1), item = rep(names(wide)[-1], each = nrow(wide)),
    said = unlist(wide[-1], use.names = FALSE)
  )
  long[order(long$id, decreasing = TRUE), ]
}

read_long_form <- function(data, ...) irt_responses(data, respondent = id, item = item, response = said, ...)

test_that("wide and long, with rows of NA and without, in any order, are the same", {
  wide <- words()
  long <- lengthen(wide)
  expected <- irt_responses(wide, respondent = id)
  forms <- list(
    read_long_form(long),
    read_long_form(long[!is.na(long$said), ]),
    read_long_form(long[withr::with_seed(1, sample(nrow(long))), c("said", "id", "item")]),
    irt_responses(as.matrix(tibble::column_to_rownames(wide, "id"))),
    irt_responses(wide[withr::with_seed(2, sample(30)), c(1, 7:2)], respondent = id)
  )
  for (x in forms) {
    expect_identical(cells_of(x), cells_of(expected))
    expect_setequal(x$items$item, expected$items$item)
  }
  path <- withr::local_tempfile(fileext = ".parquet")
  vaeirt:::write_parquet_table(long, path)
  expect_identical(cells_of(read_long_form(path)), cells_of(expected))
})

test_that("every kind of data frame is read alike", {
  wide <- words()
  long <- lengthen(wide)
  by_hand <- function(x) structure(as.list(x), class = "data.frame", row.names = seq_len(nrow(x)))
  makers <- list(tibble = tibble::as_tibble, "by hand" = by_hand)
  if (requireNamespace("data.table", quietly = TRUE)) makers$data.table <- data.table::as.data.table
  if (requireNamespace("dplyr", quietly = TRUE)) {
    makers$grouped <- function(x) dplyr::group_by(x, .data$id)
    makers$rowwise <- dplyr::rowwise
  }
  for (name in names(makers)) {
    make <- makers[[name]]
    expect_identical(irt_responses(make(wide), respondent = id), irt_responses(wide, respondent = id), label = name)
    expect_identical(read_long_form(make(long)), read_long_form(long), label = name)
    expect_identical(
      irt_responses(make(transform(wide, w = 1:30)), respondent = "id", weights = w)$weights, as.double(1:30),
      label = name
    )
  }
})

test_that("factors are their labels: levels that nobody has change nothing", {
  wide <- words()
  levels <- c("never", "no", "perhaps", "sometimes", "yes", "always")
  coded <- wide
  coded[-1] <- lapply(wide[-1], factor, levels = levels)
  expected <- irt_responses(wide, respondent = id)
  x <- suppressMessages(irt_responses(coded, respondent = id))
  same <- c("offsets", "options", "option_size")
  expect_identical(x[same], expected[same])
  expect_identical(x$items, expected$items)
  expect_identical(unique(x$dropped$reason), "never chosen")
  expect_identical(irt_responses(droplevels(coded), respondent = id), expected)
  long <- lengthen(wide)
  coded <- transform(long, id = factor(id), item = factor(item, c("none", names(wide)[7:2])), said = factor(said, levels))
  expect_identical(cells_of(suppressMessages(read_long_form(coded))), cells_of(read_long_form(long)))
})

test_that("NA, NaN, values declared missing and rows left out are one", {
  votes <- small_truth()$responses
  coded <- replace(votes, is.na(votes), 9)
  whole <- replace(votes + 0, is.na(votes), NaN)
  expected <- irt_responses(votes)
  expect_identical(irt_responses(whole), expected)
  expect_identical(irt_responses(coded, missing = 9), expected)
  text <- suppressMessages(irt_responses(replace(votes, is.na(votes), "none"), missing = "none"))
  expect_identical(cells_of(text), cells_of(expected))
})

test_that("the order of rows and columns changes nothing in predict(), nor does the form of the data", {
  fit <- nominal_fit()
  new <- nominal_truth()$responses[1:40, ]
  dimnames(new) <- list(paste0("r", 1:40), 1:40)
  expected <- predict(fit, new)
  find <- function(scores) scores[match(expected$respondent, scores$respondent), ]
  order <- withr::with_seed(1, sample(40))
  long <- data.frame(id = rownames(new)[row(new)], item = colnames(new)[col(new)], said = as.vector(new))
  path <- withr::local_tempfile(fileext = ".parquet")
  vaeirt:::write_parquet_table(long[rev(seq_len(nrow(long))), ], path)
  forms <- list(
    predict(fit, new[order, ]), predict(fit, new[, order]), predict(fit, new[order, rev(order)]),
    predict(fit, as.data.frame(new)[order]),
    predict(fit, long, respondent = id, item = item, response = said),
    predict(fit, long[!is.na(long$said), ], respondent = id, item = item, response = said),
    predict(fit, path, respondent = id, item = item, response = said),
    predict(fit, data.frame(lapply(as.data.frame(new), factor, levels = c(2, 7, 0, 1)), row.names = rownames(new),
                            check.names = FALSE)),
    predict(fit, irt_responses(new))
  )
  for (scores in forms) expect_equal(find(scores), expected)
  options <- predict(fit, new[order, rev(order)], type = "prob")
  expect_equal(
    options[order(match(options$respondent, rownames(new))), ], predict(fit, new, type = "prob"),
    ignore_attr = TRUE
  )
})

test_that("new data with other items and options are counted by name, and the rest is scored", {
  fit <- small_fit()
  new <- with_rows(small_truth()$responses[1:3, ], c("a", "b", "c"))
  colnames(new) <- 1:25
  wider <- cbind(new, veto = 1, bill = 0, motion = 1, tax = 0)
  strange <- with_value(with_value(new, 1, 2, 7), 2, 3, -1)
  expect_snapshot({
    scores <- predict(fit, wider)
    fewer <- predict(fit, strange)
  })
  expect_equal(scores, predict(fit, new))
  expect_equal(fewer, predict(fit, with_value(with_value(new, 1, 2, NA), 2, 3, NA)))
  # Nobody with a response is no error: everybody's row is NA.
  expect_true(all(is.na(predict(fit, new * NA)$estimate)))
  expect_identical(predict(fit, new * NA)$n_responses, c(0L, 0L, 0L))
})
