# Writes inst/extdata/ballots.parquet, simulated cast vote records for the vignette and the examples, and the traits of the
# voters behind them, ballots_truth.csv.gz. Run it from the root of the repository, with the package installed.
#
# 4,000 voters in four counties have three traits: party, spending and morals, standard normal but for the counties' leanings
# on party. They choose by the model of vae_irt() and skip contests at random, more of them at the end of the ballot.
set.seed(1, kind = "Mersenne-Twister", normal.kind = "Inversion", sample.kind = "Rejection")

# A contest has one row per candidate: the discriminations on the three traits, and how much everybody likes the candidate.
candidate <- function(name, party = 0, spending = 0, morals = 0, appeal = 0) {
  matrix(c(party, spending, morals, appeal), 1, dimnames = list(name, NULL))
}
partisan <- function(democrat, republican, lead = 0) {
  rbind(candidate(paste(democrat, "(DEM)"), -1, 0.3, appeal = lead), candidate(paste(republican, "(REP)"), 1, -0.3))
}
measure <- function(party = 0, spending = 0, morals = 0, appeal = 0) {
  rbind(candidate("NO"), candidate("YES", party, spending, morals, appeal))
}

counties <- c(ADAMS = 1500, BROOK = 1100, CLAY = 850, DALE = 550)
leanings <- c(ADAMS = -0.5, BROOK = 0.1, CLAY = 0.3, DALE = 0.7)
# Voters of Adams and Brook are in one of two districts; the second lies in both counties.
districts <- list(ADAMS = 1:2, BROOK = 2:3, CLAY = 4, DALE = 4)

statewide <- list(
  PRESIDENT = rbind(
    partisan("ALLEN", "BURKE"), candidate("COLE (LIB)", 0.3, -0.9, 0.8, -2.5), candidate("DRAKE (GRN)", -1, 0.9, 0.6, -4.2),
    candidate("EVANS (CON)", 0.6, 0.4, -0.9, -4.5)
  ),
  `US SENATE` = rbind(partisan("FOX", "GRANT", 0.3), candidate("HUNT (LIB)", 0.2, -0.9, 0.8, -2)),
  GOVERNOR = rbind(partisan("IRWIN", "JAMES", -0.4), candidate("KENT (IND)", 0, 0.7, 0.6, -0.8)),
  `JUSTICE PECK` = measure(-0.6, 0.3, 0.3, 0.9),
  `SCHOOL BONDS` = measure(-0.4, 1.6, 0, 0.4),
  `TAX LIMIT` = measure(0.4, -1.5, 0, 0.3),
  CASINOS = measure(0, 0.2, 1.5, -0.2),
  CANNABIS = measure(-0.6, 0, 1.6, 0.4)
)
local <- function(k) {
  lead <- c(0.4, -0.2, 0.1, -0.3)[[k]]
  list(
    SHERIFF = partisan(c("QUINN", "REID", "SHAW", "TATE")[[k]], c("UPTON", "VANCE", "WARD", "YORK")[[k]], lead),
    ASSESSOR = partisan(c("LANE", "LOWE", "LUCAS", "LYNCH")[[k]], c("MARSH", "MOSS", "MOORE", "MUNRO")[[k]], -lead),
    COMMISSIONER = rbind(
      candidate("ABBOTT", -0.8, 0.6), candidate("BAKER", 0.8, -0.6, appeal = lead), candidate("CARTER", 0, 0.8, 0.8),
      candidate("DIXON", 0.4, -0.5, -0.8)
    ),
    `SCHOOL BOARD` = rbind(
      candidate("NASH", -0.4, 1), candidate("OWEN", 0.6, -0.6, -0.6), candidate("PRICE", 0, -0.4, 0.8, lead)
    ),
    `LIBRARY LEVY` = measure(-0.2, 1.5, 0, lead),
    `FIRE LEVY` = measure(0, 1.3, -0.2, 0.5),
    `LIQUOR STORES` = measure(0.1, 0, 1.4, -lead),
    `SUNDAY SALES` = measure(-0.1, -0.2, 1.5, 0.2),
    CLERK = candidate("FROST")
  )
}
council <- rbind(
  candidate("ELLIS", -0.8, 0.5), candidate("FLYNN", 0.8, -0.5), candidate("GREEN", 0, 0.8, 0.8), candidate("HAYES", 0, -0.5, -0.8)
)

vote <- function(contest, traits, n = 1) {
  utility <- contest[, 1:3, drop = FALSE] %*% traits + contest[, 4]
  sample(rownames(contest), n, prob = exp(utility))
}

# The rows of a voter: one for each contest of the ballot, two where there are two votes.
cast <- function(county, cvr_id, traits) {
  own <- local(match(county, names(counties)))
  names(own) <- paste(county, names(own))
  district <- districts[[county]][[1 + cvr_id %% length(districts[[county]])]]
  contests <- c(statewide, stats::setNames(list(partisan("JONES", "KELLY")), paste("STATE HOUSE", district)), own)
  chosen <- vapply(contests, vote, character(1), traits = traits)
  fate <- stats::runif(length(chosen))
  skipped <- fate < seq(0.01, 0.12, length.out = length(chosen))
  if (stats::runif(1) < 0.02) skipped[-1] <- TRUE
  is_office <- vapply(contests, function(contest) !"NO" %in% rownames(contest), logical(1))
  chosen[fate > 0.985 & is_office] <- "write-in"
  chosen[fate > 0.998] <- "overvote"
  chosen[skipped] <- "undervote"
  if (county == "ADAMS") {
    chosen <- c(chosen, stats::setNames(vote(council, traits, 2), rep("ADAMS COUNCIL (VOTE FOR 2)", 2)))
  }
  data.frame(county = county, cvr_id = cvr_id, race = names(chosen), candidate = unname(chosen))
}

voters <- data.frame(county = rep(names(counties), counties), cvr_id = sequence(counties))
traits <- matrix(stats::rnorm(3 * nrow(voters)), ncol = 3, dimnames = list(NULL, c("party", "spending", "morals")))
traits[, "party"] <- traits[, "party"] + leanings[voters$county]
ballots <- do.call(rbind, lapply(seq_len(nrow(voters)), function(i) cast(voters$county[[i]], voters$cvr_id[[i]], traits[i, ])))

vaeirt:::write_parquet_table(ballots, "inst/extdata/ballots.parquet")
truth <- gzfile("inst/extdata/ballots_truth.csv.gz", "w")
utils::write.csv(cbind(voters, round(traits, 2)), truth, row.names = FALSE, quote = FALSE)
close(truth)
cat(nrow(ballots), "rows,", file.size("inst/extdata/ballots.parquet"), "bytes\n")
