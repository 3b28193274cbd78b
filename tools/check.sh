#!/bin/sh
# R CMD check --as-cran of the archive with the crates in it, in .cache/check, after an installation of that archive without network
# into an empty library. Fails on any error or warning, on a note that cran-comments.md does not name, and where the compiled library
# is larger than it may be.
set -eu
out=.cache/check
most_bytes=6000000
rm -rf "$out"
mkdir -p "$out/library" "$out/vaeirt"
root=$(pwd)
tools/vendor.sh
# R CMD build copies all that is in a folder, .cache as well, before it leaves out what is not wanted.
git ls-files -z | xargs -0 cp --parents -t "$out/vaeirt"
cp src/rust/vendor.tar.xz "$out/vaeirt/src/rust"
(cd "$out" && R CMD build vaeirt)
package=$(ls "$out"/vaeirt_*.tar.gz)

# As on a machine of CRAN: nothing of ours is set, and cargo finds no crates but those of the archive.
as_cran() {
  env -u NOT_CRAN -u CARGO_TARGET_DIR CARGO_HOME="$root/$out/cargo" CARGO_NET_OFFLINE=true "$@"
}
without_network=""
if unshare --net true 2>/dev/null; then without_network="unshare --net"; fi
as_cran $without_network R CMD INSTALL --library="$out/library" "$package" >"$out/install.log" 2>&1 || {
  tail -n 40 "$out/install.log"
  exit 1
}
echo "Installed from $package${without_network:+ without network}: $(du -sh "$out/library/vaeirt" | cut -f 1)."

as_cran _R_CHECK_FORCE_SUGGESTS_=true R CMD check --as-cran --timings --output="$out" "$package"
log="$out/vaeirt.Rcheck/00check.log"
echo "The slowest examples (seconds):"
sed 1d "$out/vaeirt.Rcheck/vaeirt-Ex.timings" | sort -t "$(printf '\t')" -k 4 -rn | head -n 5 | cut -f 1,4
grep "^Status:" "$log"
size=$(wc -c <"$out/vaeirt.Rcheck/vaeirt/libs/vaeirt.so")
echo "The compiled library has $size bytes, and may have $most_bytes."
failed=0
[ "$size" -le "$most_bytes" ] || failed=1
grep -qE "^Status: (OK|[0-9]+ NOTEs?)$" "$log" || failed=1
# A line may have the time between the dots and the result.
sed -nE 's/^\* (.*) \.\.\.( \[.*\])? NOTE$/\1/p' "$log" >"$out/notes"
while read -r note; do
  grep -qF "$note" cran-comments.md || { echo "cran-comments.md does not explain: $note"; failed=1; }
done <"$out/notes"
exit $failed
