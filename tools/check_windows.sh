#!/bin/sh
# Compiles the library for Windows and links it as R does there, with R's own rules; loads it under Wine, where it registers its
# routines with a library that stands for R; and runs the tests of the core there. R itself is not run.
set -eu
cd "$(dirname "$0")/.."
root=$PWD
target=x86_64-pc-windows-gnu
compiler=x86_64-w64-mingw32-gcc
out=$root/.cache/windows
export CARGO_HOME="${CARGO_HOME:-$HOME/.cargo}" CARGO_TARGET_DIR="$root/.cache/target_windows"
# Wine links all of the disk and the folders of a user into its own: these are kept away from what looks through the checkout.
apart=$(mktemp -d)
trap 'rm -rf "$apart"' EXIT
export WINEPREFIX="$apart/wine" WINEDEBUG=-all WINEDLLOVERRIDES=mscoree,mshtml=
mkdir "$apart/home"
wine="env HOME=$apart/home $(command -v wine64 || echo /usr/lib/wine/wine64)"
start=$(date +%s)

echo "== The library, as R links it"
rm -rf "$out/package"
mkdir -p "$out/package"
git ls-files -z DESCRIPTION src tools/config.R | xargs -0 cp --parents -t "$out/package"
(cd "$out/package" && VAEIRT_TARGET=$target Rscript tools/config.R)
cd "$out/package/src"
library=$CARGO_TARGET_DIR/$target/release/libvaeirt.a
make -f Makevars CC=$compiler "$library"

# What the library uses of R: functions and data of the R at hand.
r_library=$(R RHOME)/lib/libR.so
nm -D --defined-only "$r_library" | awk '{ print $3, ($2 ~ /[TtWi]/) ? "FUNCTION" : "DATA" }' | sort >symbols_of_r
x86_64-w64-mingw32-nm -u "$library" 2>/dev/null | awk '$1 == "U" { print $2 }' | sort -u >used
join used symbols_of_r | grep -v '^R_registerRoutines ' | sed 's/\(.*\) \(.*\)/\2(\1)/' >symbols.h
echo "It uses $(($(wc -l <symbols.h) + 1)) symbols of R."
cp "$root/tools/windows/r.c" "$root/tools/windows/load.c" .
$compiler -shared -w -I. -o R.dll r.c -Wl,--out-implib,libR.dll.a
$compiler -o load.exe load.c
$compiler -O2 -c entrypoint.c
make -f Makevars -f "$(Rscript -e 'cat(R.home("share"))')/make/winshlib.mk" CC=$compiler SHLIB=vaeirt.dll OBJECTS=entrypoint.o \
  SHLIB_LD=$compiler SHLIB_LDFLAGS=-shared DLLFLAGS="-s -static-libgcc" ALL_LIBS='$(PKG_LIBS) -L. -lR'
ls -l vaeirt.dll
x86_64-w64-mingw32-objdump -p vaeirt.dll | sed -n 's/.*DLL Name: /  it loads /p'

echo "== Loaded under Wine"
$wine wineboot --init >/dev/null 2>&1 || true
$compiler -shared -o "$WINEPREFIX/drive_c/windows/system32/bcryptprimitives.dll" "$root/tools/windows/bcryptprimitives.c" -ladvapi32
$wine load.exe vaeirt.dll R_init_vaeirt | tr -d '\r' | sort >registered
grep -o 'wrap__[A-Za-z0-9_]*' "$root/R/extendr-wrappers.R" | sort -u >called
missing=$(comm -13 registered called)
echo "R calls $(wc -l <called) routines; not registered: ${missing:-none}."
[ -s called ] && [ -z "$missing" ]

echo "== The tests of the core under Wine"
cd "$root"
export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER="$wine"
cargo test --manifest-path src/rust/Cargo.toml --locked --target $target --package vae-irt-core

echo "Done in $((($(date +%s) - start) / 60)) minutes. Not run: R on Windows, with the tests in tests/."
