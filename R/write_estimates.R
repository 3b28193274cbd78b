# Rows of a part of a file that is written.
part_size <- function() getOption("vaeirt.part_size", 500000)

#' Write the estimates of a fit to a Parquet file
#'
#' The file is written part by part (the option `vaeirt.part_size`, by default 500,000 rows at a time) and gets its name when it
#' is complete.
#'
#' @param fit A `vae_irt` object.
#' @param path The Parquet file to be written (compressed with zstd); an existing one is replaced.
#' @return `path`, invisibly. The file has the columns and rows of `fit$estimates`, see [vae_irt()].
#' @seealso [predict.vae_irt()] with `to =` scores respondents straight into a file, for more of them than R should hold.
#' @export
#' @examples
#' truth <- simulate_irt(200, 30, seed = 1)
#' fit <- vae_irt(truth$responses, seed = 1, control = vae_control(threads = 1))
#' path <- write_estimates(fit, tempfile(fileext = ".parquet"))
#' file.size(path)
write_estimates <- function(fit, path) {
  check_class(fit, "vae_irt", "vae_irt")
  check_path(path)
  if (nrow(fit$estimates) == 0) {
    abort_vaeirt(
      c(
        "The fit has no estimates of respondents: it was made with {.code estimates = FALSE}.",
        i = "Score them into a file with {.code predict(fit, newdata, to = path)}."
      ),
      "argument"
    )
  }
  parts <- parts_of(nrow(fit$estimates), part_size())
  write_parquet_parts(function(k) fit$estimates[parts[[k]], ], length(parts), path)
  invisible(path)
}
