#!/usr/bin/env bash
# Tests the Swagger page of the built service in headless Chromium, and takes the README's picture of it.
#
# CHROMIUM_PATH names the browser. Without it, an installed one is used, or one is installed from Debian as root.
set -eu
cd "$(dirname "$0")/.."

CHROMIUM_PATH=${CHROMIUM_PATH:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)}
if [ -z "$CHROMIUM_PATH" ] && command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
  apt-get update -qq && apt-get install -y -qq chromium >/dev/null
  CHROMIUM_PATH=$(command -v chromium)
fi
if [ -z "$CHROMIUM_PATH" ]; then
  echo 'No Chromium found: install it, or set CHROMIUM_PATH.' >&2
  exit 1
fi

mkdir -p docs/images
CHROMIUM_PATH=$CHROMIUM_PATH SCREENSHOT=docs/images/swagger.png \
  npx vitest run --config test/browser/vitest.config.ts
