# A fit whose process is killed over and over, at moments that know nothing of what it does, ends with the numbers of a fit
# that was left alone.
library(vaeirt)

fit_with <- function(folder, truth) {
  control <- vaeirt::vae_control(
    checkpoint = folder, checkpoint_seconds = 0.05, max_epochs = 100, batch_size = 128, threads = 1
  )
  suppressMessages(suppressWarnings(vaeirt::vae_irt(truth$responses, dims = 3, control = control, seed = 7)))
}
numbers_of <- function(fit) fit[c("estimates", "items", "training", "model", "parameters", "statistics")]

truth <- simulate_irt(2000, 40, dims = 3, seed = 1)
seconds <- system.time(expected <- fit_with(NULL, truth))[["elapsed"]]
set.seed(1)
found <- lapply(1:10, function(round) {
  folder <- file.path(tempdir(), paste0("round-", round))
  kills <- 0
  repeat {
    child <- callr::r_bg(function(fit_with, folder, truth) fit_with(folder, truth), list(fit_with, folder, truth))
    child$wait(1000 * stats::runif(1, 0.3, 1.2 * seconds))
    if (!child$is_alive()) break
    child$kill()
    kills <- kills + 1
  }
  data.frame(round = round, kills = kills, same = identical(numbers_of(child$get_result()), numbers_of(expected)))
})
found <- do.call(rbind, found)
print(found, row.names = FALSE)
cat(sprintf("An unbroken fit took %.1f s.\n", seconds))
quit(status = as.integer(!all(found$same) || sum(found$kills) < 5))
