#' What this build of the package can do
#'
#' @return A list of class `vaeirt_info`: `version` of the package, `core` (version of the Rust crate), `target` (processor
#'   and operating system it was built for), `features` (of this build: `"cuda"` if it can use NVIDIA's GPUs), `devices`
#'   (what [vae_irt()] can compute on here: `"cpu"`, `"candle"`, and `"cuda"` if there is such a GPU), `processors` (how many the
#'   operating system offers), `threads` (the default of [vae_control()]).
#' @export
#' @examples
#' vaeirt_info()
vaeirt_info <- function() {
  core <- rust_info()
  structure(
    list(
      version = as.character(utils::packageVersion("vaeirt")),
      core = core$version,
      target = core$target,
      features = if (core$cuda) "cuda" else character(),
      devices = unique(c("cpu", "candle", unwrap_rust(rust_device("auto"))$name)),
      processors = core$processors,
      threads = vae_control()$threads
    ),
    class = "vaeirt_info"
  )
}

#' @export
print.vaeirt_info <- function(x, ...) {
  cli::cat_line("vaeirt ", x$version, " (core ", x$core, ", ", x$target, ")")
  cli::cat_line("Features: ", if (length(x$features) > 0) paste(x$features, collapse = ", ") else "none")
  cli::cat_line("Devices: ", paste(x$devices, collapse = ", "))
  cli::cat_line("Threads: ", x$threads, " of ", x$processors, " processors")
  invisible(x)
}
