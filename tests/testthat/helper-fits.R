# Fits that several files use, each computed once.

fits <- new.env()

# Two processes at most, as on CRAN.
options(vaeirt.threads = 2L)

once <- function(name, code) {
  if (is.null(fits[[name]])) fits[[name]] <- code
  fits[[name]]
}

one_thread <- vae_control(threads = 1)

small_truth <- function() once("small_truth", simulate_irt(150, 25, missing = 0.1, seed = 1))
small_fit <- function() once("small_fit", vae_irt(small_truth()$responses, seed = 1, control = one_thread))

nominal_truth <- function() once("nominal_truth", simulate_irt(2500, 40, n_options = 3, missing = 0.1, seed = 2))
nominal_fit <- function() once("nominal_fit", vae_irt(nominal_truth()$responses, seed = 1))

spatial_nominal_fit <- function() {
  once("spatial_nominal_fit", {
    vae_irt(simulate_irt(500, 30, dims = 3, n_options = 5, seed = 5)$responses, dims = 3, seed = 1)
  })
}

planar_truth <- function() once("planar_truth", simulate_irt(2500, 60, dims = 2, missing = 0.1, seed = 3))
planar_fit <- function() once("planar_fit", vae_irt(planar_truth()$responses, dims = 2, seed = 1))

senate <- function() {
  skip_if_not_installed("pscl")
  once("senate", {
    found <- new.env()
    utils::data("s109", package = "pscl", envir = found)
    found$s109
  })
}
senate_fit <- function() {
  once("senate_fit", suppressMessages(vae_irt(senate(), link = "probit", polarity = "FRIST (R TN)", seed = 1)))
}

# The same under the prior of the long chain, to be compared with it.
senate_fit_of_chain <- function() {
  once("senate_fit_of_chain", suppressMessages(
    vae_irt(senate(), link = "probit", polarity = "FRIST (R TN)", prior = irt_prior(5, 5), seed = 1)
  ))
}

# A column of a tidy table as a matrix with one row per respondent, or per item and option.
by_row <- function(table, width) matrix(table$estimate, ncol = width, byrow = TRUE)

# Traits and discriminations after the orthogonal rotation of the truth to the estimates (Procrustes).
aligned <- function(fit, truth) {
  dims <- fit$dims
  estimated <- by_row(fit$items, dims + 1)[, seq_len(dims), drop = FALSE]
  true <- by_row(truth$items, dims + 1)[, seq_len(dims), drop = FALSE]
  parts <- svd(crossprod(true, estimated))
  rotation <- parts$u %*% t(parts$v)
  list(
    estimated = estimated,
    true = true %*% rotation,
    traits = by_row(fit$estimates, dims),
    true_traits = by_row(truth$respondents, dims) %*% rotation
  )
}

# What predict(type = "prob") gives, at the estimates instead of averages.
at_estimates <- function(fit) {
  table <- predict(fit, type = "prob", conf.int = FALSE)
  traits <- unname(fit$parameters$respondents$mean)
  table$.prob <- as.vector(t(do.call(cbind, lapply(vaeirt:::response_functions(fit), function(at) at(traits)))))
  table
}

slope <- function(x, y) sum(x * y) / sum(x^2)

# Three respondents and two items.
vote_matrix <- function() {
  matrix(c(0, 1, 1, 0, 1, NA), 3, dimnames = list(c("ann", "bob", "cat"), c("bill", "veto")))
}

# For snapshots: estimates and widths differ between machines.
hide_numbers <- function(lines) gsub(" +", " ", gsub("-?[0-9]+\\.[0-9]+|in [0-9]+ epochs", "<number>", lines))

lines_of <- function(fit) capture.output(print(fit))
