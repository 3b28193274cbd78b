#!/bin/sh
# Fuzzes what reads untrusted bytes: every target of src/rust/fuzz, or those named, so many seconds (the first argument; 900),
# from its corpus. Builds with AddressSanitizer and the compiler at hand; needs cargo-fuzz (`cargo install cargo-fuzz --locked`).
# Inputs that were found are kept in .cache/fuzzing for the next time; those that fail are there under the target's name.
# A block of 128 MB or a process of 1 GB is a finding: no input has more than 8 kB. Leaks are not looked for: threads that
# have just ended look like some.
set -eu
cd "$(dirname "$0")/../.."
seconds=${1:-900}
export RUSTC_BOOTSTRAP=1 ASAN_OPTIONS="detect_leaks=0"
if ! command -v cargo-fuzz >/dev/null 2>&1; then
  cargo install cargo-fuzz --locked --quiet --root .cache/tools
  PATH="$PWD/.cache/tools/bin:$PATH"
fi
target=$(rustc -vV | sed -n 's/^host: //p')
work=.cache/fuzzing
mkdir -p "$work"
(cd src/rust && cargo fuzz build --fuzz-dir fuzz --target-dir "$OLDPWD/.cache/fuzz") >"$work/build.log" 2>&1 ||
  { tail -n 30 "$work/build.log" >&2; exit 1; }
status=0
echo "target,seconds,executions,coverage,features,inputs kept,peak MB,findings"
targets=${2:-$(sed -n 's|^path = "fuzz_targets/\(.*\)\.rs"|\1|p' src/rust/fuzz/Cargo.toml)}
for name in $targets; do
  mkdir -p "$work/$name"
  log="$work/$name.log"
  ".cache/fuzz/$target/release/$name" -max_total_time="$seconds" -max_len=8192 -timeout=20 -detect_leaks=0 -rss_limit_mb=1024 \
    -malloc_limit_mb=128 -artifact_prefix="$work/$name-" -print_final_stats=1 "$work/$name" "src/rust/fuzz/corpus/$name" \
    >"$log" 2>&1 || status=1
  stat() { sed -n "s/^stat::$1: *//p" "$log" | tail -n 1; }
  last=$(grep '^#[0-9]' "$log" | tail -n 1)
  part() { echo "$last" | sed -n "s/.* $1: \([^ ]*\).*/\1/p"; }
  findings=$(find "$work" -maxdepth 1 -name "$name-*" ! -name '*-slow-unit-*' | wc -l)
  echo "$name,$seconds,$(stat number_of_executed_units),$(part cov),$(part ft),$(part corp | cut -d/ -f1),$(stat peak_rss_mb),$findings"
done
exit "$status"
