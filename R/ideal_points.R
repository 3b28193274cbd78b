#' Ideal points of any fit as one table
#'
#' Reads the ideal points of fits of vaeirt, pscl, MCMCpack, wnominate, oc, emIRT and mirt, and of tables of
#' published scores, into one form. You can then draw, join and compare them ([compare_ideal_points()]).
#'
#' @details
#' What each class gives in addition to the estimates:
#'
#' | class | package | function | `std.error` | interval | of draws |
#' |:------|:--------|:---------|:------------|:---------|:------|
#' | `vae_irt` | vaeirt | [vae_irt()] | posterior SD | quantiles (Cornish-Fisher) | no |
#' | `ideal` | pscl | `ideal()` | SD of the draws | quantiles of the draws | yes |
#' | `mcmc` | MCMCpack | `MCMCirt1d()`, `MCMCirtKd()`, ... | SD of the draws | quantiles of the draws | yes |
#' | `nomObject` | wnominate | `wnominate()` | bootstrap, with `trials` of 4 or more | normal | no |
#' | `OCobject` | oc | `oc()` | none | none | no |
#' | `binIRT`, `ordIRT` | emIRT | `binIRT()`, `ordIRT()` | bootstrap or variational | normal | no |
#' | `hierIRT` | emIRT | `hierIRT()` | bootstrap only | normal | no |
#' | `dynIRT` | emIRT | `dynIRT()` | bootstrap or variational | normal | no |
#' | `SingleGroupClass` | mirt | `mirt()` | of `fscores()` | normal | no |
#' | data frame | | | its column `std.error` | its columns, or normal | no |
#' | matrix, vector | | | columns `SE_...` as `fscores()` has them | normal | no |
#'
#' *wnominate*, *oc*. In one dimension the estimates of `oc()` are ranks: compare them by rank correlations. In several
#' dimensions the points of both packages lie in a unit ball. Legislators who were set aside keep a row of `NA`.
#'
#' *emIRT*. Its variational variances are far too small to be believed, as its own help says. `binIRT()` and `ordIRT()` give
#' one variance for everybody. After `boot_emIRT()` the standard errors are those of this parametric bootstrap
#' (Imai, Lo and Olmsted 2016, \doi{10.1017/S000305541600037X}). The ideal points of `hierIRT()` are `x_implied`: the
#' covariates times the coefficients of the group, plus the error of the individual. `dynIRT()` gives zeros for periods in
#' which somebody did not serve; they are left out.
#'
#' *Names*. `ordIRT()`, `hierIRT()` and `mirt()` keep no names. Give them with `respondents`; otherwise the respondents are
#' called by the row numbers `"1"`, `"2"`, ... of the data (for `hierIRT()` of the ideal points, which `.data$i` counts from
#' 0).
#'
#' @section Draws:
#' The likelihood does not determine location, scale and rotation, so the draws of a chain wander along them as far as the
#' priors let them. `ideal(normalize = TRUE)` normalises the posterior mean but not every draw, and MCMCpack normalises
#' nothing. The standard deviations of unaligned draws therefore contain the free location and scale: on the 109th Senate
#' they are about 1.4 times too wide at the median. In several dimensions the means of the draws mix turned axes.
#'
#' With `align_draws` each draw is first moved, scaled and rotated to the others (generalised Procrustes analysis, Gower
#' 1975, \doi{10.1007/BF02291478}). In one dimension this normalises the draw and sets its sign. Then all draws together are
#' taken to the posterior mean that the object reports. Estimates are the means of these draws; in one dimension they differ
#' from the object's own in the third digit. The standard errors are those of respondents relative to each other, as
#' `scale = "normalised"` gives them for a `vae_irt` object. Respondents whom the model held at given positions do not
#' stay there; for such a model use `align_draws = FALSE`.
#'
#' @param x A fit of one of these classes; a data frame with the columns `respondent`, `estimate` and, if it has them,
#'   `dimension`, `period`, `std.error`, `conf.low`, `conf.high` and metadata; a numeric matrix of positions with
#'   respondents in rows and dimensions in columns; a named numeric vector; or a comparison of [compare_ideal_points()].
#' @param ... For `SingleGroupClass` passed to `mirt::fscores()`; else it must be empty.
#' @param conf.level Level of the intervals. If a data frame has intervals for its column `estimate`, these are kept.
#' @param scale For `vae_irt`: as in [tidy.vae_irt()].
#' @param align_draws For `ideal` and `mcmc`: take the free location, scale and rotation out of the draws?
#' @param respondents Names of the respondents in the order of the rows, for objects that do not keep them.
#' @param respondent,estimate,std.error <[`tidy-select`][tidyselect::language]> Columns of a data frame that has other names,
#'   such as `respondent = bioname, estimate = c(nominate_dim1, nominate_dim2)` for Voteview's file of members. (For a
#'   `rollcall` object of [read_voteview()] use `setNames(x$legis.data$nominate_dim1, rownames(x$votes))`.) Several columns
#'   for `respondent` are joined by `"/"`; several columns of estimates are the dimensions.
#' @return A tibble with one row per respondent and dimension (and period, for dynamic models), in the order of the object:
#'   `respondent` (character), `dimension` (integer), `period` (integer, only for dynamic models: 1, 2, ... as the object
#'   counts them), `estimate`, `std.error`, `conf.low` and `conf.high`, all on the object's own scale and `NA` where it gives
#'   none, and then the metadata that the object carries (such as `party` and `state`).
#'
#'   For a comparison: the aligned points, see [compare_ideal_points()].
#' @export
#' @examples
#' truth <- simulate_irt(50, 30, seed = 1)
#' fit <- vae_irt(truth$responses, seed = 1, control = vae_control(threads = 1))
#' ideal_points(fit, conf.level = 0.9)
#' ideal_points(truth$respondents)
#' ideal_points(c(ann = -1, bob = 0.5, cat = 2))
ideal_points <- function(x, ...) {
  UseMethod("ideal_points")
}

#' @export
ideal_points.default <- function(x, ...) {
  abort_vaeirt(
    c(
      "{.fn ideal_points} knows no ideal points of {describe(x)}.",
      i = "It knows {.cls vae_irt}, {.cls ideal} (pscl), {.cls mcmc} (MCMCpack), {.cls nomObject} (wnominate),
           {.cls OCobject} (oc), {.cls binIRT}, {.cls ordIRT}, {.cls hierIRT} and {.cls dynIRT} (emIRT), and
           {.cls SingleGroupClass} (mirt).",
      i = "It reads data frames with the columns {.field respondent} and {.field estimate}, numeric matrices with respondents
           in rows, and named numeric vectors."
    ),
    "input"
  )
}

#' @rdname ideal_points
#' @export
ideal_points.vae_irt <- function(x, ..., scale = c("prior", "normalised"), conf.level = NULL) {
  check_fit(x, "x")
  check_no_dots(..., .call = rlang::current_env())
  scale <- check_choice(scale, c("prior", "normalised"))
  level <- if (is.null(conf.level)) x$control$level else check_share(conf.level)
  check_estimated(x)
  table <- tidy(x, scale = scale, conf.level = level)
  table[setdiff(names(table), c("n_responses", "pareto_k", "ess"))]
}

#' @rdname ideal_points
#' @export
ideal_points.data.frame <- function(x, ..., respondent = NULL, estimate = NULL, std.error = NULL, conf.level = 0.95) {
  call <- rlang::current_env()
  check_no_dots(..., .call = call)
  level <- check_share(conf.level)
  columns <- rlang::enquos(respondent = respondent, estimate = estimate, std.error = std.error)
  at <- lapply(rlang::set_names(names(columns)), function(arg) select_points(x, columns[[arg]], arg, call))
  # Standard errors that the data bring along are those of the column `estimate`.
  if (rlang::quo_is_null(columns$std.error) && !identical(names(x)[at$estimate], "estimate")) at$std.error <- integer()
  check_point_columns(x, at, call)
  if (length(at$estimate) > 1) wide_points(x, at, level, call) else long_points(x, at, level, call)
}

#' @rdname ideal_points
#' @export
ideal_points.matrix <- function(x, ..., respondents = NULL, conf.level = 0.95) {
  call <- rlang::current_env()
  check_no_dots(..., .call = call)
  level <- check_share(conf.level)
  if (!is.numeric(x) || ncol(x) == 0) {
    abort_vaeirt("A matrix of ideal points must be numeric, with one column per dimension.", "input")
  }
  names <- row_names(x, respondents, call)
  errors <- match(paste0("SE_", colnames(x)), colnames(x), nomatch = 0)
  scores <- if (any(errors > 0)) which(errors > 0) else seq_len(ncol(x))
  std_error <- if (any(errors > 0)) unclass(x)[, errors, drop = FALSE] else NA_real_
  new_ideal_points(names, unclass(x)[, scores, drop = FALSE], std_error, level)
}

#' @rdname ideal_points
#' @export
ideal_points.numeric <- function(x, ..., respondents = NULL, conf.level = 0.95) {
  check_no_dots(..., .call = rlang::current_env())
  ideal_points(matrix(x, dimnames = list(names(x), NULL)), respondents = respondents, conf.level = conf.level)
}

#' @rdname ideal_points
#' @export
ideal_points.ideal_point_comparison <- function(x, ...) {
  check_no_dots(..., .call = rlang::current_env())
  attr(x, "points")
}

# The table of the methods for fits. `respondents` is a tibble with one row per row of the matrices; limits are computed
# where there are none.
new_ideal_points <- function(respondents, estimate, std_error, level, limits = NULL, period = NULL) {
  row <- rep(seq_len(nrow(estimate)), each = ncol(estimate))
  by_row <- function(x) as.vector(t(x))
  table <- respondents[row, "respondent"]
  table$dimension <- rep(seq_len(ncol(estimate)), nrow(estimate))
  table$period <- period[row]
  table$estimate <- as.double(by_row(estimate))
  table$std.error <- as.double(by_row(std_error))
  limits <- if (is.null(limits)) {
    posterior_limits(table$estimate, table$std.error, 0, level)
  } else {
    lapply(limits, by_row)
  }
  table$conf.low <- limits$low
  table$conf.high <- limits$high
  add_metadata(table, respondents[row, ])
}

# A tibble of the names of the rows of an object: those that the user gives, its own, or numbers.
row_names <- function(x, respondents, call) {
  if (is.null(respondents)) {
    names <- dimension_names(x, 1)
  } else {
    if (!is.atomic(respondents) || length(respondents) != nrow(x) || anyNA(respondents)) {
      abort_vaeirt("{.arg respondents} must be {nrow(x)} names, one per row, not {describe(respondents)}.", "argument", call)
    }
    names <- as_names(respondents)
  }
  check_unique(names, "ideal point", call)
  tibble::tibble(respondent = names)
}

# The columns that were selected, else the one that has the argument's name, if there is any.
select_points <- function(x, selection, arg, call) {
  if (rlang::quo_is_null(selection)) {
    return(which(names(x) == arg))
  }
  select_columns(x, selection, arg, call)
}

check_point_columns <- function(x, at, call) {
  absent <- c("respondent", "estimate")[lengths(at[c("respondent", "estimate")]) == 0]
  if (length(absent) > 0) {
    abort_vaeirt(
      c(
        "A data frame of ideal points needs {cli::qty(absent)}the column{?s} {.field {absent}}.",
        i = "Select {cli::qty(absent)}{?it/them} under {?its/their} own name{?s}:
             {.code ideal_points(x, respondent = name, estimate = c(dim1, dim2))}."
      ),
      "input",
      call
    )
  }
  values <- c(at$estimate, at$std.error)
  bad <- values[!vapply(as.list(x)[values], function(column) is.numeric(column) || all(is.na(column)), logical(1))]
  if (length(bad) > 0) {
    abort_vaeirt(
      "Column {.val {names(x)[[bad[[1]]]]}} holds no numbers: it is {describe(x[[bad[[1]]]])}.", "input", call
    )
  }
  if (length(at$std.error) > 0 && length(at$std.error) != length(at$estimate)) {
    abort_vaeirt(
      "{.arg std.error} must select as many columns as {.arg estimate}, {length(at$estimate)}, not {length(at$std.error)}.",
      "argument", call
    )
  }
}

# Names and metadata of the rows: what is not used otherwise is metadata.
points_metadata <- function(x, at, call) {
  used <- c(unlist(at), which(names(x) == "period"))
  add_metadata(name_respondents(x, at$respondent, call), as.data.frame(x)[setdiff(seq_along(x), used)])
}

wide_points <- function(x, at, level, call) {
  respondents <- points_metadata(x, at, call)
  check_unique(paste0(respondents$respondent, point_period(x[["period"]])), "ideal point", call)
  numbers <- function(columns) as.matrix(as.data.frame(x)[columns])
  std_error <- if (length(at$std.error) > 0) numbers(at$std.error) else NA_real_
  new_ideal_points(respondents, numbers(at$estimate), std_error, level, period = x[["period"]])
}

long_points <- function(x, at, level, call) {
  respondents <- points_metadata(x, at, call)
  table <- respondents["respondent"]
  table$dimension <- check_dimensions(x[["dimension"]], nrow(x), call)
  table$period <- x[["period"]]
  table$estimate <- as.double(x[[at$estimate]])
  table$std.error <- if (length(at$std.error) > 0) as.double(x[[at$std.error]]) else NA_real_
  limits <- posterior_limits(table$estimate, table$std.error, 0, level)
  # Intervals that the data bring along are those of the column `estimate`.
  brought <- names(x)[[at$estimate]] == "estimate"
  table$conf.low <- (if (brought) x[["conf.low"]]) %||% limits$low
  table$conf.high <- (if (brought) x[["conf.high"]]) %||% limits$high
  point <- paste0(table$respondent, point_period(table[["period"]]))
  several <- length(unique(table$dimension)) > 1
  check_unique(paste0(point, if (several) paste0(" (dimension ", table$dimension, ")")), "ideal point", call)
  add_metadata(table, respondents)[order(match(point, point), table$dimension), ]
}

point_period <- function(period) if (is.null(period)) "" else paste0(" (period ", period, ")")

check_dimensions <- function(dimension, n, call) {
  if (is.null(dimension)) {
    return(rep(1L, n))
  }
  if (!is.numeric(dimension) || anyNA(dimension) || any(dimension < 1 | dimension != trunc(dimension))) {
    abort_vaeirt("The column {.field dimension} must hold the whole numbers 1, 2, ...", "input", call)
  }
  as.integer(dimension)
}
