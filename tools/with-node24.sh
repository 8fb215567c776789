#!/bin/sh
# Runs a command with Node 24 first on PATH: the user's own Node where it is new enough,
# else the one of tools/node24, which the first call installs from the npm registry.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
major() { "$1" --version 2>/dev/null | sed -n 's/^v\([0-9]*\)\..*/\1/p'; }

own=$(command -v node || true)
if [ -z "$own" ] || [ "$(major "$own")" -lt 24 ]; then
  bin="$root/tools/node24/node_modules/node/bin"
  if [ "$(major "$bin/node")" != 24 ]; then
    echo "Installing Node 24 under tools/node24" >&2
    (cd "$root/tools/node24" && npm ci --loglevel=error >&2)
  fi
  PATH="$bin:$PATH"
  export PATH
fi
exec "$@"
