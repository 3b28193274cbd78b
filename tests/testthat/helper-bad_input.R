# Tables of bad input: every case is an expression of the block `cases`, evaluated where the table stands.

# Each is refused with an error of the class, in the name of the function that the user called, by a message of reasonable
# length. All messages together are one snapshot.
expect_refused <- function(kind, cases, env = parent.frame()) {
  cases <- as.list(substitute(cases))[-1]
  shown <- vapply(cases, function(case) {
    found <- tryCatch(
      {
        suppressMessages(eval(case, env))
        NULL
      },
      error = identity
    )
    if (!inherits(found, paste0("vaeirt_error_", kind))) {
      fail(paste0(one_line(case), " gives no vaeirt_error_", kind, ", but ", class(found)[[1]]))
      return("")
    }
    expect_s3_class(found, "vaeirt_error")
    called <- sub("\\..*", "", as.character(conditionCall(found)[[1]]))
    expect_equal(called, sub("\\..*", "", as.character(case[[1]])), label = paste("the call of", one_line(case)))
    text <- rlang::cnd_message(found, inherit = FALSE)
    expect_lt(nchar(text), 1000, label = paste("the message of", one_line(case)))
    paste0("> ", one_line(case), "\n", text, "\n")
  }, character(1))
  expect_snapshot(writeLines(shown))
}

# Each goes on with a warning of the class.
expect_noted <- function(kind, cases, env = parent.frame()) {
  cases <- as.list(substitute(cases))[-1]
  shown <- vapply(cases, function(case) {
    noted <- list()
    value <- withCallingHandlers(
      suppressMessages(eval(case, env)),
      warning = function(cnd) {
        noted[[length(noted) + 1]] <<- cnd
        tryInvokeRestart("muffleWarning")
      }
    )
    expect_length(noted, 1)
    expect_s3_class(noted[[1]], paste0("vaeirt_warning_", kind))
    expect_false(is.null(value))
    paste0("> ", one_line(case), "\n", rlang::cnd_message(noted[[1]], inherit = FALSE), "\n")
  }, character(1))
  expect_snapshot(writeLines(shown))
}

one_line <- function(case) {
  text <- paste(trimws(deparse(case, width.cutoff = 500)), collapse = " ")
  if (nchar(text) > 160) paste(substr(text, 1, 160), "...") else text
}

# A table with one element replaced, or with other names.
with_value <- function(x, row, column, value) {
  x[row, column] <- value
  x
}
with_rows <- function(x, names) {
  rownames(x) <- names
  x
}
with_columns <- function(x, names) {
  colnames(x) <- names
  x
}

long_label <- strrep("endless ", 1250)
# A Latin-1 string that R takes to be UTF-8, as read.csv() makes them.
mangled <- "Mu\xf1oz"

# Two votes of three members as pscl stores them.
roll_calls <- function(votes = cbind(v1 = c(1, 6, 6), v2 = c(1, 9, 1)),
                       codes = list(yea = 1:3, nay = 4:6, missing = 7:9, notInLegis = 0), ...) {
  structure(list(votes = votes, codes = codes, ...), class = "rollcall")
}
