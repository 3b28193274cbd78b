#' Simulated responses with known truth
#'
#' Draws latent traits, discriminations and difficulties from the standard normal distribution and responses from the
#' model with the logit link. Responses are missing completely at random.
#'
#' @param n_respondents,n_items Numbers of respondents and items.
#' @param dims Number of latent dimensions.
#' @param n_options Number of response options of every item.
#' @param missing Probability that a response is missing: at least 0, below 1.
#' @param seed A whole number; `NULL` draws one number from R's generator.
#' @param items `"nominal"`, or `"graded"`: options in order, with one discrimination for each item, and thresholds that are put
#'   in order and moved apart by a half.
#' @return A list: `responses`, an integer matrix with the options 0, 1, ... and `NA`; `respondents`, a tibble of the true
#'   traits with the columns `respondent`, `dimension`, `estimate`; and `items`, a tibble of the true item parameters
#'   with the columns `item`, `response`, `term`, `dimension`, `estimate`. The fit's tables have the same columns, so
#'   you can join the two.
#' @export
#' @examples
#' truth <- simulate_irt(5, 3, n_options = 3, missing = 0.2, seed = 1)
#' truth$responses
#' truth$items
simulate_irt <- function(n_respondents, n_items, dims = 1, n_options = 2, missing = 0, seed = NULL,
                         items = c("nominal", "graded")) {
  n_respondents <- check_count(n_respondents)
  n_items <- check_count(n_items)
  dims <- check_count(dims)
  n_options <- check_count(n_options, min = 2)
  items <- check_choice(items, item_models)
  if (!is.numeric(missing) || length(missing) != 1 || is.na(missing) || missing < 0 || missing >= 1) {
    abort_vaeirt("{.arg missing} must be one number, at least 0 and below 1, not {describe(missing)}.", "argument")
  }
  width <- dims + 1
  n_cells <- max(n_respondents * as.double(n_items), n_items * (n_options - 1) * width, n_respondents * as.double(dims))
  if (n_cells > .Machine$integer.max) {
    abort_vaeirt("The design has {n_cells} cells, more than a matrix of R holds.", "argument")
  }
  design <- list(
    n_respondents = n_respondents, n_items = n_items, dims = dims, n_options = n_options, missing = missing,
    items = items, seed = check_seed(seed)
  )
  drawn <- unwrap_rust(rust_simulate(design))
  terms <- item_terms(dims)
  names <- function(n) number_names(seq_len(n))
  n_rows <- n_items * (n_options - 1L)
  list(
    responses = drawn$chosen,
    respondents = tibble::tibble(
      respondent = rep(names(n_respondents), each = dims),
      dimension = rep(seq_len(dims), n_respondents),
      estimate = as.vector(t(drawn$traits))
    ),
    items = tibble::tibble(
      item = rep(names(n_items), each = (n_options - 1L) * width),
      response = rep(rep(as.character(seq_len(n_options - 1L)), each = width), n_items),
      term = rep(terms$term, n_rows),
      dimension = rep(terms$dimension, n_rows),
      estimate = as.vector(t(drawn$items))
    )
  )
}
