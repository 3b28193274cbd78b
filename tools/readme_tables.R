# The tables of the README, written from the figures in bench/, and its lists from DESCRIPTION. Every function returns lines
# of Markdown or text; `root` is the folder of the repository.

markdown_table <- function(cells) {
  row <- function(x) paste0("| ", paste(x, collapse = " | "), " |")
  c(row(names(cells)), row(rep("---", length(cells))), apply(as.matrix(cells), 1, row))
}

# Numbers with so many digits; nothing where there is none.
with_digits <- function(x, digits = 3) ifelse(is.na(x), "", formatC(x, format = "f", digits = digits))

read_bench <- function(root, name) utils::read.csv(file.path(root, "bench", name), check.names = FALSE)

# What a row of the table is called, and the job it is in the files.
speed_rows <- c(
  "`pscl::ideal`, 109th Senate, 500 iterations" = "pscl::ideal, s109, 500 iterations (the yardstick)",
  "`MCMCpack::MCMCirt1d`, 109th Senate, 1,000 iterations" = "MCMCpack::MCMCirt1d, s109, 1,000 iterations",
  "vaeirt, 109th Senate, probit, 1-D" = "vaeirt, s109, probit, 1-D",
  "vaeirt, 109th Senate, probit, 2-D" = "vaeirt, s109, probit, 2-D",
  "vaeirt, 109th Senate, logit, 1-D" = "vaeirt, s109, logit, 1-D",
  "vaeirt, 10,000 x 100 simulated, complete, 1-D" = "vaeirt, 10,000 x 100, logit, 1-D",
  "`emIRT::binIRT`, the same" = "emIRT::binIRT, 10,000 x 100",
  "vaeirt, 100,000 x 100" = "vaeirt, 100,000 x 100, logit, 1-D",
  "`emIRT::binIRT`, the same" = "emIRT::binIRT, 100,000 x 100",
  "vaeirt, 200,000 ballots x 1,000 contests, 4-D, Parquet file to tibble" =
    "vaeirt, 200,000 x 1,000 ballots, 4-D, file to tibble",
  "the same with `vae_control(refine = FALSE)`" = "vaeirt, 200,000 x 1,000 ballots, 4-D, file to tibble, not refined",
  "vaeirt, 1,000,000 x 50" = "vaeirt, 1,000,000 x 50, logit, 1-D",
  "vaeirt, 1,000,000 ballots x 5,000 contests, 4-D, Parquet file to tibble" =
    "vaeirt, 1,000,000 x 5,000 ballots, 4-D, file to tibble",
  "vaeirt, 50,000,000 ballots x 5,000 contests, 4-D, two passes without estimates, other work beside it (`bench/soak.md`)" =
    "vaeirt, 50,000,000 x 5,000 ballots, 4-D, two passes without estimates"
)

# Speed, memory and accuracy. Jobs that the last run of the benchmark left out come from runs of their own and have a star.
speed_table <- function(root = ".") {
  results <- read_bench(root, "results.csv")
  large <- read_bench(root, "large.csv")
  columns <- c("job", "seconds", "memory_mb", "accuracy")
  known <- rbind(cbind(results[columns], star = ""), cbind(large[columns], star = "\\*"))
  at <- match(speed_rows, known$job)
  rows <- known[at[!is.na(at)], ]
  number <- function(x, digits) ifelse(is.na(x), "", formatC(x, format = "f", digits = digits, big.mark = ","))
  markdown_table(data.frame(
    job = paste0(names(speed_rows)[!is.na(at)], rows$star),
    seconds = ifelse(rows$seconds < 10, number(rows$seconds, 1), number(rows$seconds, 0)),
    `peak MB` = number(rows$memory_mb, 0),
    accuracy = vapply(rows$accuracy, accuracy_in_words, character(1)),
    check.names = FALSE
  ))
}

accuracy_in_words <- function(accuracy) {
  if (is.na(accuracy)) return("")
  share <- sub(".*worst share ([0-9.]+).*", "\\1", accuracy)
  if (share != accuracy) return(paste0("R^2 at least ", share, " of what the true items allow, in every dimension"))
  accuracy <- sub(", [0-9.]+ passes per second", "", accuracy)
  gsub("|difference|", "difference", sub("r with MCMC", "r with 100,000 iterations of MCMC", accuracy), fixed = TRUE)
}

# How much of the time of the million ballots went into the posteriors.
share_of_posteriors <- function(root = ".") {
  results <- read_bench(root, "results.csv")
  accuracy <- results$accuracy[results$job == "vaeirt, 1,000,000 x 5,000 ballots, 4-D, file to tibble"]
  sub(".*posteriors ([0-9]+ %).*", "\\1", accuracy)
}

# The simulation study: bias, error against maximum likelihood, and coverage.
study_table <- function(root = ".") {
  study <- read_bench(root, "study.csv")
  coverage <- study[c("coverage_respondents", "coverage_discrimination", "coverage_difficulty")]
  markdown_table(data.frame(
    design = paste0(study$label, ifelse(is.na(study$rmse_items_discrimination), " (normalised)", "")),
    `slope of the discriminations` = with_digits(study$slope_discrimination),
    `RMSE, relative to maximum likelihood` = with_digits(study$ratio_discrimination),
    `coverage of 95 % intervals: respondents, discriminations, difficulties` =
      do.call(paste, c(lapply(coverage, with_digits), sep = ", ")),
    seconds = with_digits(study$seconds, 1),
    check.names = FALSE
  ))
}

# Intervals where respondents are few and items many.
chambers_table <- function(root = ".") {
  found <- read_bench(root, "chambers.csv")
  items <- paste(with_digits(found$coverage_discriminations), with_digits(found$coverage_difficulties), sep = ", ")
  markdown_table(data.frame(
    design = paste0(found$name, ", ", found$n_respondents, " x ", formatC(found$n_items, big.mark = ",")),
    `coverage: respondents` = with_digits(found$coverage),
    `discriminations, difficulties` = items,
    `regression of the truth on the estimate` = with_digits(found$truth_on_estimate),
    seconds = with_digits(found$seconds, 1),
    check.names = FALSE
  ))
}

# Intervals with weights, of new respondents, relative to anchors; calibration of probabilities.
intervals_table <- function(root = ".") {
  found <- read_bench(root, "intervals.csv")
  items <- paste(with_digits(found$discriminations), with_digits(found$difficulties), sep = ", ")
  markdown_table(data.frame(
    design = paste0(found$what, ", ", found$n_respondents, " x ", found$n_items, ifelse(found$dims > 1, ", 2-D", "")),
    `coverage: respondents` = with_digits(found$respondents),
    `discriminations, difficulties` = ifelse(is.na(found$discriminations), "", items),
    `regression of the truth on the estimate` = with_digits(found$truth_on_estimate),
    calibration = with_digits(found$calibration),
    check.names = FALSE
  ))
}

largest_pareto_k <- function(root = ".") max(read_bench(root, "study.csv")$pareto_k_max, na.rm = TRUE)

# What DESCRIPTION says that a user needs.
needed <- function(root, field) gsub("\\s+", " ", read.dcf(file.path(root, "DESCRIPTION"), field)[[1]])
needed_r <- function(root = ".") sub(".*R \\(>= ([0-9.]+)\\).*", "\\1", needed(root, "Depends"))
needed_rust <- function(root = ".") sub(".*rustc >= ([0-9]+\\.[0-9]+).*", "\\1", needed(root, "SystemRequirements"))
install_line <- function(root = ".") {
  packages <- sub(" .*", "", strsplit(trimws(needed(root, "Imports")), ", ?")[[1]])
  paste0("install.packages(c(", paste0("\"", packages, "\"", collapse = ", "), "))")
}
install_lines <- function(root = ".") {
  archive <- paste0("vaeirt_", needed(root, "Version"), ".tar.gz")
  c(
    "install.packages(\"path/to/vaeirt\", repos = NULL, type = \"source\")",
    paste0("install.packages(\"path/to/", archive, "\", repos = NULL, type = \"source\")"),
    "remotes::install_git(\"url/of/the/repository\")"
  )
}

# What a GPU and the processor of one machine took for the same fits.
gpu_table <- function(root = ".") {
  runs <- read_bench(root, "gpu.csv")
  count <- function(x) formatC(x, format = "d", big.mark = ",")
  job <- sprintf("%s x %s ballots, %d-D", count(runs$voters), count(runs$contests), runs$dims)
  own <- split(runs, factor(job, unique(job)))
  of <- function(part, device) formatC(vapply(own, function(x) x[x$device == device, part], numeric(1)), digits = 1, format = "f")
  r_squared <- vapply(own, function(x) paste(unique(sprintf("%.3f", x$r_squared)), collapse = " and "), character(1))
  seconds <- c(all = "seconds", training = "training", posteriors = "posteriors")
  column <- function(device, label) setNames(lapply(seconds, of, device), paste0(label, ": ", names(seconds)))
  markdown_table(data.frame(
    list(seconds = names(own)), column("cuda", "H200"), column("cpu", "16 cores"), list(`R^2, both` = r_squared),
    check.names = FALSE
  ))
}
