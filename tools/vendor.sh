#!/bin/sh
# Writes src/rust/vendor.tar.xz, so that R CMD INSTALL needs no network: `vendor/crates`, and `vendor/vaeirt` with manifests that
# do not know the feature `cuda`, which would nearly double the bundle. And inst/AUTHORS, the crates in it with their authors, licences
# and homes.
set -eu
cd src/rust
rm -rf vendor vendor.tar.xz
mkdir -p vendor/vaeirt/core
for manifest in Cargo.toml core/Cargo.toml; do
  sed '/^\[features\]$/,/^$/d; /^\[dev-dependencies\]$/,/^$/d' "$manifest" >"vendor/vaeirt/$manifest"
done
cp Cargo.lock vendor/vaeirt/
cp -r src vendor/vaeirt/
cp -r core/src vendor/vaeirt/core/
# Takes what nobody asks for any more out of the lock file, and changes no version.
(cd vendor/vaeirt && cargo vendor --versioned-dirs ../crates >/dev/null)
python3 ../../tools/authors.py vendor/vaeirt >../../inst/AUTHORS
rm -rf vendor/vaeirt/src vendor/vaeirt/core/src
# What is not compiled is left out; cargo then needs checksum files without the list of files.
rm -rf vendor/crates/*/tests vendor/crates/*/benches vendor/crates/*/examples
for checksum in vendor/crates/*/.cargo-checksum.json; do
  sed -i 's/"files":{[^}]*}/"files":{}/' "$checksum"
done
tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf - vendor | xz -9e -T2 >vendor.tar.xz
rm -rf vendor
ls -l vendor.tar.xz
