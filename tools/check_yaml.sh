#!/bin/sh
# Checks the files of .github against the schemas of GitHub, with a linter in .cache/yaml.
set -eu
cd "$(dirname "$0")/.."
if ! [ -x .cache/yaml/bin/check-jsonschema ]; then
  python3 -m venv .cache/yaml
  .cache/yaml/bin/pip install --quiet --disable-pip-version-check check-jsonschema==0.39.0
fi
check() {
  schema=$1
  shift
  .cache/yaml/bin/check-jsonschema --builtin-schema "vendor.$schema" "$@"
}
check github-workflows .github/workflows/*.yaml
check dependabot .github/dependabot.yml
check github-issue-forms .github/ISSUE_TEMPLATE/*.yml
