# The tables of `irt_responses` objects are there for people to join columns to, and a join may sort them: they are read by name.

in_own_order <- function(responses, call) {
  if (is.null(responses$names)) {
    abort_vaeirt(
      c(
        "These {.cls irt_responses} do not say whose they are.",
        i = "They were made by an older version of {.pkg vaeirt}, or changed: read the data again with {.fn irt_responses}."
      ),
      "responses",
      call
    )
  }
  responses$items <- table_in_order(responses$items, "item", responses$names$items, call)
  responses$items[["model"]] <- responses$names[["models"]]
  if (!inherits(responses$respondents, "vaeirt_ids")) {
    responses$respondents <- table_in_order(responses$respondents, "respondent", responses$names$respondents, call)
  }
  responses
}

# A row for each of the names, in their order.
table_in_order <- function(table, column, names, call) {
  if (identical(table[[column]], names)) {
    return(table)
  }
  place <- match(names, table[[column]])
  absent <- names[is.na(place)]
  if (length(absent) > 0 || anyDuplicated(table[[column]])) {
    abort_vaeirt(
      c(
        "{.field ${column}s} of the {.cls irt_responses} must have one row for each {column} of the stored responses.",
        x = if (length(absent) > 0) "{length(absent)} {?is/are} not there, such as {.val {absent[[1]]}}.",
        x = if (length(absent) == 0) "{.val {table[[column]][[anyDuplicated(table[[column]])]]}} occurs more than once.",
        i = "To leave some out, leave them out of the data and read these again."
      ),
      "responses",
      call
    )
  }
  table[place, ]
}
