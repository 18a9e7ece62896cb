#!/usr/bin/env bash
# Tests the console and the Swagger page of the built service in headless Chromium, and takes the README's
# screenshot of the latter. Pictures of the console go to build/browser.
#
# CHROMIUM_PATH names the browser. Without it, an installed one is used, or root installs one from Debian.
set -eu
cd "$(dirname "$0")/.."

for name in chromium chromium-browser google-chrome; do
  CHROMIUM_PATH=${CHROMIUM_PATH:-$(command -v "$name" || true)}
done
if [ -z "$CHROMIUM_PATH" ] && command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
  apt-get update -qq && apt-get install -y -qq chromium >/dev/null
  CHROMIUM_PATH=$(command -v chromium)
fi
if [ -z "$CHROMIUM_PATH" ]; then
  echo 'No Chromium found: install it, or set CHROMIUM_PATH.' >&2
  exit 1
fi

mkdir -p docs/images build/browser
CHROMIUM_PATH=$CHROMIUM_PATH SCREENSHOT=docs/images/swagger.png PICTURES=build/browser \
  npx vitest run --config test/browser/vitest.config.ts
