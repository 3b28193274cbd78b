#' Cutpoints and cutting lines of the items
#'
#' Where the items divide the respondents. In one dimension this is the cutpoint, the ideal point at which two options are
#' equally probable. In two dimensions it is the cutting line, the line on which they are.
#'
#' @details
#' Option c of an item is more probable than its reference option where `alpha . gamma - beta` is positive (`alpha`
#' are the ideal points, `gamma` the discriminations and `beta` the difficulty of the option). In one dimension the two are
#' equally probable at `beta / gamma`. In two dimensions they are on a line with the unit normal vector `gamma / |gamma|`,
#' which points to the side of option c. Its point closest to the origin, the foot of the normal, is
#' `beta gamma / |gamma|^2`.
#'
#' In the words of NOMINATE (Poole and Rosenthal 1997) a roll call has two outcomes. The `midpoint` between them lies on the
#' cutting line, and the `spread`, half of the way from one to the other, is at right angles to it. The votes do not tell
#' where on the line the midpoint is; here it is the foot of the normal. The length of the discriminations shows how far
#' apart the outcomes are. The angle is measured as in the histogram of cutting-line angles of package wnominate,
#' counter-clockwise from the first axis to the line. At 90 degrees the line is vertical: only the first dimension divides
#' the respondents. At 0 it is horizontal: only the second does. The angle depends on the axes and their scales: see
#' [rotate()].
#'
#' An item with more than two options has one row for every option but the reference, and the two are compared with each
#' other alone: where they are equally probable, a third option may be more probable than both. For a graded item, whose options
#' are in order, the cutpoint of an option is its threshold: on the side of `direction` the option or a higher one is more
#' probable than not.
#'
#' @section Uncertainty:
#' A cutpoint is a ratio, and ratios have heavy tails: if the discrimination may be 0, the cutpoint may be anywhere. The
#' interval is therefore Fieller's (1954). It holds all cutpoints k for which `beta - k gamma` does not differ from 0, given
#' the joint covariance of the two. It is not symmetric. If the discrimination does not differ from 0, it runs from `-Inf` to
#' `Inf`, and the standard error (delta method, with the same covariance) is `NA`.
#'
#' In 20 simulations of 200 respondents and 40 items, 96 % of these 95 % intervals cover the true cutpoint, and 94 % of the
#' bounded ones do. Intervals of 1.96 standard errors cover 92 % where the former are bounded, and only 89 % with 60
#' respondents and 80 items, because they end too close to the middle. If an item nearly separates the respondents, its
#' interval is too wide: on the 109th Senate 1.6 times as wide at the median as that of MCMC. The uncertainty of location and
#' scale is the same as in `$items`, see [vae_control()].
#'
#' @param fit A `vae_irt` object.
#' @param dimensions For a fit with two or more dimensions, the two that span the plane of the cutting lines; `NULL`: the
#'   first two. The lines of a fit with more dimensions are for respondents who are at 0 in the others.
#' @return A tibble with one row per item and option other than the reference. The first and last columns are
#'   * `item`, `response` (the option) and `reference` (the label of the reference option; of graded items the
#'     lowest), and at the end the metadata
#'     columns of the items;
#'   * `discrimination`: in one dimension that of the option, in the plane the length of its two discriminations;
#'   * `n_response`, `n_reference`: how many respondents chose the option and the reference, by their weights;
#'   * `classification`, `pre`, `gmp`: the fit of the item, see [response_fit()].
#'
#'   In one dimension, in units of the ideal points in `$estimates` (with `mean` and `sd` of `fit$parameters$traits`,
#'   0 and 1 until [rotate()] takes them to anchors, `(cutpoint - mean) / sd` is on the normalised scale of [tidy.vae_irt()]):
#'   * `cutpoint`, `std.error`, `conf.low`, `conf.high`: at the level of [vae_control()], see the section on uncertainty;
#'     `NA` in a fit without standard errors;
#'   * `direction`: `"above"` or `"below"`, the side of the cutpoint on which the option is the more probable one.
#'
#'   In the plane, with `_1` and `_2` for the two `dimensions` in their order:
#'   * `midpoint_1`, `midpoint_2`: the point of the cutting line that is closest to the origin;
#'   * `normal_1`, `normal_2`: the normal vector of length 1, which points to the side of the option;
#'   * `angle`: of the line with the first axis, in degrees, at least 0 and below 180.
#' @references
#' Fieller, E. C. (1954) Some problems in interval estimation. *Journal of the Royal Statistical Society B* 16, 175-185.
#' \doi{10.1111/j.2517-6161.1954.tb00159.x}
#'
#' Poole, K. T. and Rosenthal, H. (1997) *Congress: A Political-Economic History of Roll Call Voting*. Oxford University
#' Press.
#' @seealso [response_fit()] for the fit of respondents and parties.
#' @export
#' @examples
#' truth <- simulate_irt(200, 30, seed = 1)
#' fit <- vae_irt(truth$responses, seed = 1, control = vae_control(threads = 1))
#' cutpoints(fit)
#'
#' truth <- simulate_irt(200, 30, dims = 2, seed = 1)
#' fit <- vae_irt(truth$responses, dims = 2, seed = 1, control = vae_control(threads = 1))
#' cutpoints(fit)
cutpoints <- function(fit, dimensions = NULL) {
  check_fit(fit)
  check_estimated(fit)
  dimensions <- check_plane(dimensions, fit$dims)
  n_options <- option_counts(fit)
  owner <- owners(fit)
  labels <- unlist(fit$parameters$items$options)
  chosen <- as_counts(option_totals(fit))
  is_reference <- sequence(n_options) == 1
  items <- response_fit(fit, "items")[owner, ]
  options <- tibble::tibble(
    response = labels[!is_reference],
    reference = labels[is_reference][owner],
    !!!if (fit$dims == 1) one_dimensional_cuts(fit) else cutting_lines(fit, dimensions),
    n_response = chosen[!is_reference],
    n_reference = chosen[is_reference][owner],
    !!!items[c("classification", "pre", "gmp")]
  )
  unused <- c("n_responses", "options", "pooled", names(options))
  known <- in_own_order(fit$responses, rlang::current_env())$items
  metadata <- known[owner, setdiff(names(known), c("item", unused))]
  tibble::tibble(item = items$item, !!!options, !!!metadata)
}

# The two dimensions of the plane, or the only one.
check_plane <- function(dimensions, dims, call = caller_env()) {
  size <- min(dims, 2L)
  if (is.null(dimensions)) {
    return(seq_len(size))
  }
  if (!is.numeric(dimensions) || length(dimensions) != size || !all(dimensions %in% seq_len(dims)) ||
        anyDuplicated(dimensions)) {
    abort_vaeirt(
      c(
        "{.arg dimensions} must be {if (size == 1) '1, the only dimension of the fit' else 'two different dimensions'}.",
        x = "It is {.val {dimensions}}.",
        i = if (size > 1) "The fit has {dims} dimensions."
      ),
      "argument",
      call
    )
  }
  as.integer(dimensions)
}

one_dimensional_cuts <- function(fit) {
  parameters <- item_matrix(fit)
  discrimination <- discriminations(parameters)[, 1]
  difficulty <- difficulties(parameters)
  covariance <- fit$parameters$items$covariance
  known <- list(discrimination = covariance[, 1], both = covariance[, 2], difficulty = covariance[, 3])
  limits <- ratio_limits(difficulty, discrimination, lapply(known, missing_if_nan), fit$control$level)
  list(
    cutpoint = difficulty / discrimination,
    std.error = limits$sd,
    conf.low = limits$low,
    conf.high = limits$high,
    direction = ifelse(discrimination > 0, "above", "below"),
    discrimination = discrimination
  )
}

cutting_lines <- function(fit, dimensions) {
  parameters <- item_matrix(fit)
  gamma <- discriminations(parameters)[, dimensions, drop = FALSE]
  size <- sqrt(rowSums(gamma^2))
  normal <- gamma / size
  foot <- normal * (difficulties(parameters) / size)
  # The line runs along the normal turned by a right angle; both of its directions are the same line.
  angle <- (atan2(normal[, 2], normal[, 1]) * 180 / pi + 90) %% 180
  list(
    midpoint_1 = foot[, 1], midpoint_2 = foot[, 2], normal_1 = normal[, 1], normal_2 = normal[, 2], angle = angle,
    discrimination = size
  )
}

# Limits of difficulty / discrimination (Fieller 1954): the ratios k with (difficulty - k discrimination)^2 <= q^2 V(k),
# where V is the variance of the left; and its standard deviation by the delta method. Where the discrimination may be 0,
# the set is not bounded.
ratio_limits <- function(difficulty, discrimination, covariance, level) {
  q <- stats::qnorm((1 + level) / 2)
  ratio <- difficulty / discrimination
  variance <- covariance$difficulty - 2 * ratio * covariance$both + ratio^2 * covariance$discrimination
  # They are between the roots of square k^2 - 2 linear k + constant.
  square <- discrimination^2 - q^2 * covariance$discrimination
  linear <- discrimination * difficulty - q^2 * covariance$both
  constant <- difficulty^2 - q^2 * covariance$difficulty
  root <- sqrt(pmax(linear^2 - square * constant, 0))
  bounded <- square > 0
  list(
    low = ifelse(bounded, (linear - root) / square, -Inf),
    high = ifelse(bounded, (linear + root) / square, Inf),
    sd = ifelse(bounded, sqrt(pmax(variance, 0)) / abs(discrimination), NA_real_)
  )
}
