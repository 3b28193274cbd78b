#' Glossary: our words and those of other packages
#'
#' What pscl, MCMCpack, emIRT, wnominate and mirt call the same things. `vignette("coming-from")` shows their code beside
#' ours.
#'
#' @section The parts of the model:
#' | vaeirt | pscl (`ideal`) | MCMCpack | emIRT (`binIRT`) | wnominate | mirt |
#' |:-------|:---------------|:---------|:-----------------|:----------|:-----|
#' | respondent | legislator | subject | legislator | legislator | person |
#' | item | vote, roll call | item | roll call | roll call | item |
#' | ideal point, latent trait: `$estimates` | `xbar`, `x` | `theta` | `means$x` | `legislators$coord1D` | factor score, `fscores()` |
#' | discrimination \eqn{\gamma} | `betabar`, Discrimination | `beta` | `means$beta[, "d1"]` | the spread, times `beta` and the weights | `a1`, slope |
#' | difficulty \eqn{\beta} | `betabar`, Difficulty | `alpha` | `-means$beta[, "d0"]` | from midpoint and spread | `-d`, intercept |
#' | cutpoint, cutting line: [cutpoints()] | | | | midpoint, cutting line | `b`, difficulty |
#' | dimension | dimension (`d`) | dimension | dimension | dimension (`dims`) | factor |
#' | link: `"logit"`, `"probit"` | probit | probit | probit | probit with distances | logit |
#' | `$dropped`: unanimous items | `dropList`, lop-sided votes | dropped silently | kept | `lop`, `minvotes` | an error |
#'
#' The linear predictor is \eqn{\alpha \gamma - \beta} here, in pscl and in MCMCpack (which writes it with other letters,
#' \eqn{-\alpha_j + \beta_j \theta_i}). In mirt and emIRT it is \eqn{d + a \theta}, so the intercept is the negative
#' difficulty. The difficulty \eqn{b} of mirt and of the textbooks' two-parameter model is our *cutpoint*, \eqn{\beta /
#' \gamma}.
#'
#' Item parameters of the logit link are about 1.7 times as large as those of the probit. The scales of the ideal points
#' differ too: see the next section, and use [compare_ideal_points()], which aligns them.
#'
#' @section Settings:
#' | vaeirt | pscl | MCMCpack | emIRT | wnominate | mirt |
#' |:-------|:-----|:---------|:------|:----------|:-----|
#' | `dims` | `d` | `dimensions` | `.D` | `dims` | `model` |
#' | `polarity` | `constrain.legis()` | `theta.constraints` | `.anchor_subject` | `polarity` | |
#' | [rotate()] with `anchors` | `postProcess()`, `constrain.legis()` | `theta.constraints` | | | |
#' | [rotate()] with a method | | | | | `rotate` of `coef()`, `fscores()` |
#' | prior of traits `N(0, I)` | `priors$xp`, `xpv` | `t0`, `T0` | `.priors$x` | none | `N(0, I)` |
#' | [irt_prior()], standard deviations | `priors$bp`, `bpv`: precisions | `ab0`, `AB0`: precisions | `.priors$beta`: covariance | none | `parprior` |
#' | `scale = "normalised"` | `normalize = TRUE` | | | coordinates within -1 and 1 | |
#' | `max_epochs`, `tolerance` | `maxiter`, `burnin`, `thin` | `mcmc`, `burnin`, `thin` | `.control` | | `TOL`, `technical` |
#' | `min_responses` | `dropList` | | | `minvotes` | |
#' | `std_errors` | posterior draws | posterior draws | `boot_emIRT()` | bootstrap (`trials`) | `SE`, `SE.type` |
#'
#' @section Statistics of fit:
#' * *Correctly classified*: the share of the responses that are the most probable option, at the estimates in [glance()] and
#'   averaged over what is not known of respondents and items in [response_fit()]. wnominate counts them in `correctYea` and so
#'   on.
#' * *PRE*, proportional reduction in error, of an item: the share of errors that the model avoids, out of those made by
#'   always taking the most frequent option. *APRE*, aggregate: the same with the errors summed over items (Poole and
#'   Rosenthal 1997).
#' * *GMP*, geometric mean probability: of the observed responses.
#' * *Pareto k*: whether importance sampling covers a posterior, see [vae_irt()]. *ess*: effective number of draws.
#' * *Amortisation gap*: Kullback-Leibler divergence of the network's posterior from the refined one, in nats.
#' * *ELBO*: evidence lower bound, which the training maximises (`vignette("how-it-works")`).
#' * *logLik*: marginal log-likelihood of the items, with the traits integrated out, as mirt reports it.
#'
#' @seealso [ideal_points()] reads the fits of all of these packages; [`vaeirt-columns`] lists the columns of our tables.
#' @name vaeirt-glossary
#' @aliases glossary
#' @examples
#' truth <- simulate_irt(100, 20, seed = 1)
#' fit <- vae_irt(truth$responses, seed = 1, control = vae_control(threads = 1))
#' # The two-parameter model of the textbooks, a (theta - b): a is the discrimination, b the cutpoint.
#' cutpoints(fit)[c("item", "discrimination", "cutpoint")]
NULL
