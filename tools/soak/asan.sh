#!/bin/sh
# Runs the core's tests under AddressSanitizer: the core itself has no unsafe code, its libraries have. Needs no nightly
# compiler. Leaks are not looked for: threads that have just ended look like some.
set -eu
cd "$(dirname "$0")/../.."
target=$(rustc -vV | sed -n 's/^host: //p')
if ! ls "$(rustc --print sysroot)/lib/rustlib/$target/lib/" | grep -q rt.asan; then
  echo "asan.sh: this Rust has no AddressSanitizer for $target" >&2
  exit 2
fi
log=.cache/asan.log
mkdir -p .cache
export RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Zsanitizer=address" CARGO_TARGET_DIR="$PWD/.cache/asan" ASAN_OPTIONS="detect_leaks=0"
start=$(date +%s)
status=0
cargo test --manifest-path src/rust/Cargo.toml --locked --package vae-irt-core --target "$target" --lib --tests --no-fail-fast \
  >"$log" 2>&1 || status=$?
passed=$(sed -n 's/^test result: .* \([0-9]*\) passed; .*/\1/p' "$log" | awk '{ n += $1 } END { print n + 0 }')
failed=$(sed -n 's/^test result: .* \([0-9]*\) failed; .*/\1/p' "$log" | awk '{ n += $1 } END { print n + 0 }')
errors=$(grep -c "ERROR: AddressSanitizer" "$log" || true)
printf 'tests passed,tests failed,errors of AddressSanitizer,seconds\n%s,%s,%s,%s\n' \
  "$passed" "$failed" "$errors" "$(($(date +%s) - start))"
if [ "$status" -ne 0 ] || [ "$errors" -gt 0 ] || [ "$passed" -eq 0 ]; then
  tail -n 60 "$log" >&2
  exit 1
fi
