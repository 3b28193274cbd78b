# The response models of the items: "nominal" (options in no order) or "graded" (options in order).

item_models <- c("nominal", "graded")

# The models of the items of a catalogue, which names them where they are not all nominal.
models_of <- function(items) items[["model"]] %||% rep("nominal", length(items$options))

# How the options of an item get their probabilities.
response_form <- function(link, model = "nominal") list(link = link, model = model)

# That of each item of a fit.
response_forms <- function(fit) lapply(models_of(fit$parameters$items), response_form, link = fit$link)

# Are the options of an item of a model in order?
has_order <- function(model) model == "graded"

# The argument `items`, a quosure: NULL, or the model of all items. `items = race` is what people write for `item`.
check_item_models <- function(items, call) {
  value <- tryCatch(rlang::eval_tidy(items), error = function(cnd) quote(unknown))
  if (is.null(value)) {
    return(NULL)
  }
  if (!rlang::is_string(value) || !is.null(names(value)) || !value %in% item_models) {
    near <- if (rlang::is_string(value)) intersect(most_similar(value, item_models), similar_arguments(value, item_models))
    abort_vaeirt(
      c(
        "{.arg items} must be {.or {.val {item_models}}}: how the options of all items get their probabilities.",
        i = if (!is.character(value)) "Did you mean {.arg item}, which selects the column of the items?",
        i = if (length(near) > 0) "Did you mean {.val {near}}?",
        i = if (is.character(value)) "Without it ordered factors are graded, and all other items nominal."
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
  } else if (is.character(column)) {
    "text"
  } else {
    "values"
  }
}

# Which items are graded if they have several options left: those that were asked for or, unasked, the ordered factors. `order`:
# order_of_values() of every item, or of all.
are_graded <- function(model, order, n_items) {
  graded <- if (is.null(model)) order == "ordered" else has_order(model)
  rep(graded, length.out = n_items)
}

# Graded items with several options left: with two, all models are the same.
are_in_order <- function(read, options = read$options) read$graded & options_by_item(options, nrow(read$items)) > 2

# The model of every item, where they are not all nominal; `options` are in their final order.
find_item_models <- function(read, options, kept, call) {
  graded <- are_in_order(read, options)
  unordered <- which(graded & read$order == "text")
  if (length(unordered) > 0) {
    own <- unique(options$label[options$item == unordered[[1]]])
    abort_vaeirt(
      c(
        "Graded items need options in order, and those of {length(unordered)} item{?s} are text.",
        x = "Those of {.val {read$items$item[[unordered[[1]]]]}} are {.val {utils::head(own, 5)}}{more_than(own, 5)}.",
        i = "Make them ordered factors, {.code factor(x, levels = c(...), ordered = TRUE)}, or numbers.",
        i = "Without {.arg items} ordered factors alone are graded."
      ),
      "argument",
      call
    )
  }
  warn_of_alphabet(options[graded[options$item] & options$new, ], read$items$item)
  if (any(graded[kept])) ifelse(graded[kept], "graded", "nominal")
}

# Levels of a factor that nobody put in order are in that of the alphabet; four or more are seldom so by chance.
warn_of_alphabet <- function(options, items) {
  by_item <- split(options$label, options$item)
  alphabetical <- vapply(by_item, function(labels) {
    number <- suppressWarnings(as.numeric(sub("^ *([-+]?[0-9.]+).*$", "\\1", labels)))
    length(labels) > 3 && any(nchar(labels) > 1) && identical(labels, sort(labels, method = "radix")) &&
      (anyNA(number) || is.unsorted(number))
  }, logical(1))
  if (!any(alphabetical)) {
    return(invisible())
  }
  first <- which(alphabetical)[[1]]
  labels <- by_item[[first]]
  warn_vaeirt(
    c(
      "The options of {sum(alphabetical)} graded item{?s}, such as {.val {items[[as.integer(names(by_item)[[first]])]]}}, are in
       the order of the alphabet: {.val {utils::head(labels, 5)}}{more_than(labels, 5)}.",
      i = "If that is not their order, name the levels: {.code factor(x, levels = c(...), ordered = TRUE)}."
    ),
    "order"
  )
}

# Options in order have no reference: the lowest is where they begin.
refuse_reference_of_graded <- function(is_reference, read, call) {
  graded <- are_in_order(read)[read$options$item]
  bad <- which(is_reference & graded & duplicated(read$options$item))
  if (length(bad) > 0) {
    item <- read$items$item[[read$options$item[[bad[[1]]]]]]
    abort_vaeirt(
      c(
        "Item {.val {item}} is graded: its options keep their order, of which {.arg reference} cannot choose another first one.",
        i = "Leave it out of {.arg reference}, reverse the levels, or give {.code items = \"nominal\"}."
      ),
      "argument",
      call
    )
  }
  is_reference
}
