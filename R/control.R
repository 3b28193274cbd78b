#' Control of the estimation
#'
#' The defaults are meant to work unattended; `threads` is the setting to know.
#'
#' @section Convergence:
#' The learning rate rises over the first 20 steps and then stays until the bound, averaged over windows of 40 steps, has
#' improved by less than `tolerance` times its size, or by less than the standard error of the difference, in two windows
#' running. (With up to 20 batches a window is made of whole epochs.) Then it falls to 0 along a cosine, so that the noise of
#' the gradients averages out. This takes 0.6 times as many steps again (at least 100), and ends at the end of an epoch, at
#' the earliest of the second. Training has converged when the bound stopped improving before 70 % of `max_epochs` were over;
#' otherwise `$converged` is `FALSE` and [vae_irt()] warns.
#'
#' In one dimension, unless `refine = FALSE` or there are more than 20 item parameters for each respondent, the items are
#' at their maximum before the training, which only corrects a network that is nearly right: at least 40 steps, in whole
#' epochs, along the cosine, with .06 times the learning rate. It has converged unless `max_epochs` allows fewer steps.
#' `tolerance` and `importance_samples` then do nothing for the items.
#'
#' @section Standard errors:
#' The items' covariance `C` is the inverse of the observed information. By Louis' identity this is the information of the
#' complete data minus that which is lost because the latent traits are unknown. With up to 4,000 item parameters it is one
#' matrix (up to 1,500 if most respondents answered few of the items). Beyond, it is kept as a block for each item and the
#' scores that respondents share among items; `C` is then exact along location, scale and rotations and for each item given the
#' others, and 64 to 512 draws stand for the rest: standard errors are those of the one matrix within one per cent for items, and
#' within two for nearly all respondents. If these scores are more than 200 million numbers, `C` is known along location, scale
#' and rotations and within each item: standard errors of items are about two per cent smaller than joint ones (200,000 ballots,
#' 1,000 contests, four dimensions). Joint standard errors of a respondent come from `S + J C J'`, where `S` is the posterior
#' covariance given the items and `J` the derivative of the posterior mean by the item parameters. What items add that little is
#' known of has a limit: beside what location, scale and axes add, which all respondents share, nobody becomes less certain than
#' the population is without any response.
#'
#' `"auto"` is `"joint"`. If there are more than 2,000 responses for each parameter, or 250 and too many scores, it is `"items"`
#' (joint for the items alone): the items' uncertainty then adds about one per cent or a few to the standard errors of the
#' respondents. If the information is not positive definite, it is `"blocks"` (joint for the respondents, with independent items)
#' up to the same numbers of responses, and beyond them `"conditional"`, which it also is if an item has more than 600 parameters;
#' who asked for `"joint"` by name is warned (class `vaeirt_warning_std_errors`). Information that is not positive definite is met
#' in three and more dimensions if many options are rare: set `min_count`, or leave out labels such as write-ins. `$std_errors` of
#' a fit says which it was.
#'
#' There are limits. With more than 3 million responses the information is extrapolated from an evenly spaced sample of them,
#' which has at least 500 responses to each item that has so many. Items with more than 600 parameters have no standard errors.
#' And standard errors can be too small in two cases. If the block of an item is not positive definite either, some or all of the
#' information that is lost because the traits are unknown counts as if it were there. If an item dominates the others (its
#' discrimination times the respondents' posterior standard deviation is above about 2), its standard errors are too small by up
#' to a half, because the information is evaluated at normal distributions with the moments of the posteriors.
#'
#' Standard errors depend on how location, scale and rotation are treated. On the scale of the prior (`tidy(fit, scale =
#' "prior")`) the population of respondents has mean 0 and covariance I. The respondents are a sample from it, so location and
#' scale are uncertain: with 100 respondents the location alone has a standard error of 0.1. On the normalised scale the traits
#' of the respondents at hand have mean 0 and standard deviation 1, and the delta method projects that uncertainty out. The
#' likelihood does not determine rotations: the information is inverted on the complement of their tangent space and taken to
#' the principal axes by the delta method. Axes that explain nearly the same variance are hardly determined: their standard
#' errors then cover a turn by an unknown angle, and mean little. Turn the axes first; after
#' [rotate()] they count as chosen, not estimated.
#'
#' With sampling weights (see that section of [irt_responses()]) `C` is the sandwich `C (B + P) C`, where `B` is the sum of
#' `w^2 s s'`, `s` are the respondents' scores and `P` is the precision of the items' prior; above 4,000 parameters it is
#' `C` times
#' the design effect `n sum(w^2) / sum(w)^2`. In simulations of 400 respondents and 40 items (`bench/intervals.R`) with
#' unequal weights, intervals of items held 95 to 96 % of the true values, where those of frequencies would hold 84 %. With
#' fewer respondents,
#' counted as `sum(w)^2 / sum(w^2)`, than item parameters they are not to be trusted, and `print()` says so. Where the items are
#' integrated out (next section) they are estimated without sampling weights, which tell of the population alone: given the
#' traits it does not matter who was sampled, and a few heavy respondents would outvote all others.
#'
#' @section Few respondents, few responses:
#' Where there are as many items as respondents times dimensions, or more, and at most 1,000 of the latter, the items are
#' integrated out: the traits are the parameters, each item is averaged over its posterior, and the prior of the items is
#' estimated (see [irt_prior()]). The items' estimates are then posterior means, and the respondents' standard errors come from
#' the information about all traits together. The log-likelihood is that at the posterior means. In simulations of courts,
#' committees and chambers (`bench/chambers.R` in the sources) 95 % intervals of respondents held between 92 and 96 % of the
#' true ideal points, from 9 respondents and 200 items to 158 respondents in two parties. Items with
#' two options are taken for those on which not all agreed, as others are set aside or were never recorded: the estimated prior
#' counts these in. Where items have five responses each 91 % held: then two sets of ideal points that lie far apart can be as
#' probable, and the intervals know of one. A chamber of 440 whose votes all separate the parties had 83 %.
#'
#' Else standard errors rest on the observed information at the maximum, which is too optimistic where the items are estimated
#' from few responses. In simulations with the estimated prior (`bench/few.R`, 40 data sets each), with 100 respondents and
#' 50 items, intervals covered 88 % where items have 10 responses on average, 89 % with 16, 93 % with 24, and 95 % with 32 to
#' 100; with standard deviations of 5 they had covered 72 %, 76 %, 84 %, and 90 to 94 %. [vae_irt()] warns where half of the
#' responses are to
#' items with fewer than 20 of them (30 under a given prior), and `print()` says it below 30 respondents, unless the items are
#' integrated out.
#'
#' @section Checkpoints:
#' With `checkpoint`, a file `training.checkpoint` is written to the folder every `checkpoint_seconds`, when the training is
#' interrupted, and when it ends; the previous one is kept as `training.before.checkpoint`. A file gets its name only when it
#' is complete and on the disk, and has a checksum: if the last one is damaged, the previous one is used. Both hold the
#' weights and the state of the optimiser, but not the data; each is three times the size of the model. The steps before and after
#' the training (items at their maximum, posteriors, standard errors) are done again.
#'
#' A call continues from a checkpoint if it has the same responses (a checksum tells), version of the package, seed and
#' settings of the training: `dims`, `link`, `prior`, `hidden`, `importance_samples`, `max_epochs`, `batch_size`,
#' `learning_rate`, `tolerance`, `device` and, in one dimension, `refine`. So give a `seed`. Any other checkpoint is refused with
#' an error of class `vaeirt_error_checkpoint`. With `restarts` each has a folder of its own in it; use a folder for one fit at a
#' time. The files stay until you delete them; a finished training is not repeated.
#'
#' @section Devices:
#' The model is defined once, by operations of the tensor library Candle, which run on every device and which it
#' differentiates. With `device = "cpu"` they are replaced by one operation, a kernel of ours that computes the same bound and
#' gradients in one pass over the responses; `device = "candle"` does without it.
#'
#' If the package was installed with `VAEIRT_CUDA=1 R CMD INSTALL .` and found the compiler of CUDA, it can train and refine
#' the posteriors on an NVIDIA GPU; `vaeirt_info()$devices` says whether it can here. If it cannot, `device = "cuda"` is an
#' error. The responses stay packed in the memory of the processor, and go to the GPU batch by batch; the batches are laid
#' out while the GPU computes. The processor computes starting values, sums of embeddings, updates, standard errors and
#' statistics.
#'
#' These operations take the same steps with the same random numbers as the kernels, but sum in another order, so the results
#' agree to single precision and not to the last bit; a checkpoint is for one device. On an NVIDIA H200 the core
#' gave the log-likelihoods of the processor to 1e-8 and ideal points within .001 of its, and all tests passed. It was slower
#' than the 16 cores beside it, though: 26 against 8 seconds for 200,000 ballots in 4 dimensions, because the posteriors are
#' not yet laid out for a GPU (`bench/gpu.csv` in the sources).
#'
#' @param hidden Width of the response embeddings and of the network's hidden layer: at least `dims`, at most 4,096.
#' @param importance_samples Samples in the importance-weighted bound, at most 1,024. With 1 it is the evidence lower bound;
#'   more samples make it tighter, which reduces the variational shrinkage of the discriminations (by trials in one
#'   dimension: 6 % with 1 sample, 3 % with 4, 1 % with 8).
#' @param max_epochs Most passes over the data.
#' @param batch_size Respondents in a minibatch; `NULL` takes everybody up to 512 respondents and then a fiftieth
#'   of them, at least 512 and at most 4,096, and fewer where these have very many responses.
#' @param learning_rate Highest learning rate of the item parameters (optimiser Adam); those of the network and the
#'   embeddings follow it.
#' @param tolerance Relative improvement of the bound below which training has converged; see the section below.
#' @param refine Take the items to the maximum of their marginal posterior after the training, in one dimension before it,
#'   and refine the network's posterior of every respondent: in one or two dimensions on evenly spaced nodes, else by
#'   Newton's method and importance sampling? `NULL`: yes, but not for more than 1 million respondents in three or more
#'   dimensions, where it takes longer than the training. Without, items and estimates are those of the training: nearly as
#'   accurate, with intervals that are normal, and without `pareto_k` and log-likelihood.
#' @param draws Draws of importance sampling per respondent, in three or more dimensions; eight times as many are made for
#'   those whose Pareto k is above the threshold. `NULL`: 256, with which posterior means are within about a hundredth of a
#'   posterior standard deviation of exact ones; 128 for more than 100,000 respondents, within about two hundredths.
#' @param std_errors `"joint"`: standard errors carry the uncertainty of respondents and items together. `"conditional"`:
#'   those of the respondents treat the items as known, those of an item the other items. `"none"`: none for the items.
#'   `"auto"`: see the section on standard errors.
#' @param restarts Fits from different seeds (`seed`, `seed + 1`, ...). The one with the highest marginal log-likelihood is
#'   kept, and `$restarts` says how far the others agree with it.
#' @param checkpoint A folder in which the training is kept while it runs, so that it can go on after an interruption, a
#'   crash or a power cut: repeat the same call, and it ends with exactly the numbers of a fit that was not interrupted.
#'   `NULL`: nothing is kept. See the section on checkpoints.
#' @param checkpoint_seconds Seconds between two checkpoints.
#' @param estimates `FALSE`: return no estimates of the respondents, if there are more than R should hold; score them into a
#'   file with `predict(fit, newdata, to = )`. Scale, axes, standard errors and statistics then come from
#'   100,000 of them, evenly spaced over the data, and `$estimates` is empty.
#' @param level Level of the intervals `conf.low` to `conf.high`.
#' @param device What computes the training and the posteriors: `"cpu"`, the processor; `"candle"`, the processor as well, but
#'   by the operations of Candle in which the model is defined instead of our kernels, which takes many times as long and is there
#'   to check them; `"cuda"`, the first GPU of NVIDIA, in a build of the package that can use one; `"auto"`, that GPU where there
#'   is one, else the processor. See the section on devices.
#' @param threads Worker threads. The default is the option `vaeirt.threads` or, without it, all processors, but
#'   never more than the environment variable `OMP_THREAD_LIMIT` says, nor than 2 under `R CMD check`. The results do not
#'   depend on it.
#' @param progress Show a progress bar, with the bound and the time left? By default it is shown at the console, but
#'   not in scripts and in documents that are being knit. It appears after two seconds.
#' @return A list of class `vae_control`.
#' @export
#' @examples
#' vae_control(threads = 1, level = 0.9)
vae_control <- function(hidden = 64L,
                        importance_samples = 4L,
                        max_epochs = 2000L,
                        batch_size = NULL,
                        learning_rate = 0.05,
                        tolerance = 1e-3,
                        refine = NULL,
                        draws = NULL,
                        std_errors = c("auto", "joint", "conditional", "none"),
                        restarts = 1L,
                        checkpoint = NULL,
                        checkpoint_seconds = 60,
                        estimates = TRUE,
                        level = 0.95,
                        device = c("cpu", "candle", "cuda", "auto"),
                        threads = getOption("vaeirt.threads", default_threads()),
                        progress = default_progress()) {
  structure(
    list(
      hidden = check_count(hidden, max = 4096),
      importance_samples = check_count(importance_samples, max = 1024),
      max_epochs = check_count(max_epochs),
      batch_size = if (!is.null(batch_size)) check_count(batch_size),
      learning_rate = check_positive(learning_rate),
      tolerance = check_positive(tolerance),
      refine = if (!is.null(refine)) check_flag(refine),
      draws = if (!is.null(draws)) check_count(draws, min = 100),
      std_errors = check_choice(std_errors, c("auto", "joint", "conditional", "none")),
      restarts = check_count(restarts, max = 1000),
      checkpoint = if (!is.null(checkpoint)) check_folder(checkpoint),
      checkpoint_seconds = check_positive(checkpoint_seconds),
      estimates = check_flag(estimates),
      level = check_share(level),
      device = check_device(check_choice(device, c("cpu", "candle", "cuda", "auto"))),
      threads = check_count(threads, max = 1024),
      progress = check_flag(progress)
    ),
    class = "vae_control"
  )
}

# A GPU that is asked for and not there is an error before anything is read.
check_device <- function(device, call = caller_env()) {
  if (device == "cuda") unwrap_rust(rust_device(device), call)
  device
}

#' @export
print.vae_control <- function(x, ...) {
  shown <- vapply(x, function(value) if (is.null(value)) "automatic" else format(value), character(1))
  if (is.null(x$checkpoint)) shown[["checkpoint"]] <- "none"
  cat("Control of vae_irt():\n", paste0("  ", format(names(shown)), "  ", shown, "\n"), sep = "")
  invisible(x)
}

# Are the posteriors to be refined? For many respondents the draws of importance sampling take longer than the training.
wants_refinement <- function(control, dims, responses) {
  control$refine %||% (dims <= 2 || length(responses$offsets) <= 1e6 + 1)
}

# R CMD check allows two processes and sets the first of these variables; clusters and CRAN set the second.
default_threads <- function(processors = rust_info()$processors) {
  checked <- !Sys.getenv("_R_CHECK_LIMIT_CORES_") %in% c("", "false", "FALSE")
  limit <- suppressWarnings(as.integer(Sys.getenv("OMP_THREAD_LIMIT")))
  min(processors, if (checked) 2L, if (!is.na(limit) && limit > 0) limit)
}
