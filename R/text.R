# Text as people compare it, whatever its encoding, case and blanks.

# In the C locale R knows no letters but those of ASCII: what files and scripts hold in UTF-8 has no mark there, and would
# not equal the same text with one. In other locales R compares by content.
as_utf8 <- function(x) {
  if (knows_letters()) {
    return(x)
  }
  unmarked <- which(Encoding(x) == "unknown" & validUTF8(x))
  Encoding(x[unmarked]) <- "UTF-8"
  x
}

knows_letters <- function() {
  locale <- l10n_info()
  locale$MBCS || locale$`UTF-8` || locale$`Latin-1`
}

# The places of names that a user gives, which may store accents otherwise.
match_names <- function(given, names) {
  place <- match(as_utf8(given), names)
  unknown <- which(is.na(place) & has_other_than_ascii(given))
  if (length(unknown) > 0) {
    alike <- function(x) split_accents(fold_signs(enc2utf8(as_utf8(x))))
    foreign <- which(has_other_than_ascii(names))
    place[unknown] <- foreign[match(alike(given[unknown]), alike(names[foreign]))]
  }
  place
}

# Without what a reader may not see: surrounding and doubled blanks, the kind of apostrophe, how accents are stored, and,
# unless they are kept, case and accents.
fold_text <- function(x, accents = TRUE, case = FALSE) {
  x <- enc2utf8(as_utf8(x))
  foreign <- has_other_than_ascii(x)
  x[foreign] <- split_accents(fold_signs(x[foreign]))
  if (!accents) {
    x[foreign] <- gsub("\u00df", "ss", gsub("[\u0300-\u036f]", "", x[foreign]), fixed = TRUE)
  }
  x <- fold_blanks(x)
  if (case) x else to_lower(x)
}

# Small letters: those of ASCII in the same way in every locale (a Turkish I has no dot when it is small), others as far as
# the locale knows them.
to_lower <- function(x) {
  x <- chartr("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz", x)
  foreign <- has_other_than_ascii(x)
  x[foreign] <- tolower(x[foreign])
  x
}

has_other_than_ascii <- function(x) grepl("[^ -~\t\r\n]", x, useBytes = TRUE)

fold_blanks <- function(x) {
  blank <- grep("^[ \t\r\n]|[ \t\r\n]$|[\t\r\n]|  ", x, useBytes = TRUE)
  x[blank] <- sub("^ ", "", sub(" $", "", gsub("[ \t\r\n]+", " ", x[blank])))
  x
}

# Blanks, apostrophes and dashes that editors put in the place of the plain ones.
fold_signs <- function(x) {
  x <- gsub("[\u00a0\u2000-\u200b\u202f\u3000\ufeff]", " ", x)
  x <- gsub("[\u2018\u2019\u02bc\u00b4]", "'", x)
  gsub("[\u2010-\u2015\u2212]", "-", x)
}

# Letters with an accent as a letter and an accent (U+0300 and on), which is the other way to store them.
split_accents <- function(x) {
  occur <- unique(utf8ToInt(paste(x, collapse = "")))
  for (entry in strsplit(accented, " ", fixed = TRUE)) {
    accent <- entry[[1]]
    plain <- entry[[2]]
    whole <- entry[[3]]
    for (k in which(utf8ToInt(whole) %in% occur)) {
      x <- gsub(substr(whole, k, k), paste0(substr(plain, k, k), accent), x, fixed = TRUE)
    }
  }
  x
}

# Each an accent, letters, and the same letters with it: those of European languages.
accented <- c(
  "\u0300 AEIOUaeiou \u00c0\u00c8\u00cc\u00d2\u00d9\u00e0\u00e8\u00ec\u00f2\u00f9",
  "\u0301 AEIOUYaeiouy \u00c1\u00c9\u00cd\u00d3\u00da\u00dd\u00e1\u00e9\u00ed\u00f3\u00fa\u00fd",
  "\u0301 CcLlNnRrSsZz \u0106\u0107\u0139\u013a\u0143\u0144\u0154\u0155\u015a\u015b\u0179\u017a",
  "\u0302 AEIOUaeiou \u00c2\u00ca\u00ce\u00d4\u00db\u00e2\u00ea\u00ee\u00f4\u00fb",
  "\u0302 WwYy \u0174\u0175\u0176\u0177",
  "\u0303 ANOano \u00c3\u00d1\u00d5\u00e3\u00f1\u00f5",
  "\u0304 AaEeIiUu \u0100\u0101\u0112\u0113\u012a\u012b\u016a\u016b",
  "\u0306 AaGg \u0102\u0103\u011e\u011f",
  "\u0307 EeZzI \u0116\u0117\u017b\u017c\u0130",
  "\u0308 AEIOUaeiouy \u00c4\u00cb\u00cf\u00d6\u00dc\u00e4\u00eb\u00ef\u00f6\u00fc\u00ff",
  "\u030a AaUu \u00c5\u00e5\u016e\u016f",
  "\u030b OoUu \u0150\u0151\u0170\u0171",
  "\u030c CcDdEeNnRr \u010c\u010d\u010e\u010f\u011a\u011b\u0147\u0148\u0158\u0159",
  "\u030c SsTtZz \u0160\u0161\u0164\u0165\u017d\u017e",
  "\u0326 SsTt \u0218\u0219\u021a\u021b",
  "\u0327 CcSsTtGg \u00c7\u00e7\u015e\u015f\u0162\u0163\u0122\u0123",
  "\u0327 KkLlNn \u0136\u0137\u013b\u013c\u0145\u0146",
  "\u0328 AaEeIiUu \u0104\u0105\u0118\u0119\u012e\u012f\u0172\u0173"
)
