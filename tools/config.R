# Checks Rust and writes src/Makevars from src/Makevars.in. Run by ./configure in the package's root.

needed <- local({
  requirements <- read.dcf("DESCRIPTION", fields = "SystemRequirements")[[1]]
  sub(".*rustc >= ([0-9.]+).*", "\\1", gsub("\\s+", " ", requirements))
})

advice <- paste0(
  "vaeirt is compiled with Rust, version ", needed, " or later.\n",
  "  Any system:     install it from https://rustup.rs, then open a new shell\n",
  "  Already there:  rustup update stable\n",
  "  Then install the package again."
)

stop_with_advice <- function(problem) {
  message("\n", problem, "\n", advice, "\n")
  quit(save = "no", status = 1)
}

# rustup's folder may be missing from the PATH of a graphical R.
Sys.setenv(PATH = paste(Sys.getenv("PATH"), file.path(Sys.getenv("HOME"), ".cargo", "bin"), sep = ":"))

version_of <- function(tool) {
  answer <- tryCatch(
    suppressWarnings(system2(tool, "--version", stdout = TRUE, stderr = FALSE)),
    error = function(cnd) character()
  )
  if (length(answer) != 1 || !is.null(attr(answer, "status"))) {
    stop_with_advice(paste0("`", tool, "` was not found."))
  }
  sub("^\\S+ ([0-9.]+).*$", "\\1", answer)
}

cargo <- version_of("cargo")
rustc <- version_of("rustc")
if (package_version(rustc) < needed) {
  stop_with_advice(paste0("rustc ", rustc, " is too old."))
}
message("Using cargo ", cargo, " and rustc ", rustc)

# Crates come from the bundle when it is there, else from the network into a folder of the build, unless the user
# keeps a CARGO_HOME.
cargo_flags <- if (identical(Sys.getenv("NOT_CRAN"), "true")) "" else "-j 2"
bundle <- "src/rust/vendor.tar.xz"
if (file.exists(bundle)) {
  if (!dir.exists("src/rust/vendor")) {
    utils::untar(bundle, exdir = "src/rust", tar = "internal")
  }
  cargo_flags <- paste(
    cargo_flags, "--offline",
    "--config 'source.crates-io.replace-with=\"vendored\"'",
    "--config 'source.vendored.directory=\"$(RUST)/vendor\"'"
  )
  message("Using the crates in ", bundle)
}

values <- c(
  TARGET_DIR = Sys.getenv("CARGO_TARGET_DIR", "$(RUST)/target"),
  CARGO_HOME = Sys.getenv("CARGO_HOME", "$(CURDIR)/.cargo"),
  CARGO_FLAGS = cargo_flags,
  LINK_FLAGS = if (Sys.info()[["sysname"]] == "Linux") "-Wl,--gc-sections -Wl,--strip-debug,--discard-all -Wl,--version-script=vaeirt.map" else ""
)
makevars <- readLines("src/Makevars.in")
for (name in names(values)) {
  makevars <- gsub(paste0("@", name, "@"), values[[name]], makevars, fixed = TRUE)
}
writeLines(makevars, "src/Makevars")
