#!/usr/bin/env bash
# Tests the console and the Swagger page of the built service in headless Chromium. Pictures of both go to
# build/browser. SCREENSHOT=docs/images/swagger.png renews the one in the README.
#
# CHROMIUM_PATH names the browser. Without it, an installed one is used, or one from Debian (chromium.sh).
# Where there is none, the tests are skipped.
set -eu
cd "$(dirname "$0")/.."

CHROMIUM_PATH=${CHROMIUM_PATH:-$(scripts/chromium.sh)}
if [ -z "$CHROMIUM_PATH" ]; then
  echo 'Skipped: there is no Chromium. Install it, or set CHROMIUM_PATH to its path.'
  exit 0
fi

mkdir -p build/browser
CHROMIUM_PATH=$CHROMIUM_PATH SCREENSHOT=${SCREENSHOT:-build/browser/swagger.png} PICTURES=build/browser \
  npx vitest run --config test/browser/vitest.config.ts
