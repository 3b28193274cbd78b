#!/bin/sh
# Compiles the feature `cuda` of both crates without a GPU.
set -eu
cd "$(dirname "$0")/.."
. tools/cuda_toolkit.sh
cargo check --manifest-path src/rust/Cargo.toml --locked --workspace --all-targets --features cuda
