# Columns of a data frame with one column per item that are no items: covariates, weights, identifiers. A column is judged by
# the others.

# As many others there must be.
least_alike <- 5

# Columns of text among columns of numbers, by their place: at least five of numbers (or TRUE and FALSE), and nine in ten.
# Ratings (ordered factors), numbers written as text, answers such as "yes" and columns that are named like the others may
# well be items.
text_among_numbers <- function(columns) {
  numbers <- vapply(columns, function(column) is.numeric(column) || is.logical(column), logical(1))
  usable <- vapply(columns, holds_responses, logical(1))
  if (sum(numbers & usable) < max(least_alike, 0.9 * sum(usable))) {
    return(integer())
  }
  is_text <- function(column) {
    if (!is.character(column) && !is.factor(column) || is.ordered(column)) {
      return(FALSE)
    }
    labels <- if (is.factor(column)) levels(column) else unique(as.vector(unclass(column)))
    labels <- labels[!is.na(labels) & nzchar(labels)]
    length(labels) > 0 && all(validEnc(labels)) && !all(!is.na(whole_numbers(labels))) && !mostly_answers(labels)
  }
  text <- unname(which(vapply(columns, is_text, logical(1))))
  text[!is_in_series(names(columns)[text], names(columns)[numbers & usable])]
}

# Names that go on with the numbers of others, most of which have letters in common: q21 beside q1 to q20, or i21.
is_in_series <- function(names, others) {
  start <- function(names) sub("[0-9]+$", "", to_lower(names))
  number <- function(names) suppressWarnings(as.numeric(sub("^.*?([0-9]+)$", "\\1", names)))
  known <- others[grepl("[0-9]$", others)]
  starts <- start(known)
  usual <- unique(starts)[which.max(tabulate(match(starts, unique(starts))))]
  alike <- known[starts %in% usual]
  if (length(alike) < max(least_alike, length(others) / 2)) {
    return(logical(length(names)))
  }
  follows <- number(names) %in% (max(number(alike)) + 1) & nchar(start(names)) <= 2
  grepl("[0-9]$", names) & (start(names) %in% usual | follows)
}

# Half of the labels at least are words of answers. ("no" alone may be Norway.)
mostly_answers <- function(labels) {
  labels <- to_lower(labels)
  mean(grepl(" (dis)?agree$", labels) | labels %in% c(
    "yes", "no", "y", "n", "true", "false", "t", "f", "agree", "disagree", "yea", "nay", "aye", "for", "against",
    "right", "wrong", "correct", "incorrect", "ja", "nein", "nej", "nei", "oui", "non", "si",
    "never", "rarely", "seldom", "sometimes", "occasionally", "often", "usually", "frequently", "always"
  )) >= 0.5
}

# What columns of these names usually hold: "respondent", "weights", "metadata", or NA.
role_of_name <- function(names) {
  # Names that are not in their encoding are refused when it is known that they are items.
  names[!validEnc(as.character(names))] <- NA
  name <- gsub("[. -]", "_", to_lower(names))
  role <- rep(NA_character_, length(name))
  role[name %in% covariates | grepl("_(date|year)$|^(r|con)?inc(ome)?[0-9]*$", name)] <- "metadata"
  weight <- "(w|wt|wgt|freq|fweight|weights?|pweight|weighting|sampling_?weight|survey_?weight)"
  role[grepl(paste0("^", weight, "$"), name) | grepl("(^weight_|_(wt|wgt|weight|pweight)$)", name)] <- "weights"
  id <- "(id|ids|uid|uuid|idno|name|names|respondent|resp_?id|case_?id|person_?id|voter_?id|icpsr|bioguide|legislator)"
  role[grepl(paste0("^", id, "$"), name) | grepl("_id$", name)] <- "respondent"
  role
}

covariates <- c(
  "party", "party_code", "party_name", "pid", "pid3", "pid7", "state", "state_abbrev", "district", "constituency",
  "county", "region", "country", "nation", "province", "city", "town", "precinct", "chamber", "congress", "zip", "zipcode",
  "zip_code", "postcode", "age", "age_group", "agegroup", "agecat", "birthyr", "birthyear", "birth_year", "yob", "sex",
  "gender", "female", "male", "race", "ethnicity", "hispanic", "education", "educ", "edu", "income", "faminc", "religion",
  "marital", "marital_status", "occupation", "urban", "rural", "year", "month", "day", "date", "time", "wave", "stratum",
  "strata", "psu", "cluster", "school", "class", "grade", "treatment", "treat", "language", "mode", "duration",
  "partyid", "party_id", "polviews", "degree", "relig", "wrkstat", "marstat", "essround", "round", "cntry", "gndr",
  "agea", "eduyrs", "eisced", "domicil", "total", "total_score", "sum", "sum_score", "sumscore", "score", "n_correct"
)

# The items of `read`, as clean_responses() gives it, that may be none: their places, and which of these are `identifiers`.
odd_items <- function(read) {
  options <- read$options[read$options$count > 0, ]
  n_items <- nrow(read$items)
  n_options <- options_by_item(options, n_items)
  if (n_items <= least_alike) {
    return(list(at = integer(), identifiers = integer()))
  }
  names <- read$items$item
  role <- role_of_name(names)
  # Words are no weights: "freq" may be how often.
  words <- seq_along(names) %in% options$item[is.na(whole_numbers(options$label))]
  role[role %in% "weights" & words] <- NA
  plain <- !is_in_series(names, names)
  common <- common_labels(options, n_options)
  unlike <- !is.na(role) & (differs_in_name(names) | (common$alike >= 0.6 * n_items & !common$same))
  own <- is_own_to_everybody(options, n_options, read)
  odd <- unlike | own | has_quantities(options, common, n_options, plain) | is_foreign(options, common, n_options, plain)
  complete <- responses_by_item(read) == nrow(read$respondents)
  list(at = which(odd & n_options > 1), identifiers = which(own & complete))
}

# The set of labels that most items keep to: the `labels`, how many items are `alike` in that they have no other, which have
# the `same` ones and which have `none` of them. Fewer than five items do not make it.
common_labels <- function(options, n_options) {
  n_items <- length(n_options)
  label <- match(options$label, unique(options$label))
  order <- order(options$item, label)
  set <- rep("", n_items)
  own <- split(label[order], options$item[order])
  set[as.integer(names(own))] <- vapply(own, paste, character(1), collapse = " ")
  sets <- unique(set[n_options > 1 & n_options <= 25])
  often <- sets[utils::head(order(-tabulate(match(set, sets), length(sets))), 5)]
  inside <- lapply(strsplit(often, " "), function(labels) {
    tabulate(options$item[label %in% as.integer(labels)], n_items)
  })
  alike <- vapply(inside, function(n) sum(n == n_options & n > 0), numeric(1))
  if (length(alike) == 0 || max(alike) < least_alike) {
    return(list(labels = character(), alike = 0, same = logical(n_items), none = logical(n_items)))
  }
  best <- which.max(alike)
  labels <- unique(options$label)[as.integer(strsplit(often[[best]], " ")[[1]])]
  list(labels = labels, alike = alike[[best]], same = set == often[[best]], none = inside[[best]] == 0)
}

# Names without a number where those of most others end in one, or with another beginning than most others have.
differs_in_name <- function(names) {
  most <- function(alike) if (sum(alike) >= max(least_alike, 0.75 * length(names))) alike else rep(TRUE, length(names))
  start <- sub("[0-9._ -].*$", "", names)
  own <- unique(start[nzchar(start) & start != names])
  usual <- own[which.max(tabulate(match(start, own), length(own)))]
  !most(grepl("[0-9]$", names)) | !most(start %in% usual)
}

# Every respondent has a value of his own, and on most items many share one.
is_own_to_everybody <- function(options, n_options, read) {
  n_responses <- responses_by_item(list(items = read$items, options = options))
  own <- n_options >= 10 & n_options == n_responses
  shared <- sum(n_options > 0 & n_options <= n_responses / 2)
  own & shared >= max(least_alike, 0.75 * length(own))
}

# More than 25 numbers, where most items have fewer options; or five times those of nearly all others, as a sum of them has,
# unless the column is named like them.
has_quantities <- function(options, common, n_options, plain, most = 25) {
  n_numbers <- tabulate(options$item[!is.na(whole_numbers(options$label))], length(n_options))
  many <- n_numbers > most & sum(n_options <= most) >= max(least_alike, 2 / 3 * length(n_options))
  usual <- length(common$labels)
  more <- plain & n_numbers > max(11, 5 * usual) & usual > 0 & common$alike >= 0.9 * (length(n_options) - 1)
  n_numbers == n_options & (many | more)
}

# None of the labels that most others have: words among numbers (where four in five are alike), words of its own, many
# numbers among words, or large numbers among small ones (where nine in ten are).
is_foreign <- function(options, common, n_options, plain) {
  n_items <- length(n_options)
  number <- whole_numbers(options$label)
  usual <- whole_numbers(common$labels)
  answers <- vapply(split(options$label, factor(options$item, seq_len(n_items))), mostly_answers, logical(1))
  words <- tabulate(options$item[is.na(number)], n_items) > 0 & !(answers %in% TRUE)
  large <- tabulate(options$item[!is.na(number) & number >= 100], n_items) == n_options & all(usual <= 20) %in% TRUE
  many <- n_options > 10 & all(is.na(usual))
  often <- common$alike >= 0.9 * n_items
  plenty <- common$alike >= 0.8 * n_items && !anyNA(usual)
  # Several covariates have words of their own each; a battery of items shares them.
  single <- common$none & words & plain & !shares_labels(options, n_items)
  apart <- single & common$alike >= max(0.9 * (n_items - sum(single)), 2 / 3 * n_items)
  apart | common$none & ((words & (often || plenty)) | ((large | many) & often))
}

# Has an item a label that another one has, beside those of the most frequent set? It is enough to look at words.
shares_labels <- function(options, n_items) {
  shared <- options$label %in% options$label[duplicated(options$label)]
  tabulate(options$item[shared & is.na(whole_numbers(options$label))], n_items) > 0
}

# Names the columns that were set aside and the items that may be none, once, and marks the latter. With `metadata = c()` the
# user has said that all columns are items.
warn_of_columns <- function(read) {
  table <- read$columns
  if (is.null(table) || table$all_items) {
    return(read)
  }
  found <- odd_items(read)
  read$odd <- found$at
  odd <- read$items$item[found$at]
  aside <- table$aside
  if (length(odd) + length(aside) == 0) {
    return(read)
  }
  n <- length(odd)
  left <- "{.val {first_few(odd)}} {cli::qty(n)}{?is/are} unlike the other columns and may be no item{?s}. As
           {?it is, it is an item/they are, they are items} of the model."
  kept <- "{.val {first_few(aside)}}, text among columns of numbers, {cli::qty(length(aside))}{?is/are} taken for metadata, not
           for {?an item/items}."
  messages <- c(if (length(aside) > 0) kept, if (n > 0) left)
  names(messages) <- c("", "!")[seq_along(messages)]
  table$identifiers <- c(table$identifiers, read$items$item[found$identifiers])
  advice <- column_advice(c(aside, odd), table)
  warn_vaeirt(
    c(
      messages,
      i = "Say what {cli::qty(n + length(aside))}{?it is/they are}: {.code {advice}}.",
      i = "If all columns are items, set {.code metadata = c()}."
    ),
    "columns"
  )
  read
}

first_few <- function(names, most = 10) if (length(names) > most) c(utils::head(names, most), "...") else names

# The arguments to type for columns that are no items. `table` tells which arguments were `given`, what `metadata` selects,
# which columns are `identifiers` by their values, and which cannot be, whatever their name: `repeated`.
column_advice <- function(names, table) {
  role <- role_of_name(names)
  role[is.na(role) & names %in% table$identifiers] <- "respondent"
  role[is.na(role) | (role == "respondent" & names %in% table$repeated)] <- "metadata"
  # One column of weights; one of names, which several would be joined to.
  for (arg in c("respondent", "weights")) {
    own <- which(role == arg)
    role[if (arg %in% table$given) own else own[-1]] <- "metadata"
  }
  own <- split(names, factor(role, c("metadata", "respondent", "weights")))
  if (length(own$metadata) > 0) own$metadata <- unique(c(table$metadata, own$metadata))
  own <- own[lengths(own) > 0]
  paste(vapply(base::names(own), function(arg) paste(arg, "=", as_selection(own[[arg]])), character(1)), collapse = ", ")
}

# Columns that name respondents, by their own names or as text (at `places`), but not each by a name of his own.
repeated_columns <- function(x, places) {
  called <- union(which(role_of_name(names(x)) == "respondent"), places)
  repeated <- vapply(as.list(x)[called], function(column) anyNA(column) || anyDuplicated(column) > 0, logical(1))
  names(x)[called[repeated]]
}

# Names of columns as they are typed.
as_selection <- function(names, most = 30) {
  typed <- vapply(names, function(name) {
    paste(deparse(as.name(shorten(name)), backtick = TRUE), collapse = "")
  }, character(1))
  if (length(typed) > most) typed <- c(utils::head(typed, most), "...")
  if (length(typed) == 1) typed else paste0("c(", paste(typed, collapse = ", "), ")")
}
