#!/bin/sh
# No secret in a tracked file. What .secrets.baseline lists was looked at: made-up values and checksums.
# Passwords as plain words are ruff's business (S105-S107). Checksum lists are left out by name.
# Usage: tools/secrets.sh           a new find is printed and the exit code is 1
#        tools/secrets.sh --accept  after looking at each find: the baseline takes them in
set -eu
checksums='(^|/)(package-lock\.json|requirements[^/]*\.lock|\.secrets\.baseline|manifest\.(yaml|json)|[^/]*checksums?[^/]*)$'
if [ "${1:-}" = --accept ]; then
  git ls-files -z | xargs -0 .venv/bin/python -m detect_secrets scan --slim --disable-plugin KeywordDetector --exclude-files "$checksums" >.secrets.new
  mv .secrets.new .secrets.baseline
  exit 0
fi
git ls-files -z | xargs -0 .venv/bin/python -m detect_secrets.pre_commit_hook --baseline .secrets.baseline --disable-plugin KeywordDetector --exclude-files "$checksums"
