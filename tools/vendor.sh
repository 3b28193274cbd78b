#!/bin/sh
# Writes src/rust/vendor.tar.xz: all crates, so that R CMD INSTALL needs no network; and inst/AUTHORS, the crates that are
# compiled into the library with their licences and homes.
set -eu
cd src/rust
{
  echo "The library of this package contains the following Rust crates (name and version, licence, repository):"
  echo
  cargo tree --locked --package vaeirt --edges normal --prefix none --format '{p} | {l} | {r}' |
    sed 's/ (proc-macro)//; s/ (\*)$//' | grep -v '^vae' | sort -u
} >../../inst/AUTHORS
rm -rf vendor vendor.tar.xz
cargo vendor --locked --versioned-dirs vendor >/dev/null
# What is not compiled is left out; cargo then needs checksum files without the list of files.
rm -rf vendor/*/tests vendor/*/benches vendor/*/examples
for checksum in vendor/*/.cargo-checksum.json; do
  sed -i 's/"files":{[^}]*}/"files":{}/' "$checksum"
done
tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf - vendor | xz -9e -T2 >vendor.tar.xz
rm -rf vendor
ls -l vendor.tar.xz
