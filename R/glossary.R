#' Glossary: our words and those of other packages
#'
#' The same things have other names in pscl, MCMCpack, emIRT, wnominate and mirt.
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
#' The linear predictor is \eqn{\alpha \gamma - \beta} here, in pscl and in MCMCpack (where the letters are others:
#' \eqn{-\alpha_j + \beta_j \theta_i}), and \eqn{d + a \theta} in mirt and emIRT: the intercept is the negative difficulty. mirt's
#' and the textbooks' difficulty \eqn{b} of the two-parameter model is our *cutpoint*, \eqn{\beta / \gamma}.
#'
#' Item parameters of the probit link are about 1 / 1.7 of those of the logit. The scales of the ideal points differ as well: see
#' the next section; use [compare_ideal_points()], which aligns them.
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
#' * *Correctly classified*: the share of the responses that are the most probable option: at the estimates in [glance()], averaged over
#'   the posterior in [response_fit()]; `correctYea` and so on of wnominate.
#' * *PRE*, proportional reduction in error, of an item: by how much the model lowers the number of wrong classifications below that of
#'   always taking the most frequent option. *APRE*, aggregate: the same with both numbers summed over items (Poole and
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
