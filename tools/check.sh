#!/bin/sh
# R CMD check of the package, as on CRAN but with the crates of the network, in .cache/check. Fails on any error, warning
# or note.
set -eu
out=.cache/check
rm -rf "$out"
mkdir -p "$out"
root=$(pwd)
(cd "$out" && R CMD build "$root")
package=$(ls "$out"/vaeirt_*.tar.gz)
# 5 MB of the installed package are R's default; the compiled library alone has 4.1.
env -u NOT_CRAN _R_CHECK_FORCE_SUGGESTS_=true _R_CHECK_CRAN_INCOMING_=false _R_CHECK_PKG_SIZES_THRESHOLD_=7 \
  R CMD check --timings --output="$out" "$package"
echo "The slowest examples (seconds):"
sed 1d "$out/vaeirt.Rcheck/vaeirt-Ex.timings" | sort -t "$(printf '\t')" -k 4 -rn | head -n 5 | cut -f 1,4
grep "^Status:" "$out/vaeirt.Rcheck/00check.log"
grep -q "^Status: OK" "$out/vaeirt.Rcheck/00check.log"
