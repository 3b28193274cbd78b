# What roll calls of package pscl tell of their legislators and votes. Rows of `legis.data` and `vote.data` belong to the rows
# and columns of `votes` that have their names; what has no names is in the same order.

# A data frame with one row per legislator ("legis.data") or vote ("vote.data"), in the order of `votes`, or NULL.
rollcall_metadata <- function(x, name, votes) {
  data <- x[[name]]
  if (is.matrix(data)) data <- as.data.frame(data)
  if (is.null(data)) {
    return(NULL)
  }
  margin <- if (name == "legis.data") 1L else 2L
  n <- dim(votes)[[margin]]
  if (!is.data.frame(data)) {
    return(leave_out_metadata(name, "It is {describe(data)}.", data))
  }
  names <- dimnames(votes)[[margin]]
  found <- if (!is.null(names)) rows_by_name(data, names)
  if (is.null(found$rows)) {
    if (nrow(data) != n) {
      problem <- "It has {nrow(data)} row{?s}, and {.code $votes} has {n}; nothing in it has half of the names of
                  {.code $votes}."
      return(leave_out_metadata(name, problem, data, n))
    }
    warn_of_order(data, name, names)
    return(data)
  }
  warn_of_contradiction(found, names, name)
  warn_of_unmatched(names[is.na(found$rows)], length(names), name)
  data[found$rows, , drop = FALSE]
}

# The row of each name by what has most of the names, the row names or a `column`, and the row by the row names where these
# have names as well (`own`). Row names that are numbers must have all names, a column at least half of them.
rows_by_name <- function(data, names) {
  own <- attr(data, "row.names")
  numbered <- is.integer(own)
  own <- if (!numbered || .row_names_info(data) > 0) find_names(names, as.character(own))
  if (sum(!is.na(own)) < if (numbered) length(names) else 1) own <- NULL
  rows <- lapply(name_columns(data, names), find_names, names = names)
  n_found <- vapply(rows, function(row) sum(!is.na(row)), numeric(1))
  best <- which.max(n_found)
  if (length(best) == 0 || n_found[[best]] < max(length(names) / 2, 1) || n_found[[best]] < sum(!is.na(own))) {
    return(list(rows = own, own = own))
  }
  list(rows = rows[[best]], own = own, column = names(rows)[[best]])
}

# What may hold the names: columns of text, and session and number, as readKH() of pscl makes them. Numbers are names only in
# columns that are called so: votes that are named 1 to n may have ranks beside them.
name_columns <- function(data, names) {
  numbered <- !anyNA(whole_numbers(names))
  usable <- vapply(data, function(column) is.atomic(column) && is.null(dim(column)), logical(1))
  usable <- usable & (!numbered | role_of_name(names(data)) %in% "respondent")
  keys <- lapply(data[usable], as_names)
  if (all(c("session", "number") %in% names(data))) {
    keys <- c(list("session, number" = paste(data$session, data$number, sep = "-")), keys)
  }
  # A row that was entered twice is one row.
  again <- if (length(keys) > 0) duplicated(data)
  lapply(keys, replace, again, NA)
}

# The place of each name in a key, else of the one name that is the same but for case and blanks; NA where there are several.
find_names <- function(names, key) {
  place <- function(names, key) {
    replace(match(names, key), names %in% key[duplicated(key)] | names %in% names[duplicated(names)], NA)
  }
  exact <- place(names, key)
  ifelse(is.na(exact), place(plain_names(names), plain_names(key)), exact)
}

plain_names <- function(names) {
  names[!validEnc(names)] <- NA
  gsub("[[:space:]]", "", to_lower(names))
}

leave_out_metadata <- function(name, problem, data, n) {
  warn_vaeirt(
    c(
      "{.code ${name}} of the {.cls rollcall} object is left out.",
      x = problem,
      i = "It needs one row for each {row_of(name)}: with the {if (name == 'legis.data') 'row' else 'column'} names of
           {.code $votes} as row names, or in the same order."
    ),
    "metadata"
  )
  NULL
}

row_of <- function(name) if (name == "legis.data") "legislator" else "roll call"

warn_of_unmatched <- function(absent, n, name) {
  if (length(absent) > 0) {
    warn_vaeirt(
      c(
        "{length(absent)} of {n} {row_of(name)}s of {.code $votes} {cli::qty(absent)}{?has/have} no row of
         {?its/their} own in {.code ${name}}, and {.val {NA}} in its columns.",
        x = "{cli::qty(absent)}{?It is/They are} {.val {utils::head(absent, 3)}}{more_than(absent, 3)}.",
        i = "Rows are matched by name, whatever the case and the blanks."
      ),
      "metadata"
    )
  }
}

# Row names that were put on by position, as pscl does, contradict a column of names that has been sorted.
warn_of_contradiction <- function(found, names, name) {
  apart <- which(found$rows != found$own)
  if (length(apart) > 0) {
    warn_vaeirt(
      c(
        "The row names of {.code ${name}} contradict its column {.val {found$column}}, by which its rows are taken.",
        x = "They do so in {length(apart)} row{?s}, as for {.val {names[[apart[[1]]]]}}.",
        i = "If the row names are right, leave the column out: {.code x${name}${found$column} <- NULL}."
      ),
      "metadata"
    )
  }
}

# Rows that are matched by position although something tells that they were moved or are named otherwise.
warn_of_order <- function(data, name, names) {
  own <- attr(data, "row.names")
  moved <- is.integer(own) && is.unsorted(own)
  strange <- !is.integer(own) && !is.null(names)
  elsewhere <- if (!is.null(names)) vapply(name_columns(data, names), names_elsewhere, logical(1), names = names)
  elsewhere <- names(elsewhere)[as.logical(elsewhere)]
  if (moved || strange || length(elsewhere) > 0) {
    warn_vaeirt(
      c(
        "The rows of {.code ${name}} are taken in the order of {.code $votes}, whose names they do not have.",
        x = if (moved) "They are numbered {.val {utils::head(own, 3)}}, ..., as if they had been sorted.",
        x = if (strange) "They are named {.val {utils::head(own, 2)}}, ..., those of {.code $votes}
                          {.val {utils::head(names, 2)}}, ...",
        x = if (length(elsewhere) > 0) "Column {.val {elsewhere[[1]]}} has some of the names, in other rows.",
        i = if (length(elsewhere) == 0) "If that is their order, say so with {.code rownames(x${name}) <- NULL}; if not, name
                                         them as {.code $votes} does.",
        i = if (length(elsewhere) > 0) "Name them as {.code $votes} does."
      ),
      "metadata"
    )
  }
}

# Does a column have several of the names, and in other places?
names_elsewhere <- function(key, names) {
  row <- find_names(names, key)
  sum(!is.na(row)) > 1 && any(row != seq_along(row), na.rm = TRUE)
}
