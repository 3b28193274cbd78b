#!/bin/sh
# Writes src/rust/vendor.tar.xz: all crates, so that R CMD INSTALL needs no network.
set -eu
cd src/rust
rm -rf vendor vendor.tar.xz
cargo vendor --locked --versioned-dirs vendor >/dev/null
# Crates for other systems are kept (cargo checks the whole lock file); what is not compiled is not.
find vendor -type d \( -name tests -o -name benches -o -name examples -o -name docs \) -prune -exec rm -rf {} +
find vendor -name .cargo-checksum.json -exec sed -i 's/"files":{[^}]*}/"files":{}/' {} +
tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf - vendor | xz -9e -T2 >vendor.tar.xz
rm -rf vendor
ls -l vendor.tar.xz
