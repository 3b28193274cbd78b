#' Responses of respondents to items
#'
#' Reads data: checks the input, finds the items and their response options, sets aside what cannot inform the
#' model, and stores each observed response once. [vae_irt()] calls it on its first argument.
#'
#' @details
#' Missing responses (`NA`) are treated as missing at random; they take neither time nor memory.
#'
#' `NaN` is missing as well. An empty string and the string `"NA"` are options like any other, unless `missing` names them;
#' a warning (of class `vaeirt_warning_codes`) points to them, as it does to other words that mean no answer (see
#' [no_answer()]), to numbers that look like the codes of roll calls (1, 6, 9), to codes by which surveys mean that there is no
#' answer because they stand apart from the scale of their item (9 beside 0 and 1, -9 or 99), and to items with more than 25
#' numbers as options. Labels and names that differ only in case, blanks and the like are pointed to by a warning of class
#' `vaeirt_warning_labels` (names of respondents up to 100,000, and not those of files), as are values of `missing` and `drop`
#' that no response has. Metadata columns whose names the results use (`estimate`, `dimension`, of
#' items also `model`, ...) are left out.
#'
#' Numbers that are whole but for rounding (`0.1 * 3 / 0.3`) are whole.
#'
#' Two items are named in a warning (of class `vaeirt_warning_items`) where they are one and the same, up to the names of their
#' options: all who answered both, 50 or more, chose alike, and 10 or more chose another than the most frequent option. Such
#' items count what they measure twice. Nothing is said where items agree by chance, as votes along the lines of parties do:
#' where about as many others nearly agree (on up to 5 % they differ), or one pattern recurs throughout. The comparison looks
#' at 4,096 respondents first (fewer for more than 5,000 items), where the same numbers hold; it leaves out data with more
#' than 20,000 items.
#'
#' Rows of `legis.data` and `vote.data` of a `rollcall` object belong to the rows and columns of `votes` that have their
#' names: their row names or, where these say nothing, the values of a column that holds all names of `votes`. Legislators and
#' roll calls without a row have `NA`, with a warning. Where nothing tells, as with row names 1, 2, ..., they are taken in
#' their order, if there are as many; if not, they are left out with a warning.
#'
#' Every respondent and every item needs a name of its own: an empty one is an error. Text has to be in the encoding that R
#' takes it to be in.
#'
#' The reference option of an item, whose discrimination and difficulty are 0, is nay, `FALSE`, the smallest number, the
#' first factor level or the first label in the order of the C locale, unless `reference` says otherwise.
#'
#' What is set aside is counted in a message and listed in `$dropped`, in this order:
#' 1. responses with a label in `missing` (not listed) or `drop`;
#' 2. more than one response of a respondent to an item: an error, unless `duplicates` says what to set aside or to keep;
#' 3. options that fewer than `min_count` respondents chose: dropped, or pooled into one option of their item,
#'    `"(other)"`, which is dropped when it is as rare itself;
#' 4. items with fewer than two chosen options (unanimous roll calls, uncontested races, empty columns), and options that
#'    nobody chose;
#' 5. respondents with fewer than `min_responses` remaining responses. They and respondents without any response keep
#'    their row, with `NA`, in the estimates;
#' 6. items and options as in step 4, once more.
#'
#' Parquet files are read a batch of rows at a time (the subfolders of a folder are not read), compressed with snappy, zstd,
#' gzip or not at all. Columns may hold text, whole numbers (also stored as doubles) or TRUE and FALSE. A respondent's
#' rows may lie anywhere in the files; respondents and items are numbered in the order in which they occur. A missing
#' response is missing; a missing respondent or item is an error.
#'
#' @section Columns that are no items:
#' In a data frame with one column per item every column is an item that `respondent`, `metadata` and `weights` do not
#' select. Columns unlike the others are named in a warning (of class `vaeirt_warning_columns`), with what to type:
#' * columns of text or factors, where at least five columns and nine in ten hold numbers or TRUE and FALSE, are taken for
#'   `metadata` and listed in `$dropped`. Ordered factors, numbers written as text and answers such as `"yes"` are not;
#' * other columns stay items: those with names such as `party`, `state`, `id`, `weight` or `age` whose values or names
#'   differ from those of the others, those with a value for each respondent, or with more than 25 numbers, and those that
#'   share no label with nine in ten of the others.
#'
#' Five columns at least have to agree. `metadata = c()` says that all columns are items: then nothing is set aside or said.
#'
#' @section Options in order:
#' A graded item (Samejima 1969) has options in order, from the first level of a factor or the smallest number to the last or the
#' largest, one discrimination and a threshold between any two options: option k or a higher one is chosen with probability
#' `F(alpha . gamma - beta_k)`. Its rows in tables of items are those of all options but the lowest, with the same
#' discrimination, and with the thresholds as difficulties, which rise. Ordered factors are graded unless `items = "nominal"` says
#' otherwise; `items = "graded"` makes all items graded: factors with their levels in order, numbers and labelled values. Text has
#' no order but that of the alphabet, and is refused; levels of a factor in the order of the alphabet are warned of (class
#' `vaeirt_warning_order`). Items with two options are the same either way. Rare options of graded items are dropped,
#' never pooled:
#' join them to their neighbours in the data if they are to count.
#'
#' @section Weights:
#' Every response counts with the weight of its respondent: in the likelihood, the reported scale, `nobs()`, AIC, BIC,
#' [response_fit()], [cutpoints()] and [cv_dims()]. `n_responses` of `$estimates` and `$items`, and what `min_count` and
#' `min_responses` count, are rows of the data.
#' * **Frequencies** count people: a row with the weight 2 gives what two rows give. They need not be whole numbers if
#'   `weight_type` says so.
#' * **Sampling weights** are one person's each. They are divided by their mean, so that any multiple of them gives the same
#'   fit. The
#'   estimates are those of the population; the standard errors of the items are a sandwich (Binder 1983), which
#'   holds whatever the weights have to do with the responses, and location and scale are as uncertain as
#'   `sum(w)^2 / sum(w^2)` respondents leave them, see [vae_control()]. Strata and clusters are not known.
#'
#' @section Files of SPSS, Stata and SAS:
#' Package haven reads them: `haven::read_sav(path, user_na = TRUE)`, which keeps the values that SPSS declares missing,
#' `haven::read_dta(path)` and `haven::read_sas(path)`. Their labelled columns (classes `haven_labelled` and
#' `haven_labelled_spss`) are understood, here and in `newdata` of [predict()][predict.vae_irt]:
#' * values that are declared missing (`na_values`, `na_range`, tagged missing values) are missing;
#' * the options are named by the labels of the values, in the order of the values. A value without a label keeps its
#'   number, as does one whose label is also that of another value. Labels of values that do not occur are not mentioned;
#' * `missing`, `drop` and `reference` take the label or the value: `missing = 88` and `missing = "Don't know"` are the same;
#' * the texts of the questions (also those of packages Hmisc and labelled) are kept in the column `question` of the items;
#' * columns for `respondent`, `item` or `metadata` become factors where most of the values that occur have labels.
#'
#' @param x One of
#'   * a `rollcall` object of package pscl: its codes are honoured, `legis.data` and `vote.data` are kept as metadata, matched
#'     to `votes` by name (see below);
#'   * a numeric, logical or character matrix, respondents in rows and items in columns, with 0/1, whole numbers or labels
#'     for the response options and `NA` for missing;
#'   * a data frame with one column per item (factor, character, logical, whole number, or labelled values of package
#'     haven), and in the columns selected by `respondent`, if any, the respondents' names;
#'   * a data frame with one row per response, when `respondent`, `item` and `response` select its columns;
#'   * a path to a Parquet file with one row per response, several paths, or a folder (all files in it whose names end in
#'     `.parquet`), with `respondent`, `item` and `response` selecting columns of the first file;
#'   * an `irt_responses` object, which is returned as it is.
#' @param ... Must be empty: an unknown argument is an error.
#' @param respondent,item,response <[`tidy-select`][tidyselect::language]> Columns of a data frame or of Parquet files.
#'   Several columns for `respondent` are joined by `"/"` and kept as metadata. Where one of them is `NA`,
#'   the name is made of the others: `c(name, party)` gives `"Smith"` for a Smith without a party. With one row per response
#'   this needs another column that tells everybody apart.
#' @param metadata <[`tidy-select`][tidyselect::language]> Columns of a data frame that are not items. They are kept beside the
#'   respondents, of any type, such as `c(party, state)`; missing values are allowed. With one row per response they are
#'   constant within a respondent. `c()`: all columns are items, see the section on columns that are no items.
#' @param items How the options of the items get their probabilities: `"nominal"` (in no order), `"graded"` (in order, see the
#'   section on options in order), or `NULL`: graded for ordered factors, nominal for all others.
#' @param reference The label (or number) of the reference option: one string for all items, or several named by their items.
#'   Graded items have none: their first option is the lowest.
#' @param missing Values to be treated as missing, beside `NA`, in all items: numbers or labels, matched exactly, or the usual
#'   words, `missing = no_answer()` (see [no_answer()]).
#' @param drop Labels to be treated as missing and counted in `$dropped`, such as `c("undervote", "overvote", "writein",
#'   "")`. They are matched exactly, case included.
#' @param weights Weights of the respondents, from 1e-12 to 1e12: a column (constant within a respondent) of a data frame or
#'   of Parquet files; for data frames also an expression of columns, such as `w / mean(w)`, which then are no items; for
#'   tables with one row per respondent also a vector with one number for each row, or with one for
#'   the name of each row, in any order. They enter the likelihood and the reported scale, and every number that says how well
#'   the model fits, see the section on weights.
#' @param weight_type What the weights count: `"frequency"`, how many people gave these responses, or `"sampling"`, one person
#'   each, who stands for more or fewer people than others. `NULL`: frequencies if all are whole numbers, else sampling weights.
#' @param min_responses Respondents with fewer responses contribute none.
#' @param min_count Response options that fewer respondents chose are set aside.
#' @param rare `"drop"`: responses with such an option become missing; `"pool"`: these options become one (not those of graded
#'   items, which are dropped).
#' @param duplicates What to do about more than one response of a respondent to an item: `"error"`; `"drop_response"` drops
#'   all of these responses; `"drop_item"` the whole item; `"keep_identical"` keeps one of them where they are all the same, as
#'   they are when a roll was stored twice, and drops those that differ.
#' @param threads Worker threads, see [vae_control()]; the results do not depend on it.
#' @param .call For packages that call this function: the environment whose call errors name.
#' @return A list of class `irt_responses`:
#'   * `respondents`: tibble with one row per respondent: `respondent` (character), the metadata, and `n_responses`. For
#'     Parquet files a compact `vaeirt_ids` object, of which [tibble::as_tibble()] makes a tibble without `n_responses`;
#'   * `items`: tibble with one row per item in the model: `item`, the metadata, `n_responses`, and `options`, a list of
#'     the labels of its options, the reference first; with pooled options also `pooled`, a list of their labels; where items
#'     are graded also `model`, `"graded"` or `"nominal"`;
#'   * `offsets`, `options`, `option_size`: the responses, respondent by respondent. `options` is a raw vector of
#'     little-endian whole numbers of `option_size` bytes (2 or 4), the ids of the chosen options, which count from 0
#'     through the options of all items in order; those of respondent `i` are number `offsets[i] + 1` to `offsets[i + 1]`;
#'   * `weights`, `weight_type`: one number for each respondent (sampling weights divided by their mean), and what they count, or
#'     `NULL`;
#'   * `names`: those of `respondents` (`NULL` for Parquet files) and `items` in the order of the stored responses, by which the
#'     tables are put in order again where you sorted or joined them, and the `models` of graded items;
#'   * `dropped`: tibble of what was set aside: `kind` (`"column"`, `"label"`, `"item"`, `"option"`, `"response"` or
#'     `"respondent"`), `name`, `reason`, `n` (for how many things the row stands: more than 100,000 respondents share a row
#'     without a name) and `n_responses` (how many responses went with it).
#' @references
#' Binder, D. A. (1983) On the variances of asymptotically normal estimators from complex surveys. *International Statistical
#' Review* 51, 279-292. \doi{10.2307/1402588}
#'
#' Samejima, F. (1969) Estimation of latent ability using a response pattern of graded scores. *Psychometrika* 34 (Supplement 1),
#' 1-97. \doi{10.1007/BF03372160}
#' @export
#' @examples
#' votes <- rbind(ann = c(1, 0, 1), bob = c(0, 0, 1), cat = c(0, 1, NA))
#' irt_responses(votes)
#'
#' ballots <- data.frame(
#'   voter = c("v1", "v1", "v2", "v3", "v3"),
#'   race = c("mayor", "judge", "mayor", "mayor", "judge"),
#'   choice = c("Adams", "yes", "Baker", "Adams", "no")
#' )
#' irt_responses(ballots, respondent = voter, item = race, response = choice)
#'
#' survey <- data.frame(
#'   id = 1:3, age = c(35, NA, 61), tax = c("more", "less", "DK"), aid = c("less", "same", "more")
#' )
#' irt_responses(survey, respondent = id, metadata = age, missing = "DK", reference = "less")
#'
#' # Options in order:
#' survey$tax <- factor(c("more", "less", "same"), levels = c("less", "same", "more"), ordered = TRUE)
#' irt_responses(survey, respondent = id, metadata = age)$items
#'
#' # Simulated cast vote records:
#' path <- system.file("extdata", "ballots.parquet", package = "vaeirt")
#' irt_responses(
#'   path,
#'   respondent = c(county, cvr_id), item = race, response = candidate,
#'   drop = c("undervote", "overvote", "write-in"), min_count = 50, rare = "pool", duplicates = "drop_item"
#' )
irt_responses <- function(x,
                          ...,
                          respondent = NULL,
                          item = NULL,
                          response = NULL,
                          metadata = NULL,
                          items = NULL,
                          reference = NULL,
                          missing = NULL,
                          drop = NULL,
                          weights = NULL,
                          weight_type = NULL,
                          min_responses = 1,
                          min_count = 1,
                          rare = c("drop", "pool"),
                          duplicates = c("error", "drop_response", "drop_item", "keep_identical"),
                          threads = getOption("vaeirt.threads", default_threads()),
                          .call = rlang::current_env()) {
  columns <- rlang::enquos(
    respondent = respondent, item = item, response = response, metadata = metadata, weights = weights
  )
  check_no_dots(..., .call = .call)
  check_given(x, call = .call)
  if (inherits(x, "irt_responses")) {
    refuse_instructions(setdiff(names(match.call(expand.dots = FALSE)), c("", "x", "...", "threads", ".call")), .call)
    return(in_own_order(x, .call))
  }
  rules <- new_rules(missing, drop, min_responses, min_count, rare, duplicates, threads, weight_type, call = .call)
  model <- check_item_models(rlang::enquo(items), .call)
  read <- read_responses(x, columns, rules, .call)
  read$graded <- are_graded(model, read$order, nrow(read$items))
  new_irt_responses(read, rules, reference, .call)
}

refuse_instructions <- function(asked, call) {
  if (length(asked) > 0) {
    abort_vaeirt(
      "The data are {.cls irt_responses} already: {.arg {asked}} {?has/have} to be given when they are made.",
      "argument",
      call
    )
  }
}

# What every kind of input is read into: a list of `cells`, an external pointer to the observed responses, which lives no
# longer than the call; `options`, a data frame of their raw options (see new_options()), with values of labels as `code`; the
# tibbles `respondents` (or `vaeirt_ids`) and `items` with names and metadata; `weights`; `single`, TRUE where a respondent
# cannot have two responses to an item; and `order`, order_of_values() of the items, or of all. Of labelled columns also
# `absent`, labels that the data declare missing; of data frames with one column per item also `columns`, see
# divide_columns(), and `dropped`, columns that are set aside.
# The argument `columns` holds quosures that select columns, `rules` are those of new_rules().
read_responses <- function(x, columns, rules, call) {
  if (!is.data.frame(x) && !(is.character(x) && is.null(dim(x)))) {
    used <- setdiff(names_of_given(columns), "weights")
    if (length(used) > 0) {
      abort_vaeirt(
        c(
          "{.arg {used}} select{?s/} columns of a data frame or of Parquet files, and the data are {describe(x)}.",
          i = if ("metadata" %in% used) "Join other tables to {.code $estimates} by the respondents' names."
        ),
        "argument",
        call
      )
    }
  }
  UseMethod("read_responses")
}

names_of_given <- function(columns) names(columns)[!vapply(columns, rlang::quo_is_null, logical(1))]

#' @exportS3Method
read_responses.default <- function(x, columns, rules, call) {
  abort_vaeirt(
    c(
      "The data must be a matrix, a data frame, a {.cls rollcall} object or paths to Parquet files, not {describe(x)}.",
      i = "Respondents belong in the rows of a matrix and items in its columns.",
      i = if (is_vector_of_answers(x)) advice_on_row else advice_on_table(x)
    ),
    "input",
    call
  )
}

# What to do with a table that is neither a matrix nor a data frame.
advice_on_table <- function(x) {
  if (inherits(x, "table")) {
    "A table of counts has lost who responded what: give the data that it was made of."
  } else if (inherits(x, "sparseMatrix")) {
    "Convert it with {.fn as.matrix} first. What it does not store will be 0, a response; {.val {NA}} means none."
  } else if (length(dim(x)) == 2) {
    "Convert it with {.fn as.matrix} first."
  }
}

is_vector_of_answers <- function(x) is.atomic(x) && is.null(dim(x)) && length(x) > 1 && (is.factor(x) || !is.object(x))

# What to do about the responses of a single respondent.
advice_on_row <- "One respondent's responses are a table with one row, such as {.code newdata[1, , drop = FALSE]}."

#' @exportS3Method
read_responses.irt_responses <- function(x, columns, rules, call) {
  x <- in_own_order(x, call)
  found <- unwrap_rust(rust_unpack(rust_responses(x)), call)
  list(
    cells = found$cells,
    options = new_options(
      seq_along(found$item), found$item, unlist(x$items$options), seq_along(found$item), found$count
    ),
    respondents = x$respondents,
    items = x$items[setdiff(names(x$items), c("n_responses", "options", "pooled", "model"))],
    weights = x$weights,
    weight_type = type_of_weights(x),
    single = TRUE,
    order = "values"
  )
}

# The cells without labels that mean no response, and without duplicates.
clean_responses <- function(read, rules, call) {
  read$n_raw <- sum(!is.na(read$options$raw))
  read$gone <- logical(nrow(read$items))
  if (may_clash(read$respondents)) {
    check_names(respondent_names(read$respondents), "respondent", call)
  }
  check_names(read$items$item, "item", call)
  drop_duplicates(drop_labels(read, rules, call), rules, call)
}

# The constructor, from what read_responses() gives.
new_irt_responses <- function(read, rules, reference, call) {
  known <- read$options[names(read$options) %in% c("item", "label", "code")]
  names <- c(known$label, known$code, read$absent)
  inform_of_unused(as_names(rules$drop), names, "drop")
  inform_of_unused(expected_missing(rules$missing, names), names, "missing")
  read <- judge_responses(read, rules, reference, call)
  is_reference <- find_reference(reference, known, read$options, read$items$item, call)
  options <- number_options(read$options, refuse_reference_of_graded(is_reference, read, call))
  items <- items_in_model(read, options, call)
  packed <- pack_cells(read, options, rules$threads, call)
  warn_of_identical_items(packed, items, rules$threads, call)

  n_responses <- as.integer(diff(packed$offsets))
  weights <- settle_weights(read$weights, read$weight_type, n_responses > 0)
  read <- set_aside_respondents(read, n_responses)
  dropped <- list_dropped(read)
  # Columns are named in a warning of their own.
  counts <- count_dropped(dropped[dropped$kind != "column", ])
  if (length(counts) > 0) {
    cli::cli_inform(c(i = "Set aside: {.and {counts}}. See {.code $dropped}."))
  }
  respondents <- read$respondents
  if (!inherits(respondents, "vaeirt_ids")) {
    respondents$n_responses <- n_responses
  }
  structure(
    list(
      respondents = respondents,
      items = items,
      offsets = packed$offsets,
      options = packed$options,
      option_size = packed$option_size,
      weights = weights$values,
      weight_type = weights$type,
      dropped = dropped,
      names = list(
        respondents = if (!inherits(respondents, "vaeirt_ids")) respondents$respondent, items = items$item,
        models = items[["model"]]
      )
    ),
    class = "irt_responses"
  )
}

# What is left of the responses when those that the model does not see are set aside. What looks wrong is said where all of
# it is still there.
judge_responses <- function(read, rules, reference, call) {
  read <- clean_responses(read, rules, call)
  if (sum(read$options$count) == 0) {
    abort_no_response(read, rules, call)
  }
  read$weight_type <- check_weight_type(read, rules, call)
  warn_of_similar(read)
  read <- drop_rare(read, rules, call)
  check_identifiers(read, call)
  read <- warn_of_columns(read)
  warn_of_codes(read, reference)
  read <- drop_uninformative(read, "never chosen", call)
  read <- drop_short(read, rules, call)
  if (nrow(read$options) == 0) {
    abort_nothing_left(read, rules, call)
  }
  read
}

# The options in their final order, the reference of each item first, with their ids from 0. Pooled options share one.
number_options <- function(options, is_reference) {
  order <- order(options$item, !is_reference, options$rank, method = "radix")
  options <- options[order, ]
  options$new <- !duplicated(options[c("item", "label")])
  options$id <- cumsum(options$new) - 1L
  options
}

# The responses as they are stored, with the ids of the options.
pack_cells <- function(read, options, threads, call) {
  ids <- rep(NA_integer_, read$n_raw)
  known <- !is.na(options$raw)
  ids[options$raw[known]] <- as.integer(options$id[known])
  unwrap_rust(rust_pack(read$cells, ids, as.integer(max(options$id, -1, na.rm = TRUE) + 1), threads), call)
}

# The tibble of the items in the model, with the labels of their options.
items_in_model <- function(read, options, call) {
  kept <- unique(options$item)
  items <- read$items[kept, ]
  items$n_responses <- as.integer(responses_by_item(list(items = read$items, options = options))[kept])
  labels <- options$label[options$new]
  items$options <- unname(split(labels, factor(options$item[options$new], kept)))
  if (!is.null(read$pooled)) {
    items$pooled <- read$pooled[kept]
  }
  items$model <- find_item_models(read, options, kept, call)
  items
}

# Stored or packed responses to some items as the Rust side reads them.
rust_responses <- function(stored, items = stored$items) {
  list(
    offsets = stored$offsets, options = stored$options, option_size = stored$option_size, weights = stored$weights,
    weight_type = type_of_weights(stored), option_counts = lengths(items$options), models = models_of(items)
  )
}

# Number of responses.
n_stored <- function(responses) responses$offsets[[length(responses$offsets)]]

# The ids of the chosen options, respondent by respondent.
option_ids <- function(responses) {
  readBin(
    responses$options, "integer", n_stored(responses), size = responses$option_size, signed = responses$option_size == 4L,
    endian = "little"
  )
}

#' @export
print.irt_responses <- function(x, ...) {
  n <- counted(c(nrow(x$respondents), nrow(x$items), n_stored(x)), c("respondent", "item", "response"))
  shown <- n_stored(x) / (as.double(nrow(x$respondents)) * nrow(x$items))
  cli::cat_line("<irt_responses> ", paste(n, collapse = ", "), " (", format(100 * shown, digits = 3), " % of the cells)")
  n_options <- lengths(x$items$options)
  graded <- sum(has_order(models_of(x$items)))
  cli::cat_line(
    "Options per item: ", paste(unique(range(n_options)), collapse = " to "),
    if (graded > 0) paste0(", in order for ", counted(graded, "graded item"))
  )
  if (!is.null(x$weights)) {
    cli::cat_line(
      "Weights (", type_of_weights(x), "): ", paste(format(range(x$weights), digits = 3, trim = TRUE), collapse = " to ")
    )
  }
  if (nrow(x$dropped) > 0) {
    cli::cat_line("Set aside: ", paste(count_dropped(x$dropped), collapse = ", "))
  }
  invisible(x)
}
