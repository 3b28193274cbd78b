# The response models of the items: "nominal" (options in no order) or "graded" (options in order).

item_models <- c("nominal", "graded")

# The models of the items of a catalogue, which names them where they are not all nominal.
models_of <- function(items) items[["model"]] %||% rep("nominal", length(items$options))

# How the options of an item get their probabilities.
response_form <- function(link, model = "nominal") list(link = link, model = model)

# That of each item of a fit.
response_forms <- function(fit) lapply(models_of(fit$parameters$items), response_form, link = fit$link)

# The argument `items`, a quosure: NULL, or the model of all items.
check_item_models <- function(items, call) {
  if (rlang::quo_is_null(items)) {
    return(NULL)
  }
  value <- tryCatch(rlang::eval_tidy(items), error = function(cnd) NULL)
  if (!rlang::is_string(value) || !value %in% item_models) {
    abort_vaeirt(
      c(
        "{.arg items} must be {.or {.val {item_models}}}: how the options of all items get their probabilities.",
        i = "Did you mean {.arg item}, which selects the column of the items?"
      ),
      "argument",
      call
    )
  }
  value
}

# What the order of the values of a column means: "ordered" (an ordered factor), "values" (levels of a factor, numbers, FALSE and
# TRUE), or "text", whose order is that of the alphabet.
order_of_values <- function(column) {
  if (is.ordered(column)) {
    "ordered"
  } else if (is.character(column) && !is_labelled(column)) {
    "text"
  } else {
    "values"
  }
}

# Which items are graded if they have several options left: those that were asked for or, unasked, the ordered factors. `order`:
# order_of_values() of every item, or of all.
are_graded <- function(model, order, n_items) {
  graded <- if (is.null(model)) order == "ordered" else model == "graded"
  rep(graded, length.out = n_items)
}

# The model of every item, where they are not all nominal; `options` are in their final order.
find_item_models <- function(read, options, kept, call) {
  n_options <- options_by_item(options, nrow(read$items))
  graded <- read$graded & n_options > 2
  unordered <- which(graded & rep(read$order == "text", length.out = nrow(read$items)))
  if (length(unordered) > 0) {
    own <- unique(options$label[options$item == unordered[[1]]])
    abort_vaeirt(
      c(
        "Graded items need options in order, and those of {length(unordered)} item{?s} are text.",
        x = "Those of {.val {read$items$item[[unordered[[1]]]]}} are {.val {utils::head(own, 5)}}{more_than(own, 5)}.",
        i = "Make them ordered factors, {.code factor(x, levels = c(...), ordered = TRUE)}, or numbers."
      ),
      "argument",
      call
    )
  }
  if (any(graded[kept])) ifelse(graded[kept], "graded", "nominal")
}

# Options in order have no reference: the lowest is where they begin.
refuse_reference_of_graded <- function(is_reference, read, call) {
  options <- read$options
  lowest <- !duplicated(options$item)
  several <- options_by_item(options, nrow(read$items)) > 2
  bad <- which(is_reference & !lowest & (read$graded & several)[options$item])
  if (length(bad) > 0) {
    item <- read$items$item[[options$item[[bad[[1]]]]]]
    abort_vaeirt(
      c(
        "Item {.val {item}} is graded: its options keep their order, of which {.arg reference} cannot choose another first one.",
        i = "Leave it out of {.arg reference}, reverse the levels, or give {.code items = \"nominal\"}."
      ),
      "argument",
      call
    )
  }
  is_reference & lowest | is_reference & !(read$graded & several)[options$item]
}
