#!/bin/sh
# Runs every script of tools/soak: what is too slow for `make test`. Prints what each found; fails if one fails.
set -u

failed=""
for script in tools/soak/*.sh tools/soak/*.R; do
  [ -e "$script" ] || continue
  echo "== $script"
  case "$script" in
    *.R) Rscript "$script" ;;
    *) "$script" ;;
  esac || failed="$failed $script"
done
if [ -n "$failed" ]; then
  echo "Failed:$failed" >&2
  exit 1
fi
