#!/bin/sh
# R CMD check of the package as it would be shipped, in .cache/check. Fails on an error, a warning or a note that is not
# explained below.
set -eu
out=.cache/check
rm -rf "$out"
mkdir -p "$out"
root=$(pwd)
(cd "$out" && R CMD build "$root")
package=$(ls "$out"/vaeirt_*.tar.gz)
_R_CHECK_FORCE_SUGGESTS_=true _R_CHECK_CRAN_INCOMING_=false R CMD check --output="$out" "$package"
grep "^Status:" "$out/vaeirt.Rcheck/00check.log"
grep -q "^Status: OK" "$out/vaeirt.Rcheck/00check.log"
