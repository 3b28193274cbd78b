#' Rotate the axes of a fit, or fix them by anchors
#'
#' The likelihood does not determine the axes of the latent space. [vae_irt()] reports principal axes; `rotate()` turns them.
#' Estimates, item parameters and standard errors turn together, probabilities do not change, and `predict()` uses
#' the new axes.
#'
#' @details
#' Varimax, promax and oblimin use the discriminations of all options of an item as deviations from their mean, so the
#' axes do not depend on the reference options. Varimax and oblimin use Kaiser's normalisation, which gives all options the
#' same weight, however large their discriminations; `normalize = FALSE` leaves it out.
#'
#' The standard errors take the rotation, or the map that anchors fix, as known. They are those of draws that are each
#' Procrustes-rotated to the estimates.
#'
#' @param fit A `vae_irt` object.
#' @param method `"varimax"` (by [stats::varimax()]), `"promax"`, `"oblimin"` (oblique, by package GPArotation) or `"target"`
#'   rotate the discriminations; `"procrustes"` rotates the respondents' positions to a target. Oblique axes are correlated:
#'   their traits keep unit variance.
#' @param target For `"procrustes"` a numeric matrix of positions with one row per row of the data (`NA` rows are left
#'   out) and one column per dimension; for `"target"` a matrix of discriminations with one row per item and option beside
#'   the reference, in the order of `$items`, in which `NA` leaves an element free. A matrix with row names is matched by
#'   them, to the names of respondents or to the row names of `coef(fit, "items")`; rows that it lacks are `NA`.
#' @param anchors Positions of named respondents: a numeric matrix or data frame with the respondents' names as row names
#'   and one column per dimension, or in one dimension a named vector. Give at least one respondent more than there are
#'   dimensions. The affine map that takes them to these positions (by least squares if there are more respondents) is
#'   applied to everybody, as `constrain.legis` of pscl does. Where standard errors carry the items' uncertainty (see
#'   [vae_control()]), those of others are then relative to the anchors (delta method), and anchors that are one more than there
#'   are dimensions have none. Use either `anchors` or `method`.
#' @param ... Passed to the function that rotates: `normalize` and `eps` of varimax, `m` of promax (name the method as well:
#'   `method = "promax", m = 4`), `normalize`, `gam`, `Tmat`, `eps` and `maxit` of oblimin, `Tmat`, `eps` and
#'   `maxit` of target rotations.
#' @return The fit on other axes.
#' @export
#' @examples
#' truth <- simulate_irt(200, 30, seed = 1)
#' fit <- vae_irt(truth$responses, seed = 1, control = vae_control(threads = 1))
#' rotate(fit, anchors = c("1" = -1, "2" = 1))
rotate <- function(fit, method = c("varimax", "promax", "oblimin", "target", "procrustes"), target = NULL, anchors = NULL, ...) {
  check_fit(fit)
  check_estimated(fit)
  if (!is.null(anchors)) {
    if (!missing(method)) abort_vaeirt("Give either {.arg method} or {.arg anchors}, not both.", "argument")
    check_no_dots(..., .call = rlang::current_env())
    found <- map_to_anchors(fit, anchors)
    return(remap(fit, found$map, "anchors", anchors = found$rows, positions = found$positions))
  }
  if (is.numeric(method)) {
    abort_vaeirt(
      c(
        "{.arg method} must be the name of a method, not {describe(method)}.",
        i = "With an argument {.arg m} name both: {.code rotate(fit, method = \"promax\", m = 4)}."
      ),
      "argument"
    )
  }
  method <- check_choice(method, c("varimax", "promax", "oblimin", "target", "procrustes"))
  if (fit$dims == 1 && method != "procrustes") {
    abort_vaeirt("A fit in one dimension has nothing to rotate.", "argument")
  }
  call <- rlang::current_env()
  check_rotation_settings(names(rlang::enquos(...)), method, call)
  gamma <- centred_discriminations(fit)
  # Traits are multiplied by the matrix, discriminations by its inverse transposed.
  matrix <- switch(method,
    varimax = t(stats::varimax(gamma, ...)$rotmat),
    promax = oblique(stats::promax(gamma, ...)$rotmat),
    oblimin = oblique(rotate_obliquely(gamma, ...)),
    target = t(rotate_to_target(fit, target, call, ...)),
    procrustes = t(procrustes(fit$parameters$respondents$mean, check_positions(target, fit, call))$rotation)
  )
  remap(fit, list(matrix = matrix, shift = rep(0, fit$dims)), method)
}

# What the functions that rotate can be told.
check_rotation_settings <- function(given, method, call) {
  known <- switch(method,
    varimax = c("normalize", "eps"),
    promax = "m",
    oblimin = c("normalize", "gam", "Tmat", "eps", "maxit"),
    target = c("Tmat", "eps", "maxit"),
    procrustes = character()
  )
  unknown <- setdiff(given, known)
  if (length(unknown) > 0) {
    abort_vaeirt(
      c(
        "Unknown argument{?s}: {.arg {shorten(unknown)}}.",
        i = if (length(known) > 0) "Method {.val {method}} knows {.arg {known}}."
      ),
      "argument",
      call
    )
  }
}

# From the matrix that the loadings are multiplied by to that of the traits, with unit variances.
oblique <- function(rotation) {
  matrix <- solve(rotation)
  matrix / sqrt(rowSums(matrix^2))
}

# Package GPArotation does not find the way where discriminations are large; their unit does not matter.
rotate_obliquely <- function(gamma, ..., normalize = TRUE) {
  rlang::check_installed("GPArotation", reason = "for this rotation")
  solve(t(GPArotation::oblimin(gamma / longest_row(gamma), ..., normalize = normalize)$Th))
}

rotate_to_target <- function(fit, target, call, ...) {
  rlang::check_installed("GPArotation", reason = "for this rotation")
  gamma <- discriminations(item_matrix(fit))
  target <- check_target(target, rownames(fit$parameters$items$values), fit, call)
  unit <- longest_row(gamma)
  GPArotation::targetT(gamma / unit, Target = target / unit, ...)$Th
}

longest_row <- function(x) sqrt(max(rowSums(x^2)))

# The map x -> scale * x rotation + shift that brings the rows of x closest to those of the target, where the rotation is
# orthogonal and the scale gives x the spread of the target (Schonemann 1966, https://doi.org/10.1007/BF02289451). The
# scale of least squares would also shrink x by how little the two agree.
procrustes <- function(x, target) {
  use <- stats::complete.cases(x, target)
  centre <- colMeans(x[use, , drop = FALSE])
  target_centre <- colMeans(target[use, , drop = FALSE])
  x <- sweep(x[use, , drop = FALSE], 2, centre)
  target <- sweep(target[use, , drop = FALSE], 2, target_centre)
  rotation <- closest_rotation(crossprod(x, target))
  scale <- sqrt(sum(target^2) / sum(x^2))
  list(rotation = rotation, scale = scale, shift = target_centre - scale * as.vector(centre %*% rotation))
}

# The orthogonal matrix with the greatest trace of its product with the transposed argument.
closest_rotation <- function(products) {
  parts <- svd(products)
  parts$u %*% t(parts$v)
}

apply_map <- function(x, map) sweep(map$scale * x %*% map$rotation, 2, map$shift, "+")

# `labels`: the names of the rows, by which a target that has some of them is matched; rows that it lacks are NA.
check_target <- function(target, labels, fit, call) {
  n <- length(labels)
  target <- if (is.data.frame(target)) as.matrix(target) else target
  if (is.numeric(target) && is.null(dim(target)) && fit$dims == 1) target <- as.matrix(target)
  target <- rows_by_label(target, labels)
  if (!is.matrix(target) || !is.numeric(target) || !identical(dim(target), c(n, fit$dims))) {
    abort_vaeirt(
      c(
        "{.arg target} must be a numeric matrix with {n} rows and {fit$dims} column{?s}.",
        x = if (is.matrix(target)) "It has {nrow(target)} rows and {ncol(target)} column{?s}." else "It is {describe(target)}."
      ),
      "argument",
      call
    )
  }
  if (all(is.na(target)) || any(is.infinite(target))) {
    abort_vaeirt(
      "{.arg target} must hold finite numbers; {.val {NA}} leaves elements free, but not all of them.", "argument", call
    )
  }
  target
}

# The rows of a matrix that have these names; all of them as they are, where none has.
rows_by_label <- function(x, labels) {
  if (!is.matrix(x) || is.null(rownames(x))) {
    return(x)
  }
  place <- match_names(labels, as_utf8(rownames(x)))
  if (all(is.na(place))) x else unname(x[place, , drop = FALSE])
}

# The positions that a fit is to be turned to, which have to tell all axes.
check_positions <- function(target, fit, call) {
  positions <- fit$parameters$respondents$mean
  target <- check_target(target, rownames(positions), fit, call)
  known <- target[stats::complete.cases(positions, target), , drop = FALSE]
  if (nrow(known) == 0 || qr(cbind(1, known))$rank <= fit$dims) {
    abort_vaeirt(
      c(
        "The positions of {.arg target} do not span the {fit$dims} dimension{?s}.",
        i = "They have to differ along every axis, in rows without {.val {NA}}."
      ),
      "argument",
      call
    )
  }
  target
}

# A matrix of anchors, enough for a map, with the names of respondents.
check_anchors <- function(anchors, fit, call) {
  if (is.atomic(anchors) || is.data.frame(anchors)) anchors <- as.matrix(anchors)
  good <- is.matrix(anchors) && is.numeric(anchors) && all(is.finite(anchors)) && !is.null(rownames(anchors))
  if (!good || ncol(anchors) != fit$dims) {
    abort_vaeirt(
      c(
        "{.arg anchors} must be finite numbers with the names of respondents, {fit$dims} for each.",
        i = "In one dimension {.code c(\"name\" = -1, \"other\" = 1)}, else a matrix with row names."
      ),
      "argument",
      call
    )
  }
  if (nrow(anchors) <= fit$dims) {
    abort_vaeirt("{.arg anchors} must be at least {fit$dims + 1} respondents in {fit$dims} dimension{?s}, not {nrow(anchors)}.",
      "argument", call
    )
  }
  storage.mode(anchors) <- "double"
  anchors
}

# The affine map that takes respondents to their anchors, with their rows and positions.
map_to_anchors <- function(fit, anchors, call = caller_env()) {
  anchors <- check_anchors(anchors, fit, call)
  names <- rownames(fit$parameters$respondents$mean)
  rows <- match_names(rownames(anchors), names)
  silent <- is.na(fit$parameters$respondents$mean[rows, 1])
  if (any(silent)) {
    unknown <- rownames(anchors)[is.na(rows)]
    abort_vaeirt(
      c(
        "{.arg anchors} names {sum(silent)} respondent{?s} without an estimate: {.val {rownames(anchors)[silent]}}.",
        i = if (length(unknown) > 0) {
          "The names most similar to {.val {unknown[[1]]}} are {.val {most_similar(unknown[[1]], names)}}."
        }
      ),
      "argument",
      call
    )
  }
  check_unique(rownames(anchors), "anchor", call)
  now <- cbind(1, fit$parameters$respondents$mean[rows, , drop = FALSE])
  if (qr(now)$rank <= fit$dims) {
    abort_vaeirt(
      "The estimates of the {.arg anchors} do not span the {fit$dims} dimension{?s}; choose others.", "argument", call
    )
  }
  if (qr(cbind(1, anchors))$rank <= fit$dims) {
    abort_vaeirt(
      "The positions of the {.arg anchors} do not span the {fit$dims} dimension{?s}; choose others.", "argument", call
    )
  }
  map <- t(qr.solve(now, anchors))
  matrix <- map[, -1, drop = FALSE]
  list(map = list(matrix = matrix, shift = -as.vector(solve(matrix, map[, 1]))), rows = rows, positions = unname(anchors))
}

# The fit after an affine map of its traits, alpha -> matrix (alpha - shift), that was chosen or that anchors set.
remap <- function(fit, map, rotation, anchors = numeric(), positions = matrix(0, 0, fit$dims)) {
  answer <- unwrap_rust(rust_remap(
    fit$model, map$matrix, map$shift, list(rows = as.double(anchors), positions = positions),
    fit$parameters$respondents$mean, rust_responses(fit$responses), settings_of(fit)
  ))
  fit$parameters <- parameters_of(answer, rownames(fit$parameters$respondents$mean), fit$parameters$items)
  fit$model <- answer$model
  fit$std_errors <- answer$items$std_errors
  fit$rotated <- TRUE
  fit$rotation <- rotation
  with_tables(fit)
}
