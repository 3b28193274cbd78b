#' Compare ideal points of several fits
#'
#' Matches the respondents of two or more fits by name, takes all fits to the axes and the scale of one of them, and reports
#' how well they agree.
#'
#' @details
#' The reference is moved and scaled to mean 0 and standard deviation 1, so differences are in standard deviations of
#' the reference. In several dimensions they share one scale, which keeps distances (the mean of their variances is 1). Every
#' other fit goes through the map that brings it closest to the reference on the respondents that both have.
#' In one dimension the map takes it to the reference's mean and standard deviation, with the sign of their correlation. In
#' several dimensions it is a Procrustes analysis (Schonemann 1966, \doi{10.1007/BF02289451}): a shift, one scale, and a
#' rotation or reflection. The scale makes the spreads equal. (A scale by least squares would shrink fits that agree less.)
#' If a fit has more dimensions than another, only its first ones are compared.
#'
#' Standard errors and intervals go through the same map; where it rotates, dimensions count as independent. For draws
#' and `vae_irt` objects they are the errors of respondents relative to each other (see [ideal_points()]), without the
#' uncertainty of the fit's own axes.
#'
#' In a polarised chamber the correlations over all respondents are high whatever the fits do within parties, so look at
#' `group`. The one-dimensional estimates of `oc()` are ranks, so look at their rank correlations.
#'
#' @param ... Two or more objects that [ideal_points()] reads. Their argument names are used in the results; without one, a
#'   variable is called by its own name and anything else by its class.
#' @param reference Name or number of the fit to which the others are aligned.
#' @param group <[`tidy-select`][tidyselect::language]> A metadata column, such as `party`: agreement is also reported within
#'   each of its groups. Its values come from the reference, or from the first other fit that has one for the respondent.
#' @param conf.level Level of the intervals of the aligned points.
#' @return A tibble of class `ideal_point_comparison` with one row per pair of fits, dimension and group: `x` and `y` (names
#'   of the fits), `dimension`, `group` (`"all"`, and each value of the column chosen with `group`), `n` (respondents, or
#'   respondents and periods, with an estimate in both), `pearson` and `spearman` (correlation and rank correlation; `NA` for
#'   fewer than 3), and `rmsd` (root mean squared difference of the aligned points, in standard deviations of the reference).
#'
#'   [ideal_points()] gives its aligned points: `fit`, `respondent`, the group's column, `dimension`, `period` (dynamic
#'   models only), `estimate`, `std.error`, `conf.low`, `conf.high`, all on the scale of the reference, and `difference`, the
#'   estimate less that of the reference (`NA` for respondents whom the reference lacks). [summary()] lists who differs most.
#' @seealso [autoplot.ideal_point_comparison()]
#' @export
#' @examples
#' truth <- simulate_irt(50, 30, seed = 1)
#' fit <- vae_irt(truth$responses, seed = 1, control = vae_control(threads = 1))
#' compared <- compare_ideal_points(vaeirt = fit, truth = truth$respondents)
#' compared
#' summary(compared)
#' ideal_points(compared)
compare_ideal_points <- function(..., reference = 1, group = NULL, conf.level = 0.95) {
  call <- rlang::current_env()
  level <- check_share(conf.level)
  fits <- name_fits(list(...), as.list(substitute(list(...)))[-1], call)
  reference <- check_reference(reference, names(fits), call)
  points <- Map(read_fit, fits, names(fits), MoreArgs = list(level = level, call = call))
  dims <- common_dims(points, call)
  positions <- lapply(points, points_by_respondent, dims = dims)
  column <- select_group(positions, rlang::enquo(group), call)
  groups <- if (!is.null(column)) groups_of(positions[c(reference, setdiff(seq_along(fits), reference))], column)
  positions <- align_fits(positions, reference, dims, call)
  aligned <- do.call(rbind, lapply(names(positions), function(name) {
    gather_points(positions[[name]], name, positions[[reference]], column, groups)
  }))
  pairs <- utils::combn(names(fits), 2, simplify = FALSE)
  rows <- lapply(pairs, function(pair) {
    do.call(rbind, lapply(seq_len(dims), function(d) agreement(pair_points(aligned, pair, d, column), pair, d)))
  })
  tibble::new_tibble(
    do.call(rbind, rows),
    points = aligned, reference = names(fits)[[reference]], group = column, class = "ideal_point_comparison"
  )
}

number_columns <- c("estimate", "std.error", "conf.low", "conf.high")

name_fits <- function(fits, expressions, call) {
  if (length(fits) < 2) {
    abort_vaeirt(
      "{.fn compare_ideal_points} needs two fits or more, not {length(fits)}.", "argument", call
    )
  }
  given <- rlang::names2(fits)
  variables <- vapply(expressions, function(x) if (is.symbol(x)) as.character(x) else "", character(1))
  classes <- vapply(fits, function(x) class(x)[[1]], character(1))
  names <- ifelse(nzchar(given), given, ifelse(nzchar(variables), variables, classes))
  twice <- unique(given[nzchar(given) & duplicated(given)])
  if (length(twice) > 0) {
    abort_vaeirt("Every fit needs a name of its own, and {.val {twice}} occur{?s/} more than once.", "argument", call)
  }
  stats::setNames(fits, make.unique(names, sep = " "))
}

check_reference <- function(reference, names, call) {
  at <- if (rlang::is_string(reference)) match(reference, names) else match(reference, seq_along(names))
  if (length(at) != 1 || is.na(at)) {
    abort_vaeirt(
      "{.arg reference} must be a number from 1 to {length(names)} or one of {.val {names}}, not {describe(reference)}.",
      "argument", call
    )
  }
  at
}

read_fit <- function(fit, name, level, call) {
  points <- tryCatch(
    if (inherits(fit, "vae_irt")) relative_points(fit, level) else ideal_points(fit, conf.level = level),
    vaeirt_error = function(cnd) {
      abort_vaeirt("The ideal points of {.val {name}} cannot be read.", "input", call, parent = cnd)
    }
  )
  endless <- which(is.infinite(points$estimate))
  if (length(endless) > 0) {
    abort_vaeirt(
      "The ideal points of {.val {name}} are not finite: {.val {points$respondent[[endless[[1]]]]}} has
       {points$estimate[[endless[[1]]]]}.",
      "input",
      call
    )
  }
  if (all(is.na(points$estimate))) {
    abort_vaeirt("The ideal points of {.val {name}} are all missing.", "input", call)
  }
  points
}

# With the standard errors of the normalised scale, and the dimensions as far apart as the model has them. The axes will be
# those of the reference, so it does not count how well the fit's own are known.
relative_points <- function(fit, level) {
  check_estimated(fit)
  if (fit$dims > 1 && !fit$rotated) fit <- remap(fit, list(matrix = diag(fit$dims), shift = rep(0, fit$dims)), "none")
  points <- ideal_points(fit, scale = "normalised", conf.level = level)
  points[number_columns] <- lapply(points[number_columns], `*`, fit$parameters$traits$sd[points$dimension])
  points
}

# The number of dimensions that all fits have.
common_dims <- function(points, call) {
  dynamic <- vapply(points, function(x) "period" %in% names(x), logical(1))
  if (any(dynamic) && !all(dynamic)) {
    abort_vaeirt(
      c(
        "{.val {names(points)[dynamic]}} {?has/have} ideal points by period, {.val {names(points)[!dynamic]}} not.",
        i = "Choose one period, and leave the column out: {.code subset(ideal_points(x), period == 1, select = -period)}."
      ),
      "argument",
      call
    )
  }
  n <- vapply(points, function(x) length(unique(x$dimension)), integer(1))
  if (min(n) < max(n)) {
    first <- if (min(n) == 1) "first dimension" else paste("first", min(n), "dimensions")
    cli::cli_inform(c(i = "Compared on the {first}, which all fits have."))
  }
  min(n)
}

# Ideal points with one row per respondent (and period): `key`, the metadata and a matrix for each column of numbers.
points_by_respondent <- function(points, dims) {
  place <- match(points$dimension, sort(unique(points$dimension)))
  points <- points[place <= dims, ]
  place <- place[place <= dims]
  key <- paste0(points$respondent, point_period(points[["period"]]))
  row <- match(key, unique(key))
  first <- !duplicated(key)
  numbers <- lapply(rlang::set_names(number_columns), function(column) {
    values <- matrix(NA_real_, max(row), dims)
    values[cbind(row, place)] <- points[[column]]
    values
  })
  c(list(key = key[first], about = points[first, setdiff(names(points), c(number_columns, "dimension"))]), numbers)
}

# The name of the metadata column chosen among those of all fits.
select_group <- function(positions, selection, call) {
  known <- unique(unlist(lapply(positions, function(x) setdiff(names(x$about), c("respondent", "period")))))
  prototype <- rlang::set_names(rep(list(character()), length(known)), known)
  column <- select_columns(tibble::as_tibble(prototype), selection, "group", call)
  if (length(column) > 1) {
    abort_vaeirt("{.arg group} must select one column, not {length(column)}.", "argument", call)
  }
  if (length(column) > 0) known[[column]]
}

# The group of every respondent, from the first fit that knows it.
groups_of <- function(positions, column) {
  known <- lapply(positions, function(x) {
    group <- as.character(x$about[[column]] %||% rep(NA, length(x$key)))
    stats::setNames(group, x$key)[!is.na(group)]
  })
  known <- do.call(c, unname(known))
  known[!duplicated(names(known))]
}

# All fits on the axes of the reference, on which it has mean 0 and standard deviation 1.
align_fits <- function(positions, reference, dims, call) {
  name <- names(positions)[[reference]]
  check_variation(positions[[reference]]$estimate, name, call)
  positions[[reference]] <- normalise_points(positions[[reference]], dims)
  target <- positions[[reference]]
  for (other in setdiff(names(positions), name)) {
    own <- positions[[other]]
    at <- check_shared(own, target, other, name, dims, call)
    check_variation(own$estimate[!is.na(at), , drop = FALSE], other, call)
    positions[[other]] <- map_points(own, procrustes(own$estimate, target$estimate[at, , drop = FALSE]))
  }
  positions
}

normalise_points <- function(points, dims) {
  known <- stats::na.omit(points$estimate)
  scale <- 1 / sqrt(mean(apply(known, 2, stats::var)))
  map_points(points, list(rotation = diag(dims), scale = scale, shift = -scale * colMeans(known)))
}

# Dimensions count as independent; what reaches down becomes what reaches up where an axis turns.
map_points <- function(points, map) {
  up <- (map$scale * pmax(map$rotation, 0))^2
  down <- (map$scale * pmin(map$rotation, 0))^2
  above <- points$conf.high - points$estimate
  below <- points$estimate - points$conf.low
  points$estimate <- apply_map(points$estimate, map)
  points$std.error <- sqrt(points$std.error^2 %*% (up + down))
  points$conf.low <- points$estimate - sqrt(below^2 %*% up + above^2 %*% down)
  points$conf.high <- points$estimate + sqrt(above^2 %*% up + below^2 %*% down)
  points
}

check_variation <- function(estimate, name, call) {
  if (!isTRUE(sum(apply(stats::na.omit(estimate), 2, stats::var)) > 0)) {
    abort_vaeirt("The ideal points of {.val {name}} are all the same, or all missing.", "input", call)
  }
}

# The rows of the reference that the rows of a fit correspond to.
check_shared <- function(own, target, name, reference, dims, call) {
  own_names <- own$key[stats::complete.cases(own$estimate)]
  target_names <- target$key[stats::complete.cases(target$estimate)]
  n <- length(intersect(own_names, target_names))
  if (n < 3 + dims) {
    abort_vaeirt(
      c(
        "{.val {name}} and the reference {.val {reference}} share {n} respondent{?s}; {dims} dimension{?s}
         need{?s/} {3 + dims}.",
        x = "Names of {.val {name}} are {.val {utils::head(own_names, 3)}}, ...;
             of {.val {reference}} {.val {utils::head(target_names, 3)}}, ...",
        i = "Respondents are matched by name, letter by letter."
      ),
      "names",
      call
    )
  }
  without <- c(length(own_names), length(target_names)) - n
  if (any(without > 0)) {
    cli::cli_inform(c(
      i = "Not in both: {without[[1]]} of {length(own_names)} respondents of {.val {name}},
           {without[[2]]} of {length(target_names)} of {.val {reference}}."
    ))
  }
  at <- match(own$key, target$key)
  at[!own$key %in% intersect(own_names, target_names)] <- NA
  at
}

# The tidy table of the aligned points of a fit.
gather_points <- function(points, name, reference, column, groups) {
  dims <- ncol(points$estimate)
  row <- rep(seq_along(points$key), each = dims)
  by_row <- function(x) as.vector(t(x))
  table <- tibble::tibble(fit = name, respondent = points$about$respondent[row])
  if (!is.null(column)) table[[column]] <- unname(groups[points$key])[row]
  table$dimension <- rep(seq_len(dims), length(points$key))
  table$period <- points$about[["period"]][row]
  table[number_columns] <- lapply(points[number_columns], by_row)
  table$difference <- by_row(points$estimate - reference$estimate[match(points$key, reference$key), , drop = FALSE])
  table
}

# Estimates of one dimension of two fits side by side: `respondent`, `period`, `group`, `x` and `y`.
pair_points <- function(points, pair, dimension, column) {
  own <- lapply(pair, function(name) {
    points[points$fit == name & points$dimension == dimension & !is.na(points$estimate), ]
  })
  keys <- lapply(own, function(x) paste0(x$respondent, point_period(x[["period"]])))
  at <- match(keys[[1]], keys[[2]])
  table <- own[[1]][!is.na(at), intersect(c("respondent", "period"), names(points))]
  table$group <- if (is.null(column)) "all" else own[[1]][[column]][!is.na(at)]
  table$x <- own[[1]]$estimate[!is.na(at)]
  table$y <- own[[2]]$estimate[at[!is.na(at)]]
  table
}

# How well two fits agree, over all and by group.
agreement <- function(pairs, names, dimension) {
  groups <- c("all", setdiff(sort(unique(pairs$group)), "all"))
  rows <- lapply(groups, function(group) {
    own <- if (group == "all") pairs else pairs[pairs$group %in% group, ]
    tibble::tibble(
      x = names[[1]], y = names[[2]], dimension = dimension, group = group, n = nrow(own),
      pearson = correlation(own, "pearson"), spearman = correlation(own, "spearman"),
      rmsd = if (nrow(own) > 0) sqrt(mean((own$x - own$y)^2)) else NA_real_
    )
  })
  do.call(rbind, rows)
}

correlation <- function(pairs, method) {
  if (nrow(pairs) < 3 || stats::sd(pairs$x) == 0 || stats::sd(pairs$y) == 0) {
    return(NA_real_)
  }
  stats::cor(pairs$x, pairs$y, method = method)
}

#' Who differs most between fits
#'
#' @param object A comparison of [compare_ideal_points()].
#' @param n Number of respondents per pair of fits and dimension.
#' @param ... Must be empty.
#' @return A tibble with the respondents whose aligned estimates differ most, the largest difference first: `x` and `y`
#'   (names of the fits), `dimension`, `respondent`, `period` (dynamic models only), the group's column, `estimate_x`,
#'   `estimate_y`, `difference` (`estimate_y - estimate_x`, in standard deviations of the reference), and `rank_x` and
#'   `rank_y`, the places of the respondent in rising order among those of both fits.
#' @export
#' @examples
#' published <- c(ann = -1.1, bob = -0.4, cat = 0.1, dan = 0.6, eve = 1.4)
#' ours <- c(ann = -1.0, bob = 0.3, cat = 0.0, dan = 0.5, eve = 1.2)
#' summary(compare_ideal_points(published, ours), n = 2)
summary.ideal_point_comparison <- function(object, n = 5, ...) {
  n <- check_count(n)
  check_no_dots(..., .call = rlang::current_env())
  column <- attr(object, "group")
  cells <- unique(as.data.frame(object)[c("x", "y", "dimension")])
  rows <- lapply(seq_len(nrow(cells)), function(k) {
    pairs <- pair_points(attr(object, "points"), c(cells$x[[k]], cells$y[[k]]), cells$dimension[[k]], column)
    table <- tibble::tibble(cells[k, ], respondent = pairs$respondent)
    table$period <- pairs[["period"]]
    if (!is.null(column)) table[[column]] <- pairs$group
    table$estimate_x <- pairs$x
    table$estimate_y <- pairs$y
    table$difference <- pairs$y - pairs$x
    table$rank_x <- rank(pairs$x)
    table$rank_y <- rank(pairs$y)
    utils::head(table[order(-abs(table$difference)), ], n)
  })
  do.call(rbind, rows)
}

#' @export
print.ideal_point_comparison <- function(x, ...) {
  whole <- all(c("x", "y", "dimension", "group", "n", "pearson", "spearman", "rmsd") %in% names(x))
  if (!whole || !any(x$group == "all")) {
    return(NextMethod())
  }
  points <- attr(x, "points")
  reference <- attr(x, "reference")
  cli::cat_line("Ideal points of ", length(unique(points$fit)), " fits, aligned to ", reference, " (mean 0, SD 1)")
  for (d in unique(x$dimension)) {
    cli::cat_line()
    if (max(points$dimension) > 1) cli::cat_line("Dimension ", d)
    print(agreement_table(x[x$dimension == d, ]), right = FALSE, row.names = FALSE)
  }
  cli::cat_line("\nLargest differences from ", reference)
  cli::cat_line("  ", largest_differences(x, 3))
  invisible(x)
}

# One row per pair of fits, with the correlations within groups in columns of their own.
agreement_table <- function(x) {
  all <- x[x$group == "all", ]
  shown <- function(r) format_correlation(r, c(x$pearson, x$spearman))
  table <- data.frame(
    x = all$x, y = all$y, n = format_count(all$n), Pearson = shown(all$pearson), Spearman = shown(all$spearman),
    RMSD = formatC(all$rmsd, digits = 3, format = "f")
  )
  for (group in setdiff(unique(x$group[!is.na(x$pearson)]), "all")) {
    own <- x[x$group == group, ]
    table[[paste("r within", group)]] <- shown(own$pearson[match(paste(all$x, all$y), paste(own$x, own$y))])
  }
  names(table)[1:2] <- c("", " ")
  table
}

# Three digits, or four where three would make one of correlations that are not.
format_correlation <- function(r, shown = r) {
  close <- any(abs(shown) >= 0.9995 & abs(shown) < 1 - 1e-8, na.rm = TRUE)
  ifelse(is.na(r), "", formatC(r, digits = if (close) 4 else 3, format = "f"))
}

# Sentences about the pairs with the reference.
largest_differences <- function(x, n) {
  found <- summary(x, n = n)
  reference <- attr(x, "reference")
  found <- found[found$x == reference | found$y == reference, ]
  difference <- round(ifelse(found$y == reference, -1, 1) * found$difference, 2)
  difference[difference == 0] <- 0
  other <- ifelse(found$y == reference, found$x, found$y)
  key <- paste0(other, if (max(x$dimension) > 1) paste0(", dimension ", found$dimension), ":")
  change <- formatC(difference, digits = 2, format = "f", flag = "+")
  who <- paste0(found$respondent, point_period(found[["period"]]), " ", change)
  lines <- vapply(split(who, factor(key, unique(key))), paste, character(1), collapse = ", ")
  paste(format(names(lines)), lines)
}
