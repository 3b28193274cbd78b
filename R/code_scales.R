# Numbers that stand apart from the scale of their item, by which surveys and legislatures mean that there is no answer:
# 9 beside 0 and 1, 8 and 9 beside 1 to 5, 99 or -9 beside either. An item's numbers are judged together, and what
# speaks for a code is weighed over all items, because 7 may as well be the end of a scale that few used.

# Which of the options are such codes. `number` holds the labels (or the values, where these have labels) as numbers, NA for
# others. Items that are `alone` are judged by themselves.
codes_apart <- function(options, number, alone = integer()) {
  rows <- which(!is.na(number))
  rows <- rows[order(options$item[rows], number[rows])]
  found <- logical(nrow(options))
  if (length(rows) > 0) {
    item <- options$item[rows]
    sets <- split(number[rows], item)
    # Items with the same numbers are judged once.
    key <- paste(vapply(sets, paste, character(1), collapse = " "), names(sets) %in% items_in_words(options, number))
    first <- which(!duplicated(key))
    mirror <- largest_mirror(sets[first])
    signs <- mirror <= 1 && may_be_signs(sets[first])
    judged <- Map(
      function(x, in_words) judge_numbers(unique(x), mirror, in_words, signs)[match(x, unique(x))],
      sets[first], endsWith(key[first], "TRUE")
    )
    verdict <- unlist(judged[match(key, key[first])], use.names = FALSE)
    weighed <- weigh_codes(number[rows], item, options$count[rows], verdict, sets)
    found[rows] <- weighed | (item %in% alone & verdict == "series" & number[rows] > 7)
  }
  found
}

# Numbers that surveys take: 77 to 79, 87 to 89, 97 to 99, 777 and so on, and the like below zero.
is_high_code <- function(x) x >= 77 & grepl("^(7+|8+|9+)[789]$", number_names(x))
is_low_code <- function(x) x %in% c(-1:-11, -20, -21, -55, -66, -70:-99, -32767, -32768) | is_high_code(-x)

# The high codes of an item. Behind a short scale more numbers are codes, and any far number beside one that surely is.
high_codes <- function(x) {
  high <- is_high_code(x)
  scale <- x[x >= 0 & x < 20]
  if (length(scale) > 1 && max(scale) <= 10 && is_scale(scale)) {
    high <- high | x %in% c(55, 66, 90, 94:96, 555, 666, 990, 994:996, 1000) | (any(high) & x >= 50)
  }
  high
}

# For each number of an item, in rising order: "sure" or "apart" (a code by itself), "series" (a code if other items say
# so), "inside" (a number of the scale), "full" (that, unless many other items say so), "rare" (a code if it is rare), or ""
# (nothing can be told). `in_words`: the item has words as well. `signs`: -1, 0 and 1 may be answers and a code.
judge_numbers <- function(x, mirror, in_words, signs) {
  verdict <- rep("", length(x))
  high <- high_codes(x)
  if (in_words && all(high | is_low_code(x) | x %in% 7:9)) {
    return(rep("apart", length(x)))
  }
  rest <- x[!high]
  if (any(high) && length(rest) > 0) {
    # The scale ends far below: below 20 for 77 to 99, below a quarter of larger codes.
    far <- max(rest) >= 0 & max(rest) < ifelse(x < 100, 20, x / 4)
    verdict[high] <- ifelse(far[high], if (max(rest) <= 10) "sure" else "apart", "inside")
  }
  if (all(verdict[high] == "inside")) rest <- x
  low <- low_codes(rest, mirror)
  verdict[x < 0] <- judge_below(rest, signs)
  verdict[x %in% low] <- ifelse(x[x %in% low] <= -7, "sure", "apart")
  rest <- setdiff(rest, low)
  digits <- judge_digits(rest)
  verdict[match(rest, x)][digits != ""] <- digits[digits != ""]
  verdict
}

# The verdict on numbers below zero that are no codes by themselves.
judge_below <- function(x, signs) {
  unclear <- (all(x <= 0) && !(sum(x < 0) > 1 && is_scale(x))) || setequal(x, c(-2, -1, 1, 2)) || (all(x <= 1) && signs)
  if (!unclear) "inside" else if (setequal(x, -2:1)) "rare" else ""
}

# Numbers below zero are on long scales as well, or nowhere but beside 0 and 1.
may_be_signs <- function(sets) {
  below <- Filter(function(x) any(x < 0), sets)
  any(vapply(below, function(x) all(1:4 %in% x), logical(1))) || all(unlist(below) %in% -2:1)
}

# Negative numbers, unless they belong to a scale. `mirror`: how far mirrored scales go in other items, on which this one
# may lie with fewer of its numbers.
low_codes <- function(x, mirror) {
  below <- x[x < 0]
  above <- x[x > 0]
  # 7 to 9 may be codes themselves.
  plain <- if (6 %in% x) above else setdiff(above, 7:9)
  if (length(below) == 0 || length(above) == 0 || !all(is_low_code(below))) {
    return(numeric())
  }
  lone <- below[below <= -7 & !-below %in% above]
  if (length(lone) %in% seq_len(length(below) - 1) && is_mirrored(setdiff(c(below, plain), lone))) {
    return(lone)
  }
  within <- all(abs(c(below, above)) <= mirror)
  if (within || is_two_sided(below, above, plain, 0 %in% x)) numeric() else below
}

# Scales with numbers on both sides of zero: mirrored ones, as from -3 to 3, and those of which few chose one end.
is_two_sided <- function(below, above, plain, zero) {
  if (is_mirrored(c(below, above)) || is_mirrored(c(below, plain))) {
    return(TRUE)
  }
  in_a_row <- all(diff(c(below, 0, plain)) == 1) && length(plain) < 3 * length(below)
  spread <- max(above) >= -min(below) && length(below) >= length(above) / 2
  zero && length(below) > 1 && (in_a_row || spread)
}

is_mirrored <- function(x) setequal(x, -x)

# The largest number of a scale that is mirrored, in any item; Inf where all numbers together are one.
largest_mirror <- function(sets) {
  scales <- lapply(sets, function(x) x[!is_high_code(abs(x)) & x != 0 & (abs(x) < 7 | -x %in% x)])
  if (length(unlist(scales)) > 0 && is_mirrored(unlist(scales))) {
    return(Inf)
  }
  mirrored <- Filter(function(x) length(x) > 0 && is_mirrored(x), scales)
  max(0, unlist(mirrored))
}

# 7, 8 and 9, with 6 below them, after a gap behind a scale without gaps.
judge_digits <- function(x) {
  verdict <- rep("", length(x))
  if (length(x) > 0 && max(x) <= 9) {
    for (pool in list(6:9, 7:9, 8:9, 9)) {
      own <- x %in% pool
      found <- judge_pool(x[own], x[!own])
      if (!is.null(found)) {
        verdict[own] <- found
        return(verdict)
      }
    }
  }
  verdict[x %in% 6:9 & ((x - 1) %in% x | max(x, 0) > 9)] <- "inside"
  # A scale of 9, or one of 7 with two codes, of which other items tell.
  if (setequal(x, 1:9)) verdict[x > 7] <- "full"
  verdict
}

# The verdict on codes beside a scale; nothing where they do not stand apart.
judge_pool <- function(codes, scale) {
  stands_apart <- any(codes > 6) && length(scale) > 1 && (is_scale(scale) || is_pair(scale)) && is_gap(codes, scale)
  if (!stands_apart) {
    return(NULL)
  }
  votes <- any(vapply(list(0:1, 1:2, c(-1, 1), -1:1), setequal, logical(1), scale))
  several <- all(8:9 %in% codes) && min(codes) - max(scale) > 2 && (min(scale) == 1 || is_pair(scale))
  if (votes && any(codes > 7)) "sure" else if (several) "apart" else "series"
}

# Yes and no that are not neighbours, as 1 and 5.
is_pair <- function(scale) length(scale) == 2 && min(scale) >= 0 && max(scale) <= 5

# 6 is a code behind a short scale and before several others alone.
is_gap <- function(codes, scale) {
  step <- min(codes) - max(scale)
  if (6 %in% codes) step > 2 && length(codes) > 2 else step > if (is_scale(scale)) 1 else 2
}

# Whole numbers in a row, with or without 0 where they are mirrored.
is_scale <- function(x) {
  all(diff(x) == 1) || (is_mirrored(x) && all(diff(x[x > 0]) == 1) && 1 %in% x)
}

# Items with two options or more in words, and numbers beside them.
items_in_words <- function(options, number) {
  word <- is.na(number) & grepl("[[:alpha:]]", options$label) & !grepl("[0-9]", options$label)
  n <- table(options$item[word])
  names(n)[n > 1]
}

# What speaks for each code, over the items. `verdict` is that of each option.
weigh_codes <- function(number, item, count, verdict, sets) {
  # A scale from -2 to 1 has most of its responses below 1.
  rare <- item %in% item[verdict == "rare"]
  rare <- sum(count[rare & number < 0]) < 0.5 * min(sum(count[rare & number == 0]), sum(count[rare & number == 1]))
  if (rare) verdict[verdict == "rare"] <- "apart"
  codes <- unique(number[verdict %in% c("sure", "apart", "series")])
  n_responses <- rowsum(count, item)[, 1]
  top <- vapply(sets, max, numeric(1))
  found <- logical(length(number))
  for (code in codes) {
    at <- which(number == code)
    apart <- verdict[at] %in% c("sure", "apart", "series")
    share <- mean(apart[apart | verdict[at] == "inside"])
    # Whatever other items are, a short scale is one where many responses keep to it.
    chosen <- verdict[at] == "sure" & n_responses[as.character(item[at])] >= 20
    chosen <- chosen | (share >= 0.5 & verdict[at] == "sure") | (share >= 0.8 & verdict[at] == "apart")
    common <- sum(apart) / sum(top <= 9 & lengths(sets) > 1)
    often <- common >= 0.5 || (common >= 0.2 && mean(count[at][apart]) >= 3)
    if (code %in% 6:9 && sum(apart) > 2 && share >= 0.8 && often) {
      chosen <- chosen | apart
    }
    # Where one other number is left, nothing could be told by itself.
    if (any(chosen) && share >= 0.5) {
      full <- verdict[at] == "full"
      chosen <- chosen | verdict[at] %in% c("", "rare") | (full & sum(apart) >= 0.5 * sum(full))
    }
    found[at] <- chosen
  }
  full <- which(verdict == "full")
  found[full] <- stats::ave(found[full], item[full], FUN = all)
  found
}
