# What is set aside before the model sees the responses, step by step. Each step takes what read_responses() gives,
# forgets responses in its cells, shortens its `options`, and appends to its `dropped`, a list of tibbles.

# How responses are read and set aside: the arguments of irt_responses(), checked.
new_rules <- function(missing = NULL, drop = NULL, min_responses = 1, min_count = 1, rare = choices_of("rare"),
                      duplicates = choices_of("duplicates"), threads = default_threads(), weight_type = NULL,
                      call = caller_env()) {
  for (arg in c("missing", "drop")) {
    value <- get(arg)
    if (!is.null(value) && !is.atomic(value)) {
      abort_vaeirt("{.arg {arg}} must be a vector of values, not {describe(value)}.", "argument", call)
    }
  }
  list(
    missing = missing,
    drop = drop,
    min_responses = check_count(min_responses, call = call),
    min_count = check_count(min_count, call = call),
    rare = check_choice(rare, choices_of("rare"), call = call),
    duplicates = check_choice(duplicates, choices_of("duplicates"), call = call),
    threads = check_count(threads, max = 1024, call = call),
    weight_type = if (!is.null(weight_type)) check_choice(weight_type, weight_types, call = call)
  )
}

# The values that an argument of irt_responses() may have, the default first.
choices_of <- function(arg) eval(formals(irt_responses)[[arg]])

# One row for each thing that was set aside; `n` is how many things the row stands for.
aside <- function(kind, name, reason, n_responses = 0, n = 1L) {
  table <- tibble::tibble(name = as.character(name), n_responses = as.double(n_responses), n = as.integer(n))
  tibble::tibble(
    kind = rep(kind, nrow(table)), name = table$name, reason = rep(reason, length.out = nrow(table)),
    n = table$n, n_responses = table$n_responses
  )
}

set_aside <- function(read, ...) {
  read$dropped <- c(read$dropped, list(aside(...)))
  read
}

# Keeps some rows of the options, and forgets the responses with the others.
keep_options <- function(read, kept, call) {
  gone <- read$options$raw[!kept & read$options$count > 0]
  if (length(gone) > 0) {
    kept_raw <- rep(TRUE, read$n_raw)
    kept_raw[gone] <- FALSE
    unwrap_rust(rust_keep_options(read$cells, kept_raw), call)
  }
  read$options <- read$options[kept, ]
  read
}

recount <- function(read, counts) {
  read$options$count <- ifelse(is.na(read$options$raw), 0, counts[read$options$raw])
  read
}

# Labels that mean that there is no response.
drop_labels <- function(read, rules, call) {
  absent <- names_missing(read$options$label, rules$missing)
  if (!is.null(read$options$code)) absent <- absent | names_missing(read$options$code, rules$missing)
  unwanted <- !absent & goes_by(read$options, as_names(rules$drop))
  if (any(unwanted)) {
    lost <- tapply(read$options$count[unwanted], read$options$label[unwanted], sum)
    read <- set_aside(read, "label", names(lost), "named by drop", lost)
  }
  if (any(absent | unwanted)) keep_options(read, !(absent | unwanted), call) else read
}

# `known`: the labels that there are; `labels`: those that the argument `arg` names.
inform_of_unused <- function(labels, known, arg) {
  unused <- setdiff(labels, known)
  if (length(unused) > 0) {
    near <- if (length(known) > 0) most_similar(unused[[1]], unique(known))
    warn_vaeirt(
      c(
        paste0("No response has the label{?s} {.val {unused}} of {.arg ", arg, "}."),
        i = "Labels are told apart by case.",
        i = if (length(near) > 0) "The most similar label{?s} {?is/are} {.val {near}}."
      ),
      "labels"
    )
  }
}

# Those of `missing` that must be in the data: words, but not of no_answer(), and numbers, unless one of them is there:
# surveys have a list of codes for all questions. `known`: the labels that there are.
expected_missing <- function(missing, known) {
  given <- as_names(missing)
  given <- given[!is.na(given)]
  if (inherits(missing, "vaeirt_no_answer") || all(no_answer_words %in% given)) {
    given <- setdiff(given, no_answer_words)
  }
  number <- !is.na(suppressWarnings(as.double(given)))
  # Numbers that are not whole are gone when the data have been read.
  listed <- number & (any(given[number] %in% known) | is.na(whole_numbers(given)))
  given[!listed]
}

responses_by_item <- function(read) {
  counts <- double(nrow(read$items))
  total <- tapply(read$options$count, read$options$item, sum)
  counts[as.integer(names(total))] <- total
  counts
}

# Options that few respondents chose.
drop_rare <- function(read, rules, call) {
  is_rare <- function(read) read$options$count > 0 & read$options$count < rules$min_count
  if (rules$rare == "pool" && any(is_rare(read))) {
    read <- pool_rare(read, is_rare(read), rules$min_count)
  }
  rare <- is_rare(read) & !(read$options$pooled %||% FALSE)
  if (any(rare)) {
    read <- set_aside(read, "option", option_names(read, rare), "rare", read$options$count[rare])
    read <- keep_options(read, !rare, call)
  }
  read
}

# Makes the rare options of an item one, where together they are not rare and not in order.
pool_rare <- function(read, rare, min_count) {
  options <- read$options
  # Options in order do not become one that lies nowhere among them.
  pool <- (rare | options$label == pooled_label) & !read$graded[options$item]
  total <- rowsum(ifelse(pool, options$count, 0), options$item)
  large <- as.integer(rownames(total))[total >= min_count]
  pooled <- pool & options$item %in% large
  if (!any(rare & pooled)) {
    return(read)
  }
  by_item <- split(options$label[pooled], factor(options$item[pooled], seq_len(nrow(read$items))))
  read$pooled <- unname(by_item)
  read <- set_aside(read, "option", option_names(read, rare & pooled), "pooled")
  read$options$label[pooled] <- pooled_label
  if (!is.null(read$options$code)) read$options$code[pooled] <- pooled_label
  read$options$rank[pooled] <- Inf
  read$options$pooled <- pooled
  read
}

pooled_label <- "(other)"

option_names <- function(read, rows) {
  paste0(read$items$item[read$options$item[rows]], ": ", read$options$label[rows], recycle0 = TRUE)
}

# Items with fewer than two options, and options that nobody chose.
drop_uninformative <- function(read, unchosen, call) {
  chosen <- read$options$count > 0
  n_options <- options_by_item(read$options[chosen, ], nrow(read$items))
  poor <- which(n_options < 2 & !read$gone)
  if (length(poor) > 0) {
    reason <- ifelse(n_options[poor] == 0, "no response", "unanimous")
    read <- set_aside(read, "item", read$items$item[poor], reason, responses_by_item(read)[poor])
    read$gone[poor] <- TRUE
  }
  kept <- !read$gone[read$options$item]
  if (any(kept & !chosen)) {
    read <- set_aside(read, "option", option_names(read, kept & !chosen), unchosen)
  }
  if (all(kept & chosen)) read else keep_options(read, kept & chosen, call)
}

# How many options each item has; those that share a label are one.
options_by_item <- function(options, n_items) {
  tabulate(options$item[!duplicated(options[c("item", "label")])], n_items)
}

# Respondents with few responses keep their rows.
drop_short <- function(read, rules, call) {
  if (rules$min_responses < 2) {
    return(read)
  }
  found <- unwrap_rust(rust_drop_short(read$cells, rules$min_responses), call)
  if (length(found$respondents) == 0) {
    return(read)
  }
  read <- recount(read, found$count)
  read$short <- found$respondents
  read$short_responses <- found$n_responses
  drop_uninformative(read, "no longer chosen", call)
}

# The rows of `$dropped` for respondents: their names, or how many there are where these would fill the memory.
set_aside_respondents <- function(read, n_responses) {
  read <- name_set_aside(read, read$short, "too few responses", as.double(read$short_responses))
  silent <- which(n_responses == 0)
  name_set_aside(read, setdiff(silent, read$short), "no response", 0)
}

name_set_aside <- function(read, rows, reason, n_responses, most = 1e5) {
  if (length(rows) > most) {
    return(set_aside(read, "respondent", NA_character_, reason, sum(n_responses), length(rows)))
  }
  set_aside(read, "respondent", respondent_names(read$respondents, rows), reason, n_responses)
}

no_dropped <- function() aside(character(), character(), character(), numeric(), integer())

# In the order of the kinds.
list_dropped <- function(read) {
  dropped <- do.call(rbind, read$dropped)
  dropped[order(match(dropped$kind, c("column", "label", "item", "option", "response", "respondent"))), ]
}

# How many of each kind were set aside, in words.
count_dropped <- function(dropped) {
  own <- function(kind, reason) dropped$kind == kind & dropped$reason == reason
  n <- function(kind, reason) sum(dropped$n[own(kind, reason)])
  n_lost <- function(kind, reason) sum(dropped$n_responses[own(kind, reason)])
  counts <- c(
    cli::pluralize("{n('column', 'text among numbers')} column{?s} kept as metadata"),
    cli::pluralize("{n_lost('label', 'named by drop')} response{?s} with a label named by `drop`"),
    cli::pluralize("{n_lost('response', 'identical duplicates')} identical duplicate{?s} (one of each is kept)"),
    cli::pluralize("{n_lost('response', 'duplicate responses')} duplicate response{?s}"),
    cli::pluralize("{n('item', 'duplicate responses')} item{?s} with duplicate responses"),
    cli::pluralize("{n('option', 'rare')} rare option{?s}"),
    cli::pluralize("{n('option', 'pooled')} rare option{?s} pooled"),
    cli::pluralize("{n('item', 'unanimous')} unanimous item{?s}"),
    cli::pluralize("{n('item', 'no response')} item{?s} without a response"),
    cli::pluralize("{n('option', 'never chosen')} option{?s} that nobody chose"),
    cli::pluralize("{n('option', 'no longer chosen')} option{?s} that nobody chose any more"),
    cli::pluralize("{n('respondent', 'too few responses')} respondent{?s} with too few responses (kept with NA)"),
    cli::pluralize("{n('respondent', 'no response')} respondent{?s} without a response (kept with NA)")
  )
  counts[!startsWith(counts, "0 ")]
}
