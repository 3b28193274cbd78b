# Names in figures: wrapped where they are long, and beside the intervals of sorted points as many as fit.

# Long names in lines, of which the last says that there would be more.
wrap_names <- function(x, width = 28, lines = 3) {
  long <- unique(x[which(nchar(x) > width)])
  short <- vapply(long, function(name) {
    parts <- strwrap(name, width + 1)
    # Words that are longer than a line.
    starts <- lapply(nchar(parts), function(n) seq(1, max(n, 1), by = width))
    parts <- substring(rep(parts, lengths(starts)), unlist(starts), unlist(starts) + width - 1)
    if (length(parts) > lines) {
      parts <- c(parts[seq_len(lines - 1)], paste0(substr(parts[[lines]], 1, width - 3), "..."))
    }
    paste(parts, collapse = "\n")
  }, character(1))
  at <- match(x, long)
  ifelse(is.na(at), x, unname(short)[at])
}

# Names of the rows of item_matrix() for figures: what is cut of an item's name is not its option.
wrapped_labels <- function(fit, width = 28) {
  items <- fit$parameters$items
  item_labels(list(item = wrap_names(items$item, width), options = lapply(items$options, wrap_names, width = width)))
}

# How names stand beside `n` rows that share a height in points: their size, and which rows have one, evenly from the first
# to the last. Names are as large as a row allows, within limits; below those some are left out.
fit_names <- function(n, height, smallest = 6, largest = 8, leading = 1.05) {
  if (n < 2) {
    return(list(size = largest, kept = seq_len(n)))
  }
  row <- height / (n - 1)
  size <- max(smallest, min(largest, row / leading))
  apart <- max(1, ceiling(size * leading / row - 1e-8))
  list(size = size, kept = unique(round(seq(1, n, length.out = max(2, (n - 1) %/% apart + 1)))))
}

# A layer of names beside the intervals of sorted points, on the side where there is more room. How many fit is only known
# when the figure is drawn: what is left out is said in the lower right corner, which sorted points leave empty.
names_layer <- function(points) {
  ggplot2::layer(
    geom = GeomNames, stat = "identity", position = "identity", data = points, inherit.aes = FALSE, show.legend = FALSE,
    mapping = ggplot2::aes(xmin = .data$.low, xmax = .data$.high, y = .data$.place, label = .data$.label)
  )
}

GeomNames <- ggplot2::ggproto( # nolint: object_name_linter. As ggplot2 names its geoms.
  "GeomNames", ggplot2::Geom,
  required_aes = c("xmin", "xmax", "y", "label"),
  draw_panel = function(data, panel_params, coord) {
    rows <- coord$transform(data, panel_params)
    grid::gTree(rows = rows[order(rows$y), c("xmin", "xmax", "y", "label")], cl = "vaeirt_names")
  }
)

#' @exportS3Method grid::makeContent
makeContent.vaeirt_names <- function(x) {
  height <- grid::convertHeight(grid::unit(1, "npc"), "points", valueOnly = TRUE)
  named <- which(nzchar(x$rows$label))
  y <- x$rows$y
  fitted <- fit_names(length(named), height * diff(range(y[named])))
  shown <- named[fitted$kept]
  # Clear of the intervals of all rows that a name covers.
  half <- 0.6 * fitted$size / height
  beside <- lapply(shown, function(k) which(abs(y - y[[k]]) < half | seq_along(y) == k))
  low <- vapply(beside, function(rows) min(x$rows$xmin[rows]), numeric(1))
  high <- vapply(beside, function(rows) max(x$rows$xmax[rows]), numeric(1))
  right <- 1 - high >= low
  names <- grid::textGrob(
    x$rows$label[shown], y = grid::unit(y[shown], "npc"), hjust = ifelse(right, 0, 1), vjust = 0.5,
    x = grid::unit(ifelse(right, high, low), "npc") + grid::unit(ifelse(right, 3, -3), "points"),
    gp = grid::gpar(fontsize = fitted$size, col = ink)
  )
  grid::setChildren(x, grid::gList(names, if (length(shown) < length(named)) left_out_note(length(shown), length(named))))
}

left_out_note <- function(n_shown, n) {
  grid::textGrob(
    paste0("Names of ", format_count(n_shown), " of ", format_count(n), ";\na taller figure shows all"),
    x = grid::unit(1, "npc") - grid::unit(3, "points"), y = grid::unit(3, "points"), hjust = 1, vjust = 0,
    gp = grid::gpar(fontsize = 7, lineheight = 1, col = "grey40")
  )
}

# By how much of its width a panel is widened on both sides, so that names have room beside the intervals on one of them. A
# letter takes about 0.8 % of the width of a panel that is 5.5 inches wide.
room_for_names <- function(low, high, labels) {
  ends <- range(low, high, na.rm = TRUE)
  free <- pmax(low - ends[[1]], ends[[2]] - high) / max(diff(ends), 1e-8)
  needed <- 0.008 * nchar(labels) + 0.01
  0.03 + max(0, ifelse(nzchar(labels), needed - free, 0), na.rm = TRUE)
}
