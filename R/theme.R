# The one look of all figures: legible in a column of a journal, colours that people with any kind of colour vision tell
# apart.

theme_vaeirt <- function(legend = "top") {
  ggplot2::theme_minimal(base_size = 10) +
    ggplot2::theme(
      plot.background = ggplot2::element_rect(fill = "white", colour = NA),
      panel.grid.minor = ggplot2::element_blank(),
      panel.spacing.x = ggplot2::unit(12, "pt"),
      strip.text = ggplot2::element_text(face = "bold", hjust = 0),
      legend.position = legend,
      legend.justification = "left"
    )
}

# One colour of what is drawn, and of what stands behind it.
ink <- "#333333"
faint <- "#999999"

# The colours of Okabe and Ito (2008).
palette_vaeirt <- c("#0072B2", "#D55E00", "#009E73", "#E69F00", "#56B4E9", "#CC79A7", "#F0E442", "#000000")

# A colour for each level of a group: Democrats blue and Republicans red where the levels name them.
group_colours <- function(levels) {
  if (identical(levels, "all")) {
    return(c(all = ink))
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

# Scales for groups, by colour and, so that they can be told apart in print, by shape.
scale_groups <- function(levels, name, aesthetics = "colour") {
  ggplot2::scale_colour_manual(values = group_colours(levels), name = name, aesthetics = aesthetics)
}

scale_group_shapes <- function(levels, name) {
  shapes <- rep(c(16, 17, 15, 18, 8, 3, 4, 1), length.out = length(levels))
  ggplot2::scale_shape_manual(values = stats::setNames(shapes, levels), name = name)
}

# Names beside points, moved apart; the same at every drawing.
label_points <- function(mapping, data, ...) {
  ggrepel::geom_text_repel(
    mapping, data,
    size = 2.6, seed = 1, max.time = 10, max.iter = 10000, max.overlaps = Inf, min.segment.length = 0.2,
    segment.size = 0.2, segment.colour = faint, show.legend = FALSE, ...
  )
}
