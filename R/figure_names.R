# Names in figures: wrapped where they are long, and beside the intervals of sorted points as many as fit.

# Long names in lines, of which the last says that there would be more; where two begin alike it is their end.
wrap_names <- function(x, width = 28, lines = 3) {
  long <- unique(x[which(nchar(x) > width)])
  short <- vapply(long, wrap_name, character(1), width = width, lines = lines)
  alike <- short %in% short[duplicated(short)]
  short[alike] <- vapply(long[alike], wrap_name, character(1), width = width, lines = lines, show_end = TRUE)
  at <- match(x, long)
  ifelse(is.na(at), x, unname(short)[at])
}

wrap_name <- function(name, width, lines, show_end = FALSE) {
  parts <- strwrap(name, width + 1)
  # Words that are longer than a line.
  starts <- lapply(nchar(parts), function(n) seq(1, max(n, 1), by = width))
  parts <- substring(rep(parts, lengths(starts)), unlist(starts), unlist(starts) + width - 1)
  if (length(parts) > lines) {
    n <- nchar(name)
    last <- if (show_end) {
      paste0("...", substr(name, n - width + 4, n))
    } else {
      paste0(substr(parts[[lines]], 1, width - 3), "...")
    }
    parts <- c(parts[seq_len(lines - 1)], last)
  }
  paste(parts, collapse = "\n")
}

# Long names in one line, likewise.
cut_names <- function(x, width = 30) {
  short <- shorten(x, width)
  alike <- short != x & short %in% short[duplicated(short)]
  n <- nchar(x[alike])
  half <- width %/% 2
  short[alike] <- paste0(substr(x[alike], 1, half - 3), "...", substr(x[alike], n - half + 1, n))
  short
}

# Names of the rows of item_matrix() for figures: what is cut of an item's name is not its option.
wrapped_labels <- function(fit, width = 28) {
  items <- fit$parameters$items
  options <- lapply(items$options, function(labels) paste0(if (max(nchar(labels)) > 8) "\n", cut_names(labels, width)))
  item_labels(list(item = wrap_names(items$item, width), options = options))
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
# when the figure is drawn: what is left out is said in the lower right corner, which sorted points leave empty. `moved`:
# names that were asked for are moved up and down before any is left out.
names_layer <- function(points, moved = FALSE) {
  ggplot2::layer(
    geom = GeomNames, stat = "identity", position = "identity", data = points, inherit.aes = FALSE, show.legend = FALSE,
    mapping = ggplot2::aes(xmin = .data$.low, xmax = .data$.high, y = .data$.place, label = .data$.label),
    params = list(moved = moved)
  )
}

GeomNames <- ggplot2::ggproto( # nolint: object_name_linter. As ggplot2 names its geoms.
  "GeomNames", ggplot2::Geom,
  required_aes = c("xmin", "xmax", "y", "label"),
  extra_params = c("na.rm", "moved"),
  draw_panel = function(data, panel_params, coord, moved = FALSE) {
    rows <- coord$transform(data, panel_params)
    # Intervals that stand upright leave no room beside them.
    if (!all(c("xmin", "xmax", "y") %in% names(rows))) {
      return(ggplot2::zeroGrob())
    }
    grid::gTree(rows = rows[order(rows$y), c("xmin", "xmax", "y", "label")], moved = moved, cl = "vaeirt_names")
  }
)

#' @exportS3Method grid::makeContent
makeContent.vaeirt_names <- function(x) {
  height <- grid::convertHeight(grid::unit(1, "npc"), "points", valueOnly = TRUE)
  named <- which(nzchar(x$rows$label))
  span <- diff(range(x$rows$y)) * height
  line <- 8
  if (x$moved && length(named) * line <= span) {
    shown <- named
    at <- move_apart(x$rows$y[shown], line / height, range(x$rows$y))
    size <- 7
  } else {
    fitted <- fit_names(length(named), height * diff(range(x$rows$y[named])))
    shown <- named[fitted$kept]
    at <- x$rows$y[shown]
    size <- fitted$size
  }
  note <- if (length(shown) < length(named)) left_out_note(length(shown), length(named))
  grid::setChildren(x, grid::gList(names_grob(x$rows, shown, at, size, height), note))
}

# Names at some heights, clear of the intervals of all rows that they cover, and lines to those that they have left.
names_grob <- function(rows, shown, at, size, height) {
  half <- 0.6 * size / height
  covered <- lapply(seq_along(shown), function(k) which(abs(rows$y - at[[k]]) < half | seq_along(rows$y) == shown[[k]]))
  low <- vapply(covered, function(k) min(rows$xmin[k]), numeric(1))
  high <- vapply(covered, function(k) max(rows$xmax[k]), numeric(1))
  right <- 1 - high >= low
  gap <- ifelse(right, 3, -3)
  far <- abs(at - rows$y[shown]) > half
  x <- grid::unit(ifelse(right, high, low), "npc") + grid::unit(ifelse(far, 3, 1) * gap, "points")
  lines <- if (any(far)) {
    grid::segmentsGrob(
      x[far] - grid::unit(gap[far] / 3, "points"), grid::unit(at[far], "npc"),
      grid::unit(ifelse(right, rows$xmax[shown], rows$xmin[shown])[far], "npc"), grid::unit(rows$y[shown][far], "npc"),
      gp = grid::gpar(col = faint, lwd = 0.5)
    )
  }
  names <- grid::textGrob(
    rows$label[shown], x, grid::unit(at, "npc"), hjust = ifelse(right, 0, 1), vjust = 0.5,
    gp = grid::gpar(fontsize = size, col = ink)
  )
  grid::grobTree(lines, names)
}

# Heights, in increasing order, moved until they are a line apart within limits: those that are pushed up from below and
# those that are pushed down from above are, and so are their averages.
move_apart <- function(y, line, limits) {
  push <- function(y) {
    for (k in seq_along(y)[-1]) y[[k]] <- max(y[[k]], y[[k - 1]] + line)
    y
  }
  y <- (push(y) - rev(push(-rev(y)))) / 2
  y <- push(pmax(y, limits[[1]]))
  -rev(push(pmax(-rev(y), -limits[[2]])))
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
