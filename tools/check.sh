#!/bin/sh
# R CMD check of the package, as on CRAN but with the crates of the network, in .cache/check. Fails on any error, warning
# or note but that on the size of the compiled library, which cran-comments.md explains, and where that is larger than it may be.
set -eu
out=.cache/check
most_bytes=6000000
rm -rf "$out"
mkdir -p "$out"
root=$(pwd)
(cd "$out" && R CMD build "$root")
package=$(ls "$out"/vaeirt_*.tar.gz)
env -u NOT_CRAN _R_CHECK_FORCE_SUGGESTS_=true _R_CHECK_CRAN_INCOMING_=false \
  R CMD check --timings --output="$out" "$package"
echo "The slowest examples (seconds):"
sed 1d "$out/vaeirt.Rcheck/vaeirt-Ex.timings" | sort -t "$(printf '\t')" -k 4 -rn | head -n 5 | cut -f 1,4
size=$(wc -c <"$out/vaeirt.Rcheck/vaeirt/libs/vaeirt.so")
echo "The compiled library has $size bytes, and may have $most_bytes."
[ "$size" -le "$most_bytes" ]
grep "^Status:" "$out/vaeirt.Rcheck/00check.log"
others=$(grep -E "\.\.\. (NOTE|WARNING|ERROR)$" "$out/vaeirt.Rcheck/00check.log" | grep -v "^\* checking installed package size" || true)
[ -z "$others" ] && grep -qE "^Status: (OK|1 NOTE)$" "$out/vaeirt.Rcheck/00check.log"
