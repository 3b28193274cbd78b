# Checks Rust and writes src/Makevars from src/Makevars.in. Run by ./configure, on Windows by ./configure.win, in the package's
# root. VAEIRT_TARGET names a target of rustc to compile for another system (`make check-windows` does).

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
is_windows <- .Platform$OS.type == "windows"
home <- Sys.getenv(if (is_windows) "USERPROFILE" else "HOME")
Sys.setenv(PATH = paste(Sys.getenv("PATH"), file.path(home, ".cargo", "bin"), sep = .Platform$path.sep))

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

# The compiler of R is that of GNU on Windows, whatever rustc compiles for by itself.
target <- Sys.getenv("VAEIRT_TARGET")
if (is_windows && !nzchar(target)) {
  target <- paste0(R.version$arch, if (R.version$arch == "aarch64") "-pc-windows-gnullvm" else "-pc-windows-gnu")
}
if (nzchar(target)) {
  found <- system2("rustc", c("--print", "target-libdir", "--target", target), stdout = TRUE, stderr = FALSE)
  if (length(found) != 1 || !dir.exists(found)) {
    stop_with_advice(
      paste0("rustc does not compile for ", target, " yet."),
      paste0("Its library is added by:  rustup target add ", target, "\nThen install the package again.")
    )
  }
}
for_windows <- grepl("windows", target)

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
    bin = file.path(home, "bin"),
    libraries = paste(
      # What Candle's own kernels leave behind.
      "-L`ls -td $(RELEASE)/build/candle-kernels-*/out | head -n 1`", "-lmoe",
      paste0("-L", folders, collapse = " "), "-lcublas -lcublasLt -lcurand -lnvrtc -lcudart -lcuda -lstdc++",
      paste0("-Wl,-rpath,", folders[!grepl("stubs$", folders)], collapse = " ")
    )
  )
}
cuda <- find_cuda()

# Crates come from the bundle when it is there, else from the network into a folder of the build, unless the user keeps a
# CARGO_HOME. The bundle has no crates for CUDA: with it a copy of our own crates is built that does not ask for them.
cargo_flags <- if (identical(Sys.getenv("NOT_CRAN"), "true")) "" else "-j 2"
rust <- "rust"
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
  rust <- "rust/vendor/vaeirt"
  cargo_flags <- paste(
    cargo_flags, "--offline",
    "--config 'source.crates-io.replace-with=\"vendored\"'",
    "--config 'source.vendored.directory=\"rust/vendor/crates\"'"
  )
  message("Using the crates in ", bundle)
}

# The folders that cargo and the compiler of CUDA are in, for a shell that knows no drives.
folders <- c(dirname(Sys.which("cargo")[[1]]), if (!is.null(cuda)) cuda$bin)
folders <- sub("^([A-Za-z]):", "/\\1", chartr("\\", "/", folders))

# What nobody calls, symbols, padding and, where the loader knows their short form, relocations stay out of the library. Of its
# symbols R looks for one.
link_flags <- function() {
  if (for_windows) {
    # What rustc names as the libraries of the system (`--print native-static-libs`).
    return("-Wl,--gc-sections -Wl,--strip-all -lkernel32 -lntdll -luserenv -lws2_32 -ldbghelp")
  }
  system <- Sys.info()[["sysname"]]
  if (system == "Darwin") {
    return("-Wl,-dead_strip -Wl,-x -Wl,-exported_symbol,_R_init_vaeirt -framework CoreFoundation")
  }
  if (system != "Linux") {
    return("")
  }
  libc <- extSoftVersion()[["iconv"]]
  is_recent <- startsWith(libc, "glibc ") && utils::compareVersion(sub("glibc ", "", libc), "2.36") >= 0
  paste(
    "-Wl,--gc-sections -Wl,--strip-all -Wl,-z,noseparate-code -Wl,--version-script=vaeirt.map",
    if (is_recent) "-Wl,-z,pack-relative-relocs"
  )
}

# C is compiled by the compiler of R. That of Rtools lacks a library that rustc asks for and nobody needs: an empty one takes its place.
name_of_target <- gsub("-", "_", target, fixed = TRUE)
environment <- c(
  paste0("PATH=\"", paste(c("$(PATH)", folders), collapse = ":"), "\""),
  if (!is.null(cuda)) cuda$environment,
  if (for_windows) paste0(
    "CC_", name_of_target, "=\"$(CC)\" CARGO_TARGET_", toupper(name_of_target), "_LINKER=\"$(firstword $(CC))\" ",
    "LIBRARY_PATH=\"$(CURDIR)/rust/mock\""
  )
)
if (for_windows) {
  dir.create("src/rust/mock", showWarnings = FALSE)
  invisible(file.create("src/rust/mock/libgcc_eh.a"))
}

values <- c(
  RUST = rust,
  TARGET_DIR = Sys.getenv("CARGO_TARGET_DIR", "rust/target"),
  TARGET_FOLDER = if (nzchar(target)) paste0(target, "/") else "",
  ENVIRONMENT = paste(environment, collapse = " "),
  CARGO_HOME = Sys.getenv("CARGO_HOME", "$(CURDIR)/.cargo"),
  CARGO_FLAGS = paste(c(cargo_flags, if (nzchar(target)) paste("--target", target)), collapse = " "),
  LIBRARIES = paste(c(if (!is.null(cuda)) cuda$libraries, link_flags()), collapse = " ")
)
makevars <- readLines("src/Makevars.in")
for (name in names(values)) {
  makevars <- gsub(paste0("@", name, "@"), values[[name]], makevars, fixed = TRUE)
}
writeLines(makevars, "src/Makevars")
