# Checks Rust and writes src/Makevars from src/Makevars.in. Run by ./configure in the package's root.

needed <- local({
  requirements <- read.dcf("DESCRIPTION", fields = "SystemRequirements")[[1]]
  sub(".*rustc >= ([0-9.]+).*", "\\1", gsub("\\s+", " ", requirements))
})

advice_on_rust <- paste0(
  "vaeirt is compiled with Rust, version ", needed, " or later.\n",
  "  Any system:     install it from https://rustup.rs, then open a new shell\n",
  "  Already there:  rustup update stable\n",
  "  Then install the package again."
)

stop_with_advice <- function(problem, advice = advice_on_rust) {
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

# Where CUDA is, its libraries as flags, and for what GPUs is compiled; nothing unless VAEIRT_CUDA=1 asks for it.
find_cuda <- function() {
  if (!Sys.getenv("VAEIRT_CUDA") %in% c("1", "true", "TRUE", "yes")) {
    return(NULL)
  }
  on_path <- dirname(dirname(Sys.which("nvcc")[[1]]))
  homes <- c(Sys.getenv("CUDA_HOME"), Sys.getenv("CUDA_PATH"), on_path, "/usr/local/cuda", "/opt/cuda")
  homes <- homes[nzchar(homes) & file.exists(file.path(homes, "bin", "nvcc"))]
  if (length(homes) == 0) {
    stop_with_advice("VAEIRT_CUDA is set, and `nvcc`, the compiler of CUDA, was not found.", paste0(
      "vaeirt uses GPUs of NVIDIA when it is compiled with the CUDA toolkit.\n",
      "  Install it from https://developer.nvidia.com/cuda-downloads; the driver alone is not enough.\n",
      "  Already there:  set CUDA_HOME to its folder, in which there is bin/nvcc.\n",
      "  Without a GPU:  unset VAEIRT_CUDA."
    ))
  }
  home <- normalizePath(homes[[1]])
  said <- system2(file.path(home, "bin", "nvcc"), "--version", stdout = TRUE)
  capability <- Sys.getenv("CUDA_COMPUTE_CAP")
  if (!nzchar(capability)) {
    capability <- tryCatch(
      suppressWarnings(system2("nvidia-smi", "--query-gpu=compute_cap --format=csv,noheader", stdout = TRUE, stderr = FALSE)),
      error = function(cnd) character()
    )
    capability <- sub(".", "", trimws(utils::head(capability, 1)), fixed = TRUE)
  }
  if (!isTRUE(grepl("^[0-9]+$", capability))) {
    stop_with_advice("VAEIRT_CUDA is set, and `nvidia-smi` lists no GPU.", paste0(
      "vaeirt is compiled for the GPU of this machine, or for the one that CUDA_COMPUTE_CAP names.\n",
      "  Compiling for another machine:  set CUDA_COMPUTE_CAP to the compute capability of its GPU without the dot,\n",
      "                                  such as 80 or 90; see https://developer.nvidia.com/cuda-gpus.\n",
      "  Without a GPU:                  unset VAEIRT_CUDA."
    ))
  }
  version <- sub(".*release ([0-9.]+).*", "\\1", grep("release", said, value = TRUE)[[1]])
  message("Using CUDA ", version, " in ", home, ", for GPUs of compute capability ", capability)
  folders <- file.path(home, c("lib64", "lib", "lib64/stubs", "lib/stubs"))
  folders <- folders[dir.exists(folders)]
  list(
    environment = paste0("CUDA_HOME=\"", home, "\" CUDA_PATH=\"", home, "\" CUDA_COMPUTE_CAP=", capability),
    bin = paste0(":", file.path(home, "bin")),
    libraries = paste(
      # What Candle's own kernels leave behind.
      "-L`ls -td $(TARGET_DIR)/release/build/candle-kernels-*/out | head -n 1`", "-lmoe",
      paste0("-L", folders, collapse = " "), "-lcublas -lcublasLt -lcurand -lnvrtc -lcudart -lcuda -lstdc++",
      paste0("-Wl,-rpath,", folders[!grepl("stubs$", folders)], collapse = " ")
    )
  )
}
cuda <- find_cuda()

# Crates come from the bundle when it is there, else from the network into a folder of the build, unless the user keeps a
# CARGO_HOME. The bundle has no crates for CUDA: with it a copy of our own crates is built that does not ask for them.
cargo_flags <- if (identical(Sys.getenv("NOT_CRAN"), "true")) "" else "-j 2"
rust <- "$(CURDIR)/rust"
bundle <- "src/rust/vendor.tar.xz"
if (!is.null(cuda)) {
  cargo_flags <- paste(cargo_flags, "--features cuda")
} else if (file.exists(bundle)) {
  vendor <- "src/rust/vendor"
  unlink(vendor, recursive = TRUE)
  utils::untar(bundle, exdir = "src/rust", tar = "internal")
  own <- file.path(vendor, "vaeirt")
  file.copy(file.path("src/rust", "src"), own, recursive = TRUE)
  file.copy(file.path("src/rust", "core", "src"), file.path(own, "core"), recursive = TRUE)
  rust <- "$(CURDIR)/rust/vendor/vaeirt"
  cargo_flags <- paste(
    cargo_flags, "--offline",
    "--config 'source.crates-io.replace-with=\"vendored\"'",
    "--config 'source.vendored.directory=\"$(CURDIR)/rust/vendor/crates\"'"
  )
  message("Using the crates in ", bundle)
}

# What nobody calls, symbols, padding and, where the loader knows their short form, relocations stay out of the library.
link_flags <- ""
if (Sys.info()[["sysname"]] == "Linux") {
  link_flags <- "-Wl,--gc-sections -Wl,--strip-all -Wl,-z,noseparate-code -Wl,--version-script=vaeirt.map"
  libc <- extSoftVersion()[["iconv"]]
  if (startsWith(libc, "glibc ") && utils::compareVersion(sub("glibc ", "", libc), "2.36") >= 0) {
    link_flags <- paste(link_flags, "-Wl,-z,pack-relative-relocs")
  }
}

values <- c(
  RUST = rust,
  CUDA_BIN = if (is.null(cuda)) "" else cuda$bin,
  CUDA_ENVIRONMENT = if (is.null(cuda)) "" else cuda$environment,
  CUDA_LIBRARIES = if (is.null(cuda)) "" else cuda$libraries,
  TARGET_DIR = Sys.getenv("CARGO_TARGET_DIR", "$(CURDIR)/rust/target"),
  CARGO_HOME = Sys.getenv("CARGO_HOME", "$(CURDIR)/.cargo"),
  CARGO_FLAGS = cargo_flags,
  LINK_FLAGS = link_flags
)
makevars <- readLines("src/Makevars.in")
for (name in names(values)) {
  makevars <- gsub(paste0("@", name, "@"), values[[name]], makevars, fixed = TRUE)
}
writeLines(makevars, "src/Makevars")
