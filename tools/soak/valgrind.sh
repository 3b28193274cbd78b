#!/bin/sh
# Runs the boundary between R and Rust under valgrind, with the package in .cache/library (`make install`), whose library is
# linked again with its symbols. Errors count where vaeirt.so is among their frames. Leaks are not looked for: threads live until
# the end. Valgrind has no AVX-512, so that the code for AVX2 runs.
set -eu
cd "$(dirname "$0")/../.."
command -v valgrind >/dev/null || { echo "valgrind.sh: valgrind is not installed (apt-get install valgrind)" >&2; exit 2; }
log=.cache/valgrind.xml
one=.cache/valgrind.txt
rm -rf .cache/symbols
mkdir -p .cache/symbols
cp -r .cache/library/vaeirt .cache/symbols/
# shellcheck disable=SC2046
cc -shared -fPIC $(R CMD config --cppflags) src/entrypoint.c -o .cache/symbols/vaeirt/libs/vaeirt.so \
  -L"${CARGO_TARGET_DIR:-.cache/target}/release" -l:libvaeirt.a -Wl,--gc-sections -Wl,--version-script=src/vaeirt.map \
  $(R CMD config --ldflags) -lm
start=$(date +%s)
calls=$(R --vanilla --slave -d "valgrind --quiet --leak-check=no --num-callers=40 --suppressions=tools/soak/support/valgrind.supp \
  --xml=yes --xml-file=$log" -f tools/soak/support/valgrind.R 2>.cache/valgrind.err | tail -n 1 | tr -d ' ') || calls=0
# One line per error, without leaks.
tr -d '\n' <"$log" | sed 's|</error>|</error>\n|g' | grep '<error>' | grep -v '<kind>Leak_' >"$one" || true
errors=$(wc -l <"$one")
ours=$(grep -c 'vaeirt\.so' "$one" || true)
printf 'calls,errors,errors with frames of vaeirt.so,seconds\n%s,%s,%s,%s\n' \
  "$calls" "$errors" "$ours" "$(($(date +%s) - start))"
if [ "${calls:-0}" = 0 ] || [ "$ours" -gt 0 ] || ! grep -q '<state>FINISHED' "$log"; then
  tail -n 20 .cache/valgrind.err >&2
  exit 1
fi
