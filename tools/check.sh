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
env -u NOT_CRAN _R_CHECK_FORCE_SUGGESTS_=true _R_CHECK_CRAN_INCOMING_=false R CMD check --output="$out" "$package"
grep "^Status:" "$out/vaeirt.Rcheck/00check.log"
grep -q "^Status: OK" "$out/vaeirt.Rcheck/00check.log"
