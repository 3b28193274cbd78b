#' Figures of a fit
#'
#' Draws a fit in one of several ways, as a ggplot object that can be changed and saved as usual.
#'
#' @details
#' * `"ideal_points"`: the ideal points of one dimension, sorted, with their intervals (beyond 5,000 respondents, that many
#'   of them, evenly spaced in the order).
#' * `"density"`: how the ideal points of one dimension are distributed: the average of the posterior distributions given
#'   the items (normal ones; those of up to 10,000 respondents, evenly spaced over the data). With `colour` one area for
#'   each group, as large as its share of the respondents.
#' * `"map"`: the ideal points in two dimensions, with the cutting lines of some items. The arrow of a line points to
#'   where the option is the more probable one. See [cutpoints()].
#' * `"items"`: discrimination by difficulty of all items, in one panel per dimension; those with the largest ones are named.
#' * `"response_curves"`: the probabilities of the options of some items along one dimension, with the data: the shares among
#'   respondents of neighbouring ideal points (points, with Wilson's 95 % intervals). In one dimension the curve is the
#'   model's; in more it joins the averages of the model's probabilities over the same respondents, whose other dimensions
#'   differ.
#' * `"training"`: the bound and the learning rate by epoch.
#' * `"pareto_k"`: the diagnostic of the posteriors by the number of responses, with the threshold above which they are not
#'   reliable; for fits with importance sampling, which is in three and more dimensions.
#' * `"dimensions"`: how much of the variance of the linear predictors each axis explains. [cv_dims()] tells how many predict
#'   best.
#'
#' @param object A `vae_irt` object.
#' @param type The figure, see below.
#' @param dimension The dimension to draw; two for the map.
#' @param colour,color <[`tidy-select`][tidyselect::language]> A metadata column of `$estimates` that colours the points,
#'   such as `party`. Levels that name Democrats and Republicans get blue and a vermilion that people with any colour
#'   vision tell from it. Of more than 8 levels the rarest are drawn as one.
#' @param labels Write the respondents' names? The default does for up to 120 of them in `"ideal_points"` (which need a
#'   height of about a tenth of an inch each), and for up to 40 on the map. A vector of names writes these alone.
#' @param items Names of items: in `"response_curves"` those to draw (by default four that range from the most to the least
#'   discriminating ones), on the map those whose cutting lines are drawn (by default the two most discriminating ones of
#'   each dimension), in `"items"` those to be named (by default ten a panel). `character()` draws no cutting line and
#'   names nothing.
#' @param scale For `"ideal_points"` and `"density"`: as in [tidy.vae_irt()]. On the scale `"normalised"` the intervals
#'   are those of respondents relative to each other, without the uncertainty of the population's location and scale that
#'   all of them share.
#' @param ... Must be empty.
#' @return A ggplot object. `plot()` draws it and returns it invisibly.
#' @export
#' @examples
#' truth <- simulate_irt(60, 40, seed = 1)
#' fit <- vae_irt(truth$responses, seed = 1, control = vae_control(threads = 1))
#' autoplot(fit)
#' autoplot(fit, "response_curves", items = c("3", "7"))
#' autoplot(fit, "items")
autoplot.vae_irt <- function(object,
                             type = c(
                               "ideal_points", "density", "map", "items", "response_curves", "training", "pareto_k", "dimensions"
                             ),
                             dimension = if (type == "map") c(1, 2) else 1, colour = NULL, color = NULL, labels = NULL,
                             items = NULL, scale = c("prior", "normalised"), ...) {
  call <- rlang::current_env()
  check_fit(object, "object", call)
  type <- check_choice(type, eval(formals(autoplot.vae_irt)$type))
  check_no_dots(..., .call = call)
  dimension <- check_dimension(dimension, object$dims, if (type == "map") 2 else 1, call)
  items <- check_items(items, object, call)
  scale <- check_choice(scale, c("prior", "normalised"))
  colour <- rlang::enquo(colour)
  column <- colour_column(object, if (rlang::quo_is_null(colour)) rlang::enquo(color) else colour, call)
  switch(type,
    ideal_points = plot_ideal_points(object, dimension, column, labels, scale),
    density = plot_density(object, dimension, column, scale),
    map = plot_map(object, dimension, column, labels, items),
    items = plot_items(object, items),
    response_curves = plot_response_curves(object, dimension, items),
    training = plot_training(object),
    pareto_k = plot_pareto_k(object),
    dimensions = plot_dimensions(object)
  )
}

#' @rdname autoplot.vae_irt
#' @param x A `vae_irt` object.
#' @export
plot.vae_irt <- function(x, ...) {
  figure <- autoplot.vae_irt(x, ...)
  print(figure)
  invisible(figure)
}

check_dimension <- function(dimension, dims, n, call) {
  if (n > dims) {
    abort_vaeirt("The map needs a fit in two dimensions or more; this one has {dims}.", "argument", call)
  }
  if (!is.numeric(dimension) || length(dimension) != n || anyDuplicated(dimension)) {
    abort_vaeirt("{.arg dimension} must be {n} whole number{?s}, not {describe(dimension)}.", "argument", call)
  }
  dimension <- vapply(dimension, check_count, integer(1), arg = "dimension", call = call)
  if (any(dimension > dims)) {
    abort_vaeirt("{.arg dimension} is {dimension}, and the fit has {dims} dimension{?s}.", "argument", call)
  }
  dimension
}

check_items <- function(items, fit, call) {
  if (!is.null(items)) items <- as_names(items)
  unknown <- setdiff(items, fit$parameters$items$item)
  if (length(unknown) > 0) {
    abort_vaeirt(
      c(
        "{.arg items} names {length(unknown)} item{?s} that {?is/are} not in the model: {.val {utils::head(unknown, 5)}}.",
        i = "The most similar names are {.val {most_similar(unknown[[1]], fit$parameters$items$item)}}."
      ),
      "argument",
      call
    )
  }
  items
}

# The name of the one column that is selected, or none.
colour_column <- function(fit, colour, call) {
  columns <- estimates_of(fit, rows = integer())
  column <- select_columns(columns, colour, "colour", call)
  if (length(column) > 1) {
    abort_vaeirt("{.arg colour} must select one column, not {length(column)}.", "argument", call)
  }
  names(columns)[column]
}

# The rows of the estimates that have one, in a dimension, with the group that a column gives.
drawn_points <- function(fit, dimension, column, scale = "prior", call = caller_env()) {
  check_estimated(fit, call = call)
  points <- tidy.vae_irt(fit, scale = scale, conf.level = fit$control$level)
  points <- points[points$dimension == dimension & !is.na(points$estimate), ]
  points$.group <- if (length(column) > 0) as_groups(points[[column]], column, call) else factor(rep("all", nrow(points)))
  points
}

# The values of a column as a factor with as many levels as colours can tell apart: beyond them the rarer ones are one level.
as_groups <- function(values, column, call, most = length(palette_vaeirt)) {
  groups <- factor(values)
  if (nlevels(groups) <= most) {
    return(groups)
  }
  if (is.numeric(values)) {
    abort_vaeirt(
      c(
        "Column {.val {column}} holds {nlevels(groups)} different numbers, and a group needs a colour of its own.",
        i = "Make a factor of it, with {.fn cut} for example."
      ),
      "argument",
      call
    )
  }
  kept <- names(utils::head(sort(table(groups), decreasing = TRUE), most - 1))
  n <- nlevels(groups)
  cli::cli_inform(c(i = "{.val {column}} has {n} values; the {n - most + 1} rarest are {.val (other)}."))
  levels(groups)[!levels(groups) %in% kept] <- "(other)"
  groups
}

axis_title <- function(fit, dimension) paste0("Ideal point", if (fit$dims > 1) paste0(", dimension ", dimension))

# The items, by number, from those whose linear predictors vary most along some dimensions to those where they vary least.
# An item that few answered counts as weaker: it is no example.
items_by_strength <- function(fit, dimension) {
  gamma <- item_matrix(fit)[, dimension, drop = FALSE]
  owner <- owners(fit)
  n <- fit$parameters$items$n_responses
  strength <- tapply(rowSums(gamma^2), owner, max) * n / (n + stats::median(n))
  order(-strength)
}
