# Rows of a part of a file that is written.
part_size <- function() getOption("vaeirt.part_size", 500000)

#' Write the estimates of a fit to a Parquet file
#'
#' The file is written part by part (the option `vaeirt.part_size`, by default 500,000 rows at a time) and gets its name
#' when it is complete.
#'
#' @param fit A `vae_irt` object.
#' @param path The Parquet file to be written (compressed with zstd); an existing one is replaced.
#' @return `path`, invisibly. The file has the columns and rows of `fit$estimates`, see [vae_irt()].
#' @seealso [predict.vae_irt()] with `to =` scores respondents straight into a file, if there are more than R should hold.
#' @export
#' @examples
#' truth <- simulate_irt(200, 30, seed = 1)
#' fit <- vae_irt(truth$responses, seed = 1, control = vae_control(threads = 1))
#' path <- write_estimates(fit, tempfile(fileext = ".parquet"))
#' file.size(path)
write_estimates <- function(fit, path) {
  check_fit(fit)
  check_path(path)
  check_estimated(fit)
  parts <- parts_of(nrow(fit$parameters$respondents$mean), max(1, part_size() %/% fit$dims))
  write_parquet_parts(function(k) estimates_of(fit, rows = parts[[k]]), length(parts), path)
  invisible(path)
}
