#!/bin/sh
# Checks the files of .github against the schemas of GitHub, with a linter in .cache/yaml. Where that cannot be had, it says so.
set -eu
cd "$(dirname "$0")/.."
if ! [ -x .cache/yaml/bin/check-jsonschema ]; then
  python3 -m venv .cache/yaml
  .cache/yaml/bin/pip install --quiet --disable-pip-version-check --retries 1 check-jsonschema==0.39.0 || {
    echo "The linter was not installed: the files of .github were not checked." >&2
    exit 0
  }
fi
check() {
  schema=$1
  shift
  .cache/yaml/bin/check-jsonschema --builtin-schema "vendor.$schema" "$@"
}
check github-workflows .github/workflows/*.yaml
check dependabot .github/dependabot.yml
check github-issue-forms .github/ISSUE_TEMPLATE/*.yml
