#!/bin/sh
# Writes output/gpu.tar.xz: the core's tests and the example `device`, with CUDA and without it, for machines that have neither R
# nor Rust. There `tar xf gpu.tar.xz && gpu/gpu.sh` runs them; see the first lines of gpu.sh. CUDA_COMPUTE_CAP is the compute
# capability to compile for, 90 unless it is set.
set -eu
cd "$(dirname "$0")/.."
CUDA_COMPUTE_CAP=${CUDA_COMPUTE_CAP:-90}
. tools/cuda_toolkit.sh
bundle=.cache/bundle/gpu
rm -rf "$bundle"
# Not optimised as one program, which takes minutes for each of them.
export CARGO_TARGET_DIR=$PWD/.cache/bundle CARGO_PROFILE_RELEASE_LTO=false CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
  CARGO_PROFILE_RELEASE_STRIP=symbols
for build in cpu cuda; do
  mkdir -p "$bundle/$build"
  features=""
  [ "$build" = cpu ] || features="--features cuda"
  cargo test --manifest-path src/rust/Cargo.toml --locked --package vae-irt-core --release $features --no-run \
    --lib --test fit --test posterior --message-format=json-render-diagnostics |
    sed -n 's/.*"name":"\([a-z_]*\)".*"executable":"\([^"]*\)".*/\1 \2/p' |
    while read -r name executable; do cp "$executable" "$bundle/$build/${name}_tests"; done
  cargo build --manifest-path src/rust/Cargo.toml --locked --package vae-irt-core --release $features --example device
  cp "$CARGO_TARGET_DIR/release/examples/device" "$bundle/$build/device"
done
cp tools/gpu.sh "$bundle/"
mkdir -p output
tar -C .cache/bundle -cJf output/gpu.tar.xz gpu
du -sh "$bundle" output/gpu.tar.xz
