#!/bin/sh
# Runs the boundary between R and Rust under valgrind, with the package in .cache/library. Errors count where vaeirt.so is
# among their frames. Valgrind has no AVX-512, so that the code for AVX2 runs.
set -eu
cd "$(dirname "$0")/../.."
command -v valgrind >/dev/null || { echo "valgrind.sh: valgrind is not installed (apt-get install valgrind)" >&2; exit 2; }
mkdir -p .cache
log=.cache/valgrind.xml
start=$(date +%s)
calls=$(R --vanilla --slave -d "valgrind --quiet --leak-check=no --num-callers=40 --xml=yes --xml-file=$log" \
  -f tools/soak/valgrind.R 2>.cache/valgrind.err | tail -n 1 | tr -d ' ') || calls=0
# One line per error.
errors=$(tr -d '\n' <"$log" | sed 's|</error>|</error>\n|g' | grep -c '<error>' || true)
ours=$(tr -d '\n' <"$log" | sed 's|</error>|</error>\n|g' | grep '<error>' | grep -c 'vaeirt\.so' || true)
printf 'calls,errors,errors with frames of vaeirt.so,seconds\n%s,%s,%s,%s\n' \
  "$calls" "$errors" "$ours" "$(($(date +%s) - start))"
if [ "$calls" = "" ] || [ "$calls" = 0 ] || [ "$ours" -gt 0 ] || ! grep -q '<state>FINISHED' "$log"; then
  tail -n 20 .cache/valgrind.err >&2
  exit 1
fi
