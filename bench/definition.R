# The kernels against the definition of the model: finished fits with `device = "cpu"` and `device = "candle"` of ten data sets,
# with the largest difference of two ideal points in standard errors, that of the log-likelihoods in nats, and the seconds of
# both. Rscript bench/definition.R [library] compares the fits of an installed package with those of another instead, for changes
# that should change nothing. Writes bench/definition.csv, or prints.
other <- commandArgs(TRUE)
suppressMessages(library(vaeirt))

from_package <- function(name, package) {
  place <- new.env()
  utils::data(list = name, package = package, envir = place)
  place[[name]]
}

# Answers in rows of people, without what is no item.
senate <- function() as.matrix(from_package("Senate", "MCMCpack")[-(1:5)])
court <- function() t(as.matrix(from_package("SupremeCourt", "MCMCpack")))
simulated <- function(..., seed) simulate_irt(..., seed = seed)$responses

sets <- list(
  list(name = "109th Senate", data = quote(from_package("s109", "pscl")), dims = 1),
  list(name = "109th Senate", data = quote(from_package("s109", "pscl")), dims = 2),
  list(name = "109th Senate, probit", data = quote(from_package("s109", "pscl")), dims = 1, link = "probit"),
  list(name = "Supreme Court 1994-97", data = quote(from_package("sc9497", "pscl")$votes), dims = 1),
  list(name = "Supreme Court (MCMCpack)", data = quote(court()), dims = 1),
  list(name = "106th Senate (MCMCpack)", data = quote(senate()), dims = 1),
  list(name = "Simulated, four options", data = quote(simulated(600, 20, dims = 2, n_options = 4, missing = 0.2, seed = 3)), dims = 2),
  list(name = "Simulated, 40 % missing", data = quote(simulated(1500, 60, dims = 3, missing = 0.4, seed = 4)), dims = 3),
  list(name = "Simulated, weights", data = quote(simulated(800, 25, dims = 1, seed = 5)), dims = 1,
       weights = rep(c(0.5, 1, 1.5, 1), 200)),
  list(name = "Simulated, network alone", data = quote(simulated(3000, 40, dims = 4, missing = 0.3, seed = 6)), dims = 4,
       refine = FALSE)
)

fit_set <- function(set, device) {
  link <- if (is.null(set$link)) "logit" else set$link
  control <- vaeirt::vae_control(device = device, refine = set$refine)
  arguments <- list(data = eval(set$data), dims = set$dims, link = link, seed = 1, control = control)
  if (!is.null(set$weights)) arguments$weights <- set$weights
  seconds <- system.time(fit <- suppressWarnings(suppressMessages(do.call(vaeirt::vae_irt, arguments))))[["elapsed"]]
  list(fit = fit, seconds = seconds)
}

in_library <- function(set, library) {
  environment(fit_set) <- globalenv()
  needed <- list(fit_set = fit_set, from_package = from_package, senate = senate, court = court)
  callr::r(function(set, needed) {
    list2env(needed, globalenv())
    assign("simulated", function(..., seed) vaeirt::simulate_irt(..., seed = seed)$responses, globalenv())
    suppressMessages(library(vaeirt))
    fit_set(set, "cpu")
  }, list(set, needed), libpath = c(library, .libPaths()))
}

compare <- function(set) {
  one <- fit_set(set, "cpu")
  two <- if (length(other) == 0) fit_set(set, "candle") else in_library(set, other)
  a <- one$fit$estimates
  b <- two$fit$estimates
  data.frame(
    data = set$name, dims = set$dims, respondents = length(unique(a$respondent)), items = length(unique(one$fit$items$item)),
    identical = identical(a, b), difference_se = signif(max(abs(a$estimate - b$estimate) / a$std.error), 2),
    loglik = signif(abs(as.numeric(logLik(one$fit)) - as.numeric(logLik(two$fit))), 2),
    seconds_cpu = round(one$seconds, 2), seconds_other = round(two$seconds, 2)
  )
}

rows <- do.call(rbind, lapply(sets, compare))
print(rows)
if (length(other) == 0) {
  names(rows)[names(rows) == "seconds_other"] <- "seconds_candle"
  utils::write.csv(rows, "bench/definition.csv", row.names = FALSE)
}
