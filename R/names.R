# Names are there, are text and differ.
check_names <- function(names, what, call) {
  absent <- which(is.na(names) | !nzchar(names))
  if (length(absent) > 0) {
    abort_vaeirt(
      c(
        "Every {what} needs a name.",
        x = "{length(absent)} of {length(names)} {cli::qty(length(absent))}{?has/have} none, the first is number {absent[[1]]}."
      ),
      "names",
      call
    )
  }
  check_text(names, paste("The name of", if (what == "item") "an" else "a", what), call)
  check_unique(names, what, call)
}

# Those of `names` that a user may have meant by one that is not there.
most_similar <- function(name, names, n = 3) {
  # Longer patterns are more than adist() can take.
  distance <- utils::adist(shorten(name), names, partial = TRUE, ignore.case = TRUE)
  names[utils::head(order(distance), n)]
}

# Strings that are valid in their encoding.
check_text <- function(labels, what, call) {
  # In the C locale R takes any bytes for text.
  good <- if (knows_letters()) validEnc(labels) else validEnc(labels) & (Encoding(labels) != "unknown" | validUTF8(labels))
  bad <- which(!good | Encoding(labels) == "bytes")
  if (length(bad) > 0) {
    abort_vaeirt(
      c(
        "{what} is not in the encoding that R takes it to be in: {.val {labels[[bad[[1]]]]}}.",
        i = "Read the file with its encoding, such as {.code read.csv(path, fileEncoding = \"latin1\")}, or convert the text
             with {.fn iconv}."
      ),
      "encoding",
      call
    )
  }
}

check_unique <- function(names, what, call) {
  twice <- unique(names[duplicated(names)])
  if (length(twice) > 0) {
    abort_vaeirt(
      c(
        "Every {what} needs a name of its own.",
        x = "{cli::qty(twice)}{?This name occurs/These names occur} more than once: {.val {utils::head(twice, 5)}}.",
        i = if (what == "respondent") "Tell them apart by several columns, such as {.code respondent = c(state, name)}, or by
             other names: {.fn make.unique} makes some of row names that occur more than once.",
        i = if (what == "respondent") "If it is the same respondents twice, is a file read twice? {.fn unique} leaves out rows
             that are alike.",
        i = if (what == "respondent") "Data with one row per response need {.arg item} and {.arg response} as well."
      ),
      "names",
      call
    )
  }
}
