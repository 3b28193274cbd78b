# ideal_points() for fits that are draws of a Markov chain.

#' @rdname ideal_points
#' @export
ideal_points.ideal <- function(x, ..., align_draws = TRUE, conf.level = 0.95) {
  check_no_dots(..., .call = rlang::current_env())
  check_flag(align_draws)
  level <- check_share(conf.level)
  if (length(dim(x$x)) != 3) {
    abort_vaeirt("The {.cls ideal} object has no array {.code $x} of draws.", "input")
  }
  points_of_draws(x$x, tibble::tibble(respondent = dimension_names(x$x, 2)), x$xbar, align_draws, level)
}

#' @rdname ideal_points
#' @export
ideal_points.mcmc <- function(x, ..., align_draws = TRUE, conf.level = 0.95) {
  check_no_dots(..., .call = rlang::current_env())
  check_flag(align_draws)
  level <- check_share(conf.level)
  columns <- which(startsWith(colnames(x) %||% character(), "theta."))
  if (length(columns) == 0) {
    abort_vaeirt(
      c(
        "The {.cls mcmc} object has no ideal points: none of its columns is named {.field theta.NAME}.",
        i = "MCMCpack keeps them with {.code store.ability = TRUE}."
      ),
      "input"
    )
  }
  meaning <- read_theta(sub("^theta\\.", "", colnames(x)[columns]), attr(x, "title"))
  rows <- unique(meaning[c("respondent", "period")])
  dims <- max(meaning$dimension)
  place <- order(meaning$dimension, match(paste(meaning$respondent, meaning$period), paste(rows$respondent, rows$period)))
  draws <- array(unclass(x)[, columns[place]], c(nrow(x), nrow(rows), dims))
  period <- if (!anyNA(rows$period)) rows$period
  points_of_draws(draws, rows["respondent"], colMeans(draws), align_draws, level, period)
}

# What the names of MCMCpack's columns mean: NAME in one dimension, NAME.D in several (and always from MCMCirtKd()), NAME.tT
# in dynamic models. The number at the end of a name is a dimension when all names have one and every respondent has all of
# them.
read_theta <- function(names, title) {
  meaning <- tibble::tibble(respondent = names, dimension = 1L, period = NA_integer_)
  if (any(grepl("irt(Hier)?1d", title))) {
    return(meaning)
  }
  if (all(grepl("\\.t[0-9]+$", names))) {
    meaning$period <- as.integer(sub(".*\\.t", "", names))
    meaning$respondent <- sub("\\.t[0-9]+$", "", names)
    return(meaning)
  }
  stem <- sub("\\.[0-9]+$", "", names)
  number <- suppressWarnings(as.integer(sub(".*\\.", "", names)))
  if (all(grepl("\\.[0-9]+$", names)) && all(table(stem, number) == 1) && setequal(number, seq_len(max(number)))) {
    meaning$dimension <- number
    meaning$respondent <- stem
  }
  meaning
}

# `draws` is an array of draws x rows x dimensions, `reported` the posterior means of the object.
points_of_draws <- function(draws, respondents, reported, align, level, period = NULL) {
  if (align && dim(draws)[[2]] > dim(draws)[[3]]) {
    draws <- align_draws(draws, reported)
    reported <- colMeans(draws)
  }
  tails <- c((1 - level) / 2, (1 + level) / 2)
  limits <- apply(draws, c(2, 3), stats::quantile, tails, names = FALSE)
  along <- function(values) matrix(values, dim(draws)[[2]])
  new_ideal_points(
    respondents, along(reported), along(apply(draws, c(2, 3), stats::sd)), level,
    limits = list(low = along(limits[1, , ]), high = along(limits[2, , ])), period = period
  )
}

# Each draw is centred and scaled, and rotated to the mean of the others, three times over; then all of them are taken
# together to the reported means. The rounds start from the last draw: the mean of draws that turned is no place to start.
align_draws <- function(draws, reported) {
  n <- dim(draws)[[2]]
  draws <- sweep(draws, c(1, 3), apply(draws, c(1, 3), mean))
  draws <- draws / sqrt(rowSums(draws^2))
  target <- draws[nrow(draws), , ]
  for (round in 1:3) {
    draws <- turn_draws(draws, matrix(target, n))
    target <- colMeans(draws)
  }
  map <- procrustes(matrix(target, n), matrix(reported, n))
  array(apply_map(matrix(draws, ncol = dim(draws)[[3]]), map), dim(draws))
}

turn_draws <- function(draws, target) {
  for (k in seq_len(nrow(draws))) {
    draw <- matrix(draws[k, , ], nrow(target))
    draws[k, , ] <- draw %*% closest_rotation(crossprod(draw, target))
  }
  draws
}
