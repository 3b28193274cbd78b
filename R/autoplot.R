#' Figures of a fit
#'
#' Draws a fit in one of several ways, as a ggplot object that can be changed and saved as usual.
#'
#' @details
#' * `"ideal_points"`: the ideal points of one dimension, sorted, with their intervals. Names stand beside them, as many
#'   as the height of the figure allows (evenly spaced; how many are left out is written in the corner). From 300
#'   respondents on the intervals are one ribbon, and groups are rows of ticks below it. Beyond 5,000 respondents that
#'   many are drawn, evenly spaced in the order.
#' * `"density"`: how the ideal points of one dimension are distributed: the average of the posterior distributions given
#'   the items (normal ones; those of up to 10,000 respondents, evenly spaced over the data). Where posteriors are narrow
#'   their average would be a spike for each respondent: none is drawn with a standard deviation below the bandwidth of a
#'   kernel estimate of the posterior means, that of Sheather and Jones (1991), which follows several modes; the means are
#'   moved towards the middle by as much as keeps the variance of the population (Jones 1991). With `colour` one area for
#'   each group, as large as its share of the respondents.
#' * `"map"`: the ideal points in two dimensions, with the cutting lines of some items. The arrow of a line points to
#'   where the option is the more probable one. See [cutpoints()]. The map fills its panel, so the two axes have units of
#'   their own: the lines divide the respondents as they should, but for their angles and for distances add
#'   `+ ggplot2::coord_equal()`. Beyond 10,000 respondents that many are drawn, evenly spaced over the data.
#' * `"items"`: discrimination by difficulty of all items, in one panel per dimension; those with the largest ones are
#'   named.
#' * `"response_curves"`: the probabilities of the options of some items along one dimension, with the data: the shares
#'   among respondents of neighbouring ideal points (points, with Wilson's 95 % intervals). In one dimension the curve is
#'   the model's; in more it joins the averages of the model's probabilities over the same respondents, whose other
#'   dimensions differ. Of more than 8 options those are drawn that were chosen most.
#' * `"training"`: the bound and the learning rate by epoch.
#' * `"pareto_k"`: the diagnostic of the posteriors by the number of responses, with the threshold above which they are
#'   not reliable; for fits with importance sampling, which is in three and more dimensions.
#' * `"dimensions"`: how much of the variance of the linear predictors each axis explains, for fits in two and more
#'   dimensions. [cv_dims()] tells how many predict best.
#'
#' Long names of items and options are wrapped, and cut after three lines.
#'
#' @param object A `vae_irt` object.
#' @param type The figure, see below.
#' @param dimension The dimension to draw; two for the map.
#' @param colour,color What colours the respondents: <[`tidy-select`][tidyselect::language]> one of their metadata
#'   columns, such as `party`, or a vector named by respondent, such as `setNames(x, fit$estimates$respondent)`. A column
#'   that was added to `$estimates` must be given as such a vector: tables are not read back. Levels that name Democrats
#'   and Republicans get blue and a vermilion that people with any colour vision tell from it. Of more than 8 levels the
#'   rarest are drawn as one. Respondents with `NA` or an empty label are the group `"(missing)"`, in grey.
#' @param labels Write the respondents' names? The default does for fewer than 300 of them in `"ideal_points"`, and for up
#'   to 40 on the map. A vector of names writes and marks these alone.
#' @param items Names of items: in `"response_curves"` those to draw, on the map those whose cutting lines are drawn (up
#'   to two each), in `"items"` those to be named. `character()` draws no cutting line and names nothing. The default are
#'   items that tell much about the respondents (by the average Fisher information on the dimension, which is small for
#'   weak items and for those whose cutpoints lie beside the population; less for items with few responses or hardly more
#'   than one answer): in `"response_curves"` four of the best tenth, from those where few chose the reference option to
#'   those where most did; on the map the two best ones of each dimension, with one line each. In `"items"` about ten with
#'   the largest discriminations are named.
#' @param scale For `"ideal_points"` and `"density"`: as in [tidy.vae_irt()]. On the scale `"normalised"` the intervals
#'   are those of respondents relative to each other, without the uncertainty of the population's location and scale that
#'   all of them share.
#' @param ... Must be empty.
#' @references
#' Jones, M. C. (1991) On correcting for variance inflation in kernel density estimation. *Computational Statistics
#' and Data Analysis* 11, 3-15.
#'
#' Sheather, S. J. and Jones, M. C. (1991) A reliable data-based bandwidth selection method for kernel density estimation.
#' *Journal of the Royal Statistical Society B* 53, 683-690. \doi{10.1111/j.2517-6161.1991.tb01857.x}
#' @return A ggplot object. `plot()` draws it and returns it invisibly.
#' @export
#' @examples
#' truth <- simulate_irt(60, 40, seed = 1)
#' fit <- vae_irt(truth$responses, seed = 1, control = vae_control(threads = 1))
#' autoplot(fit)
#' wing <- rep(c("left", "right"), each = 30)
#' autoplot(fit, "density", colour = setNames(wing, fit$estimates$respondent))
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
  groups <- colour_groups(object, if (rlang::quo_is_null(colour)) rlang::enquo(color) else colour, call)
  switch(type,
    ideal_points = plot_ideal_points(object, dimension, groups, labels, scale),
    density = plot_density(object, dimension, groups, scale),
    map = plot_map(object, dimension, groups, labels, items),
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

# The rows of the estimates that have one, in a dimension, with the group that colours them and their rows in the parameters.
drawn_points <- function(fit, dimension, groups = list(), scale = "prior", call = caller_env()) {
  check_estimated(fit, call = call)
  points <- estimates_of(fit, scale = scale)
  points <- points[points$dimension == dimension, ]
  points$.row <- seq_len(nrow(points))
  points$.group <- groups$values %||% factor(rep(only_group, nrow(points)))
  points <- points[!is.na(points$estimate), ]
  points$.group <- droplevels(points$.group)
  points
}

axis_title <- function(fit, dimension) paste0("Ideal point", if (fit$dims > 1) paste0(", dimension ", dimension))

# The items, by number, from the one that tells most about the respondents along a dimension to the one that tells least: by
# their information on it (the sum over the options of p'^2 / p for their probabilities p; see Baker and Kim 2004,
# Item Response Theory, ch. 3), the average over the respondents. It is small where the item divides nobody, because it is
# weak or lies beside the population. An item that few answered, or that has hardly more than one answer, counts as weaker:
# it is no example.
items_by_information <- function(fit, dimension, most = 100) {
  items <- fit$parameters$items
  traits <- unname(fit$parameters$respondents$mean)
  known <- which(!is.na(traits[, dimension]))
  known <- known[order(traits[known, dimension])]
  traits <- traits[known[unique(round(seq(1, length(known), length.out = min(length(known), most))))], , drop = FALSE]
  step <- 1e-4 * (seq_len(fit$dims) == dimension)
  information <- vapply(response_functions(fit), function(probabilities) {
    at <- function(sign) probabilities(traits + rep(sign * step, each = nrow(traits)))
    slope <- (at(1) - at(-1)) / 2e-4
    mean(rowSums(slope^2 / pmax(at(0), .Machine$double.xmin)))
  }, numeric(1))
  second <- vapply(split(option_totals(fit), rep(seq_along(items$options), option_counts(fit))), function(n) {
    sort(n, decreasing = TRUE)[[2]]
  }, numeric(1))
  n <- items$n_responses
  order(-information * n / (n + stats::median(n)) * second / (second + 10))
}
