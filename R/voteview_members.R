# What is known of the members of a roll-call matrix of Voteview, and their names.

# The parties that names and figures tell apart, by Voteview's codes; others go by their code.
voteview_parties <- c(
  "100" = "D", "200" = "R", "328" = "Indep",
  "1" = "Federalist", "13" = "Democrat-Republican", "22" = "Adams", "26" = "Anti-Masonic", "29" = "Whig",
  "37" = "Constitutional Unionist", "44" = "Nullifier", "46" = "States Rights", "108" = "Anti-Lecompton Democrat",
  "112" = "Conservative", "114" = "Readjuster", "203" = "Unconditional Unionist", "206" = "Unionist",
  "208" = "Liberal Republican", "213" = "Progressive Republican", "300" = "Free Soil", "310" = "American",
  "326" = "National Greenbacker", "329" = "Independent Democrat", "331" = "Independent Republican", "340" = "Populist",
  "347" = "Prohibitionist", "354" = "Silver Republican", "356" = "Union Labor", "370" = "Progressive", "380" = "Socialist",
  "402" = "Liberal", "403" = "Law and Order", "522" = "American Labor", "537" = "Farmer-Labor", "555" = "Jackson",
  "1060" = "Silver", "1275" = "Anti-Jackson", "1346" = "Jackson Republican", "3333" = "Opposition",
  "4000" = "Anti-Administration", "5000" = "Pro-Administration"
)

# A data frame with one row for each member, and the `order` in which they are taken. `seated` tells who took part where.
legislator_data <- function(members, icpsr, seated, call) {
  if (is.null(members)) {
    data <- data.frame(icpsr = as.integer(icpsr), row.names = number_names(icpsr))
    return(list(data = add_terms(data, seated), order = seq_along(icpsr)))
  }
  records <- read_voteview_tables(members, "members", NULL, call)
  records <- records[records$icpsr %in% icpsr, ]
  known <- icpsr %in% records$icpsr
  warn_if_unknown(number_names(icpsr[!known]), length(icpsr), "member", "members", call)
  order <- order(match(icpsr, records$icpsr), icpsr)
  icpsr <- icpsr[order]
  record <- last_record(records, seated)
  record <- record[match(icpsr, record$icpsr), ]
  warn_of_terms(record[!is.na(record$icpsr), ], seated, call)
  in_house <- record$chamber == match("House", chambers)
  party <- number_names(record$party_code)
  data <- data.frame(
    icpsr = as.integer(icpsr),
    state = record$state_abbrev,
    district = as.integer(ifelse(in_house | is.na(in_house), record$district_code, 0)),
    party = ifelse(party %in% names(voteview_parties), unname(voteview_parties[party]), party),
    party_code = as.integer(record$party_code),
    chamber = chambers[record$chamber],
    bioname = record$bioname
  )
  scores <- intersect(c("nominate_dim1", "nominate_dim2"), names(record))
  data[scores] <- record[scores]
  rownames(data) <- member_names(data)
  list(data = add_terms(data, seated), order = order)
}

# The record of each member that counts.
last_record <- function(records, seated) {
  key <- function(x, chamber = x$chamber) paste(x$icpsr, x$congress, chamber)
  president <- match("President", chambers)
  here <- key(records) %in% c(key(seated), key(seated, president))
  records <- records[order(here, records$congress), ]
  records[!duplicated(records$icpsr, fromLast = TRUE), ]
}

# Records of congresses and chambers that no roll call is of: numbers stay through a career, so that they match nevertheless.
warn_of_terms <- function(record, seated, call) {
  term <- function(x) x$congress * 4 + x$chamber
  term_of_president <- seated$congress * 4 + match("President", chambers)
  other <- record[!term(record) %in% c(term(seated), term_of_president), ]
  if (nrow(other) > 0) {
    used <- describe_rollcalls(other)
    read <- describe_rollcalls(seated)
    warn_vaeirt(
      c(
        "{.arg members} knows {nrow(other)} of {nrow(record)} member{?s} from other congresses or chambers only.",
        x = "The records of {cli::qty(nrow(other))}{?this member/these members} are of the {used}, {.arg votes} of the
             {read}: party, state and district may have been others.",
        i = "Does {.arg members} belong to the same congresses and chambers?"
      ),
      "unknown",
      call
    )
  }
}

# Names as package pscl gives them. Letters are raised in the same way in every locale.
member_names <- function(data) {
  surname <- trimws(sub(",.*", "", data$bioname))
  surname <- chartr("abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", surname)
  seat <- paste0(data$state, ifelse(data$district %in% c(NA, 0), "", paste0("-", data$district)))
  affiliation <- ifelse(is.na(data$party), seat, paste(data$party, seat))
  named <- !is.na(surname) & nzchar(surname)
  names <- ifelse(named, paste0(surname, " (", affiliation, ")"), number_names(data$icpsr))
  shared <- names %in% names[duplicated(names)]
  ifelse(shared, paste(names, data$icpsr), names)
}

# The first and the last congress of each member, where there are several.
add_terms <- function(data, seated) {
  if (length(unique(seated$congress)) > 1) {
    seated <- seated[order(seated$congress), ]
    data$first_congress <- as.integer(seated$congress[match(data$icpsr, seated$icpsr)])
    seated <- seated[rev(seq_len(nrow(seated))), ]
    data$last_congress <- as.integer(seated$congress[match(data$icpsr, seated$icpsr)])
  }
  data
}
