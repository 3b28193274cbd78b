#!/bin/sh
# Installs what is missing for a task: `base` (build, demo, test), `lint`, `soak`, `check`, `coverage`, `cuda`, `doc`,
# `site`, `windows` or `yaml`.
# Debian and its relatives only; elsewhere it says what is needed.
set -eu

case "${1:-base}" in
  base) wanted="r-base-core r-base-dev r-cran-cli r-cran-generics r-cran-ggplot2 r-cran-ggrepel r-cran-rlang r-cran-tibble
    r-cran-tidyselect r-cran-testthat r-cran-withr r-cran-callr r-cran-knitr r-cran-pscl r-cran-mcmcpack
    r-cran-posterior r-cran-gparotation r-cran-vdiffr r-cran-matrix r-cran-data.table r-cran-dplyr r-cran-haven curl ca-certificates git" ;;
  lint) wanted="r-cran-lintr r-cran-spelling" ;;
  soak) wanted="valgrind" ;;
  check) wanted="r-cran-rmarkdown pandoc r-cran-psychtools qpdf tidy
    texlive-latex-base texlive-latex-recommended texlive-fonts-recommended texlive-fonts-extra lmodern" ;;
  # LLVM's tools read the counters that rustc writes: those of rustup, else those of Debian of the same version.
  coverage) wanted="r-cran-covr"
    if ! [ -x "$(rustc --print target-libdir)/../bin/llvm-cov" ] && ! rustup component add llvm-tools 2>/dev/null; then
      wanted="$wanted llvm-$(rustc -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')"
    fi ;;
  cuda | yaml) wanted=""
    python3 -c "import ensurepip, venv" 2>/dev/null || wanted="python3-venv" ;;
  doc) wanted="r-cran-roxygen2" ;;
  site) wanted="r-cran-pkgdown r-cran-rmarkdown pandoc r-cran-psychtools chromium" ;;
  windows) wanted="gcc-mingw-w64-x86-64 wine64" ;;
  *) echo "setup.sh: unknown task $1" >&2; exit 2 ;;
esac

if command -v dpkg-query >/dev/null 2>&1; then
  missing=""
  for package in $wanted; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q "ok installed" || missing="$missing $package"
  done
  if [ -n "$missing" ]; then
    if [ "$(id -u)" = 0 ]; then
      as_root=""
    elif command -v sudo >/dev/null 2>&1; then
      as_root="sudo"
    else
      echo "Please install as root, then try again: apt-get install$missing" >&2
      exit 1
    fi
    echo "Installing:$missing"
    $as_root apt-get update -qq
    # shellcheck disable=SC2086
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
  fi
elif ! command -v R >/dev/null 2>&1; then
  echo "This script installs packages on Debian and its relatives only." >&2
  echo "Please install R 4.1 or later and its packages cli, generics, ggplot2, ggrepel, rlang, tibble, tidyselect, testthat," >&2
  echo "withr, callr and pscl, then try again." >&2
  exit 1
fi

# Rust, in the version that DESCRIPTION asks for.
needed=$(sed -n 's/.*rustc >= \([0-9.]*\).*/\1/p' DESCRIPTION)
have=$(rustc --version 2>/dev/null | sed 's/^rustc \([0-9.]*\).*/\1/' || true)
oldest=$(printf '%s\n%s\n' "$needed" "${have:-0}" | sort -V | head -n 1)
if [ "$oldest" != "$needed" ] || ! command -v cargo-clippy >/dev/null 2>&1 || ! command -v rustfmt >/dev/null 2>&1; then
  echo "Rust $needed or later is needed, with clippy and rustfmt; found: ${have:-none}. Installing it with rustup."
  if command -v rustup >/dev/null 2>&1; then
    rustup toolchain install stable --profile minimal --component clippy,rustfmt && rustup default stable
  else
    curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal --component clippy,rustfmt
  fi || {
    echo "Rust could not be installed from here. Install Rust $needed or later from https://rustup.rs, then try again." >&2
    exit 1
  }
fi
if [ "${1:-base}" = windows ] && ! [ -d "$(rustc --print target-libdir --target x86_64-pc-windows-gnu)" ]; then
  rustup target add x86_64-pc-windows-gnu
fi
