# Items that are one and the same question twice, or its complement: they are counted twice, and intervals are too narrow.
# `packed`: the responses as they are stored; `items`: their tibble.
warn_of_identical_items <- function(packed, items, threads, call, most = 5) {
  found <- unwrap_rust(rust_identical_items(rust_responses(packed, items), threads), call)
  n <- length(found$item)
  if (n == 0) {
    return()
  }
  own <- items$item[found$item]
  shown <- utils::head(paste0(shorten(own, 38), " (", shorten(items$item[found$first], 38), ")"), most)
  warn_vaeirt(
    c(
      "{n} item{?s} {?is/are} identical to an earlier one, or its complement: everybody who answered both chose alike.",
      x = "{cli::qty(n)}{?It is/They are} {.val {shown}}{if (n > most) ', ...'}.",
      i = "The model takes {cli::qty(n)}{?it/them} for evidence of {?its/their} own, so that intervals are too narrow. If the
           same question was entered twice, leave {?it/them} out of the data."
    ),
    "items"
  )
}
