# Checks of single arguments. Each returns the value in the type that the rest of the package uses.

describe <- function(x) {
  if (is.null(x)) {
    return("NULL")
  }
  plain <- is.atomic(x) && !is.object(x) && is.null(dim(x))
  if (plain && length(x) == 1) {
    return(if (is.character(x)) encodeString(shorten(x), quote = "\"") else format(x))
  }
  # I() is not the news.
  if (inherits(x, "AsIs")) class(x) <- setdiff(class(x), "AsIs")
  type <- if (is.factor(x)) "a factor" else cli::format_inline("{.obj_type_friendly {x}}")
  if (plain && length(x) > 1) paste(type, "of length", length(x)) else type
}

# An argument that has no default was given.
check_given <- function(x, arg = rlang::caller_arg(x), call = caller_env()) {
  if (missing(x)) {
    abort_vaeirt("{.arg {arg}} is missing.", "argument", call)
  }
}

is_number <- function(x) is.numeric(x) && length(x) == 1 && is.finite(x)

check_count <- function(x, min = 1, max = .Machine$integer.max, arg = rlang::caller_arg(x), call = caller_env()) {
  check_given(x, arg, call)
  if (!is_number(x) || x < min || x > max || x != trunc(x)) {
    range <- if (max < .Machine$integer.max) "from {min} to {max}" else "{min} or more"
    abort_vaeirt(paste0("{.arg {arg}} must be one whole number, ", range, ", not {describe(x)}."), "argument", call)
  }
  as.integer(x)
}

# `most`: it may be this large, and as much smaller than 1.
check_positive <- function(x, most = Inf, arg = rlang::caller_arg(x), call = caller_env()) {
  if (!is_number(x) || x <= 0) {
    abort_vaeirt("{.arg {arg}} must be one positive number, not {describe(x)}.", "argument", call)
  }
  if (x > most || x < 1 / most) {
    abort_vaeirt("{.arg {arg}} must be from {1 / most} to {most}, not {describe(x)}.", "argument", call)
  }
  as.double(x)
}

check_share <- function(x, arg = rlang::caller_arg(x), call = caller_env()) {
  if (!is_number(x) || x <= 0 || x >= 1) {
    abort_vaeirt("{.arg {arg}} must be one number between 0 and 1, not {describe(x)}.", "argument", call)
  }
  as.double(x)
}

check_flag <- function(x, arg = rlang::caller_arg(x), call = caller_env()) {
  if (!rlang::is_bool(x)) {
    abort_vaeirt("{.arg {arg}} must be {.code TRUE} or {.code FALSE}, not {describe(x)}.", "argument", call)
  }
  x
}

check_class <- function(x, class, maker, arg = rlang::caller_arg(x), call = caller_env()) {
  check_given(x, arg, call)
  if (!inherits(x, class)) {
    abort_vaeirt("{.arg {arg}} must come from {.fn {maker}}, not be {describe(x)}.", "argument", call)
  }
  x
}

# A list of settings that `class()` made, in this version of the package.
check_settings <- function(x, class, arg = rlang::caller_arg(x), call = caller_env()) {
  check_class(x, class, class, arg, call)
  absent <- setdiff(names(formals(class)), names(x))
  if (length(absent) > 0) {
    abort_vaeirt(
      c(
        "{.arg {arg}} lacks {length(absent)} setting{?s}, such as {.arg {absent[[1]]}}.",
        i = "It was changed, or made by another version of the package: make it anew with {.fn {class}}."
      ),
      "argument",
      call
    )
  }
  x
}

# A folder that there is or that will be made, wherever the work goes on.
check_folder <- function(x, arg = rlang::caller_arg(x), call = caller_env()) {
  if (!rlang::is_string(x) || !nzchar(x)) {
    abort_vaeirt("{.arg {arg}} must be the path of a folder, not {describe(x)}.", "argument", call)
  }
  if (file.exists(x) && !dir.exists(x)) {
    abort_vaeirt("{.arg {arg}} must be a folder, and {.path {x}} is a file.", "argument", call)
  }
  enc2utf8(normalizePath(x, mustWork = FALSE))
}

# One of the values of the argument's default, as match.arg(), with a classed error.
check_choice <- function(x, choices, arg = rlang::caller_arg(x), call = caller_env()) {
  if (identical(x, choices)) {
    return(choices[[1]])
  }
  if (!rlang::is_string(x) || !x %in% choices) {
    # Three letters resemble too much: "gpu" is not "cpu".
    near <- if (rlang::is_string(x) && nchar(x, "bytes") > 3) similar_arguments(x, choices)
    abort_vaeirt(
      c(
        "{.arg {arg}} must be {.or {.val {choices}}}, not {describe(x)}.",
        i = if (length(near) > 0) "Did you mean {.val {near}}?"
      ),
      "argument",
      call
    )
  }
  x
}

# A seed below 2^53; without one a single number of R's generator becomes the seed.
check_seed <- function(seed, call = caller_env()) {
  if (is.null(seed)) {
    return(floor(stats::runif(1) * .Machine$integer.max))
  }
  if (!is_number(seed) || seed != trunc(seed) || seed < 0 || seed >= 2^53) {
    abort_vaeirt(
      "{.arg seed} must be {.code NULL} or one whole number, 0 or more, not {describe(seed)}.", "argument", call
    )
  }
  as.double(seed)
}

# Whole numbers in full, never as 1e+05, and each number the same whatever stands beside it.
number_names <- function(x) {
  if (is.integer(x)) {
    return(as.character(x))
  }
  x <- whole_values(x)
  whole <- !is.na(x) & x == trunc(x)
  ifelse(whole, sprintf("%.0f", x), ifelse(is.na(x), NA_character_, formatC(x, digits = 15, width = 1, format = "g")))
}

# Numbers that are whole but for rounding are whole: src/rust/core/src/responses/whole.rs says what that is.
whole_values <- function(x) {
  nearest <- round(x)
  off <- abs(x - nearest)
  rounded <- which(off > 0 & off <= 1e-9 * pmin(pmax(abs(nearest), 1), 1e3))
  x[rounded] <- nearest[rounded]
  x
}
