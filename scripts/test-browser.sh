#!/usr/bin/env bash
# Tries the Swagger page of the real service in headless Chromium, and takes the README's picture of it.
#
# CHROMIUM_PATH names the browser; where there is none, it is installed from Debian when this runs as root.
set -eu
cd "$(dirname "$0")/.."

CHROMIUM_PATH=${CHROMIUM_PATH:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)}
if [ -z "$CHROMIUM_PATH" ] && command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
  apt-get update -qq && apt-get install -y -qq chromium >/dev/null
  CHROMIUM_PATH=$(command -v chromium)
fi
if [ -z "$CHROMIUM_PATH" ]; then
  echo 'No Chromium found: install it, or name it by CHROMIUM_PATH.' >&2
  exit 1
fi

# The service has a folder and ports of its own, so that one that is running is left alone.
data=$(mktemp -d)
log=$data/service.log
HTTP_PORT=18080 GRPC_PORT=15051 EMBEDDED_DIR=$data/cluster EMBEDDED_PRIMARY_PORT=55321 \
  EMBEDDED_REPLICA_PORT=55322 SEED_ON_START=true node dist/main.js >"$log" 2>&1 &
service=$!
trap 'kill "$service" 2>/dev/null; wait "$service" 2>/dev/null || true; EMBEDDED_DIR=$data/cluster node dist/cli/tasks.js clean; rm -rf "$data"' EXIT

for _ in $(seq 1 300); do
  grep -q 'loms listens' "$log" && break
  kill -0 "$service" 2>/dev/null || { cat "$log" >&2; exit 1; }
  sleep 0.1
done

mkdir -p docs/images
LOMS_URL=http://127.0.0.1:18080 CHROMIUM_PATH=$CHROMIUM_PATH SCREENSHOT=docs/images/swagger.png \
  npx vitest run --config test/browser/vitest.config.ts
