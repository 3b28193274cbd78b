#!/bin/sh
# Runs the tests of the core crate instrumented and writes .cache/coverage/core.lcov. As the wrapper of the compiler that cargo
# calls for the workspace's own crates, with a command as arguments, instruments what it compiles; so the crates from outside,
# which it does not compile, come from the cache of `make test`.
set -eu
if [ $# -gt 0 ]; then exec "$@" -C instrument-coverage; fi

out=$(pwd)/.cache/coverage
rm -rf "$out"
mkdir -p "$out"
tools=$(rustc --print target-libdir)/../bin
[ -x "$tools/llvm-cov" ] || tools=/usr/lib/llvm-$(rustc -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')/bin

export RUSTC_WORKSPACE_WRAPPER="$(pwd)/tools/coverage.sh" LLVM_PROFILE_FILE="$out/%m-%p.profraw"
core="--manifest-path src/rust/Cargo.toml --locked --package vae-irt-core --lib --tests"
# shellcheck disable=SC2086
cargo test $core
# shellcheck disable=SC2086
programs=$(cargo test $core --no-run 2>&1 | sed -n 's/^ *Executable .*(\(.*\))$/--object \1/p')
"$tools/llvm-profdata" merge -sparse "$out"/*.profraw -o "$out/core.profdata"
# shellcheck disable=SC2086
"$tools/llvm-cov" export --format=lcov --instr-profile="$out/core.profdata" $programs >"$out/core.lcov"
