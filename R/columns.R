#' Columns of all tables
#'
#' What every column means, and its unit. The help page of each function says which columns it returns, and in how many rows.
#'
#' @section Who and what:
#' * `respondent` (character): row name of the data, `"1"`, `"2"`, ... without names, or the columns selected by
#'   `respondent`, joined by `"/"`. Metadata columns of respondents (`party`, `state`, ...) keep name and type (labelled
#'   columns of package haven become factors).
#' * `item` (character): column name of the data, or the value of the column selected by `item`. `question` (character): the
#'   text of the question, where labelled columns of survey packages have one.
#' * `response` (character): label of a response option. `reference`: that of the item's reference option.
#' * `term` (character): `"discrimination"` or `"difficulty"`.
#' * `dimension` (integer): 1, 2, ..., up to the number of dimensions; `NA` for difficulties. `period` (integer): of
#'   dynamic models of other packages.
#' * `group`, `fit`, `x`, `y`: labels of groups and of the fits that are compared.
#' * `n_responses`, `n_respondents`, `n_items`, `nobs` (integer or, where they may be large, double): counts. With weights
#'   (see that section of [irt_responses()]) those of [response_fit()] and `nobs` are weighted, all others are not.
#'   `sum_of_weights` (double): of the respondents with a response; `NA` without weights.
#'   `n_response`, `n_reference`: respondents who chose the option or the reference. `n_correct`: responses classified
#'   correctly.
#'
#' @section Estimates and their uncertainty:
#' * `estimate` (double): of an ideal point, the posterior mean in units of the population's standard deviation (see the
#'   section on location and scale in [vae_irt()]); of a discrimination, in units of the linear predictor (logit or
#'   probit) per unit of the ideal point; of a difficulty, in units of the linear predictor.
#' * `std.error` (double, in the unit of the estimate): posterior standard deviation of an ideal point, see the section on
#'   standard errors in [vae_control()]; of an item parameter from the observed information.
#' * `conf.low`, `conf.high` (double, in the unit of the estimate, or a probability): limits of the interval at the level
#'   asked for.
#' * `pareto_k` (double, no unit), `ess` (double, draws): diagnostics of importance sampling, see [vae_irt()].
#' * `cutpoint`, `midpoint_1`, `midpoint_2` (double, in the unit of the ideal points), `normal_1`, `normal_2` (no unit),
#'   `angle` (degrees), `direction` (`"above"`, `"below"`), `discrimination`: see [cutpoints()].
#'
#' @section Predictions:
#' * `.prob` (double, 0 to 1): probability of an option. `.pred_class` (character): the most probable option.
#' * `.fitted` (double, 0 to 1), `.resid` (double, -1 to 1): see [augment.vae_irt()].
#' * `sim_1`, `sim_2`, ... (character): simulated responses.
#'
#' @section Fit:
#' * `logLik`, `log_evidence`, `log_likelihood`, `log_score` (double, nats): log-likelihoods: of all data, of a
#'   respondent, of the responses of a respondent or an item, and per response that was left out. `AIC`, `BIC` (double), `df`
#'   (number of free parameters).
#' * `classification`, `pre`, `apre`, `gmp` (double, shares): see the [glossary][vaeirt-glossary].
#' * `amortisation_gap` (double, nats per respondent), `max_pareto_k` (double).
#' * `pearson`, `spearman` (double, correlations), `rmsd`, `difference` (double; of ideal points in standard deviations of
#'   the reference, of log scores in nats), `estimate_x`, `estimate_y`, `rank_x`, `rank_y` (of `summary()` of a
#'   comparison).
#'
#' @section The course of the computation:
#' * `epoch` (integer valued), `elbo` (double, nats: the bound of the whole data plus the log prior, up to a constant),
#'   `learning_rate` (double), `phase` (`"search"`, `"descent"`).
#' * `part` (character), `seconds` (double). `seed` (double), `agreement` (double, a squared correlation), `converged`
#'   (logical), `epochs` (integer), `std_errors`, `link` (character), `dims` (integer).
#' * `kind`, `name`, `reason` (character), `n` (integer): what was set aside, see [irt_responses()]; `n` of a comparison: the
#'   respondents that it rests on. `pooled` (list of character vectors): labels that were pooled into one option.
#'
#' @section Which table has them:
#' | table | rows | from |
#' |:------|:-----|:-----|
#' | `$estimates` | respondents x dimensions | [vae_irt()], [tidy()], [predict()][predict.vae_irt], [ideal_points()] |
#' | `$items` | (items, options beside the reference) x (dimensions + 1) | [vae_irt()], [tidy()] |
#' | `$catalogue` | items | [vae_irt()], [irt_responses()] |
#' | `$dropped` | things set aside | [irt_responses()], [vae_irt()] |
#' | `$training`, `$timings`, `$restarts`, `$groups` | epochs, parts, restarts, groups | [vae_irt()] |
#' | one row | 1 | [glance()] |
#' | observed responses | observed responses | [augment()], [simulate()] |
#' | predictions | respondents x items (x options) | [predict()][predict.vae_irt] |
#' | fit | respondents, items or groups | [response_fit()] |
#' | cuts | items x options beside the reference | [cutpoints()] |
#' | scores | numbers of dimensions | [cv_dims()] |
#' | agreement | pairs of fits x dimensions x groups | [compare_ideal_points()] |
#'
#' @name vaeirt-columns
#' @examples
#' truth <- simulate_irt(100, 20, seed = 1)
#' fit <- vae_irt(truth$responses, seed = 1, control = vae_control(threads = 1))
#' lapply(fit[c("estimates", "items", "training", "dropped")], names)
NULL
