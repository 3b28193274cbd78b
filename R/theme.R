# The one look of all figures: legible in a column of a journal, colours that people with any kind of colour vision tell
# apart.

theme_vaeirt <- function(legend = "top") {
  ggplot2::theme_minimal(base_size = 10) +
    ggplot2::theme(
      plot.background = ggplot2::element_rect(fill = "white", colour = NA),
      panel.grid.minor = ggplot2::element_blank(),
      panel.spacing.x = ggplot2::unit(12, "pt"),
      strip.text = ggplot2::element_text(face = "bold", hjust = 0),
      plot.caption = ggplot2::element_text(size = 7, colour = "grey40"),
      legend.position = legend,
      legend.justification = "left"
    )
}

# One colour of what is drawn, and of what stands behind it.
ink <- "#333333"
faint <- "#999999"

# The colours of Okabe and Ito (2008).
palette_vaeirt <- c("#0072B2", "#D55E00", "#009E73", "#E69F00", "#56B4E9", "#CC79A7", "#F0E442", "#000000")

# A colour for each level of a group: Democrats blue and Republicans red where the levels name them, grey for the missing.
group_colours <- function(levels) {
  if (identical(levels, only_group)) {
    return(c(all = ink))
  }
  if (missing_group %in% levels) {
    return(c(group_colours(setdiff(levels, missing_group)), stats::setNames(faint, missing_group)))
  }
  democrats <- grepl("^d(em(ocrat(ic)?)?)?$", levels, ignore.case = TRUE)
  republicans <- grepl("^r(ep(ublican)?)?$", levels, ignore.case = TRUE)
  known <- if (sum(democrats) == 1 && sum(republicans) == 1) democrats | republicans else FALSE & democrats
  colours <- character(length(levels))
  colours[!known] <- rep(if (any(known)) palette_vaeirt[-(1:2)] else palette_vaeirt, length.out = sum(!known))
  colours[known & democrats] <- palette_vaeirt[[1]]
  colours[known & republicans] <- palette_vaeirt[[2]]
  stats::setNames(colours, levels)
}

# Scales for groups, by colour and, so that they can be told apart in print, by shape. One group alone needs no legend,
# whatever the theme.
scale_groups <- function(levels, name, aesthetics = "colour") {
  ggplot2::scale_colour_manual(
    values = group_colours(levels), name = name, aesthetics = aesthetics, labels = wrap_names,
    guide = group_guide(levels, name)
  )
}

scale_group_shapes <- function(levels, name) {
  shapes <- rep(c(16, 17, 15, 18, 8, 3, 4, 0), length.out = length(levels))
  shapes[levels == missing_group] <- 1
  ggplot2::scale_shape_manual(
    values = stats::setNames(shapes, levels), name = name, labels = wrap_names, guide = group_guide(levels, name)
  )
}

# In as many rows as it takes where a figure is 6 inches wide: about 75 letters, and 5 for each key.
group_guide <- function(levels, name) {
  if (identical(levels, only_group)) {
    return("none")
  }
  widths <- vapply(strsplit(wrap_names(levels), "\n"), function(lines) max(nchar(lines), 0), numeric(1)) + 5
  n_columns <- max(1, (75 - nchar(name %||% "")) %/% max(widths))
  n_rows <- if (sum(widths) + nchar(name %||% "") <= 75) 1 else ceiling(length(levels) / n_columns)
  ggplot2::guide_legend(nrow = n_rows, byrow = TRUE)
}

# The same where what is drawn is small and faint: its keys are not.
solid_keys <- function(levels, name) {
  guide <- group_guide(levels, name)
  if (!identical(guide, "none")) guide$override.aes <- list(size = 1.5, alpha = 1)
  guide
}

# Names beside points, moved apart; the same at every drawing, unless it takes more than a second.
label_points <- function(mapping, data, ...) {
  ggrepel::geom_text_repel(
    mapping, data,
    size = 2.6, seed = 1, max.time = 1, max.iter = 10000, max.overlaps = Inf, min.segment.length = 0.2, lineheight = 0.9,
    bg.colour = "white", bg.r = 0.12, segment.size = 0.2, segment.colour = faint, show.legend = FALSE, ...
  )
}

# The rows that names must keep clear of: those that are named, and of the others those nearest to them, in units of the
# figure's range. Where points are many, names cannot keep clear of all.
near_names <- function(x, y, named, most = 100) {
  if (!any(named)) {
    return(integer())
  }
  x <- x / max(diff(range(x)), 1e-8)
  y <- y / max(diff(range(y)), 1e-8)
  nearest <- rep(Inf, length(x))
  for (k in which(named)) nearest <- pmin(nearest, (x - x[[k]])^2 + (y - y[[k]])^2)
  sort(utils::head(order(nearest), max(most, sum(named))))
}
