# A fit that was never fitted, for pictures of figures: its numbers are fixed, so that the pictures are the same on every
# machine.
drawn_fit <- function(dims = 1, n_options = 2) {
  n <- 60
  place <- seq_len(n)
  golden <- function(k) (k * 0.618034) %% 1
  traits <- round(cbind(stats::qnorm((place - 0.5) / n), stats::qnorm(golden(place)), stats::qnorm(golden(7 * place + 0.3))), 2)
  traits <- traits[, seq_len(dims), drop = FALSE]
  n_items <- 16
  n_rows <- n_items * (n_options - 1)
  gamma <- round(cbind(2.5 * cos(seq_len(n_rows)), 1.5 * sin(2 * seq_len(n_rows)), cos(3 * seq_len(n_rows))), 2)
  parameters <- cbind(gamma[, seq_len(dims), drop = FALSE], round(1.2 * sin(3 * seq_len(n_rows)), 2))
  votes <- vapply(seq_len(n_items), function(j) {
    own <- parameters[(j - 1) * (n_options - 1) + seq_len(n_options - 1), , drop = FALSE]
    prob <- vaeirt:::option_probabilities(own, traits, vaeirt:::response_form("logit"))
    rowSums(golden(place * (j + 2)) > t(apply(prob, 1, cumsum)))
  }, numeric(n))
  dimnames(votes) <- list(paste("Member", place), paste("Bill", seq_len(n_items)))
  votes[golden(seq_along(votes)) < 0.1] <- NA
  responses <- irt_responses(votes)
  responses$respondents$party <- c("R", "D", "Indep")[ifelse(place %% 20 == 0, 3, ifelse(traits[, 1] > 0.1, 1, 2))]
  of_pair <- dims * (dims + 1) / 2
  sd <- round(0.15 + 0.1 * abs(traits), 2)
  covariance <- matrix(0, n, of_pair)
  covariance[, cumsum(seq_len(dims))] <- sd^2
  item_covariance <- matrix(0, n_rows, (dims + 1) * (dims + 2) / 2)
  item_covariance[, cumsum(seq_len(dims + 1))] <- 0.04
  epoch <- 1:40
  vector <- rep(NaN, n)
  answer <- list(
    model = raw(), respondents = place,
    items = list(
      parameters = parameters, covariance = item_covariance, covariance_normalised = item_covariance,
      covariance_aligned = item_covariance,
      std_errors = "joint",
      mean = colMeans(traits), sd = apply(traits, 2, stats::sd)
    ),
    posterior = list(
      mean = traits, covariance = covariance, skewness = 0 * traits, joint = covariance, joint_normalised = covariance,
      pareto_k = if (dims > 2) round(golden(place) - 0.2, 2) else vector, effective_draws = vector, amortisation_gap = vector,
      log_evidence = vector
    ),
    epochs = list(
      epoch = epoch, elbo = -500 - 900 * exp(-epoch / 4), learning_rate = 0.05 * pmin(1, epoch / 5, (41 - epoch) / 15),
      phase = ifelse(epoch > 26, "descent", "search")
    ),
    timings = list(part = character(), seconds = numeric()),
    linkage = list(groups = rep(1L, n_items), sizes = n, linking = integer()),
    converged = TRUE, polished = TRUE, draws = 256L, classification = 0.8, apre = 0.5, gmp = 0.7,
    df = length(parameters) - dims * (dims - 1) / 2, pareto_threshold = 0.6
  )
  settings <- list(dims = dims, link = "logit", refine = TRUE, seed = 1, polarity = NULL)
  restarts <- tibble::tibble(seed = 1, logLik = NA_real_, agreement = NA_real_)
  vaeirt:::fit_of_answer(
    answer, responses, restarts, settings, irt_prior(), vae_control(threads = 1), quote(vae_irt()), seconds = 1
  )
}
