# What the axes of a fit mean, in words.

describe_axes <- function(fit) {
  if (fit$rotated) c(describe_rotation(fit), describe_correlations(fit)) else describe_direction(fit)
}

describe_rotation <- function(fit) {
  rotation <- if (is.na(fit$rotation)) "none" else fit$rotation
  switch(rotation,
    anchors = "Axes set by anchors, with rotate()", none = "Axes changed by rotate()",
    paste0("Axes rotated by ", rotation)
  )
}

# The correlations of the traits in the population, where axes are oblique.
describe_correlations <- function(fit) {
  if (fit$dims == 1 || nrow(fit$parameters$respondents$mean) == 0) {
    return(NULL)
  }
  correlations <- stats::cov2cor(population_covariance(fit))
  pairs <- which(upper.tri(correlations), arr.ind = TRUE)
  if (max(abs(correlations[pairs])) < 0.005) {
    return(NULL)
  }
  shown <- paste0(pairs[, 1], " and ", pairs[, 2], " ", formatC(correlations[pairs], digits = 2, format = "f"))
  paste("Correlations of dimensions:", paste(shown, collapse = ", "))
}

# The covariance of the traits in the population: of the posterior means, and within the posteriors.
population_covariance <- function(fit) {
  posterior <- fit$parameters$respondents
  known <- !is.na(posterior$mean[, 1])
  weight <- respondent_weights(fit$responses, which(known))
  means <- stats::cov.wt(unname(posterior$mean[known, , drop = FALSE]), weight / sum(weight), method = "ML")$cov
  triangle <- lower_triangle(fit$dims)
  within <- matrix(0, fit$dims, fit$dims)
  within[triangle] <- within[triangle[, 2:1]] <- colSums(posterior$covariance[known, , drop = FALSE] * weight) / sum(weight)
  means + within
}

# What a positive ideal point means: the respondents of `polarity`, else the options that make it so.
describe_direction <- function(fit) {
  dims <- seq_len(fit$dims)
  meant <- if (!anyNA(fit$polarity)) fit$polarity else vapply(dims, direction_of_options, character(1), fit = fit)
  paste0("Positive", if (fit$dims > 1) paste(" on dimension", dims), ": ", meant)
}

# The two options that most items have, and on how many items one of them is the choice of those with positive traits.
direction_of_options <- function(fit, dimension) {
  items <- fit$parameters$items
  binary <- which(lengths(items$options) == 2)
  pairs <- vapply(items$options[binary], function(labels) paste(sort(labels), collapse = "\r"), character(1))
  common <- names(utils::head(sort(table(pairs), decreasing = TRUE), 1))
  if (length(common) == 0 || sum(pairs == common) < 0.5 * length(items$item)) {
    return("chosen by rule; `polarity = ` names who is to be positive")
  }
  own <- binary[pairs == common]
  labels <- items$options[[own[[1]]]]
  # Items may have another reference: towards the second label of the first of them.
  same <- vapply(items$options[own], function(own_labels) identical(own_labels, labels), logical(1))
  gamma <- fit$parameters$items$values[match(own, owners(fit)), dimension]
  up <- mean((gamma > 0) == same)
  labels <- shorten(labels, 30)
  if (up < 0.5) labels <- rev(labels)
  of <- if (length(own) == length(items$item)) "the items" else counted(length(own), "item")
  paste0("\"", labels[[2]], "\" rather than \"", labels[[1]], "\" on ", percent(max(up, 1 - up)), " of ", of)
}
