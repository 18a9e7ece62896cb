#!/usr/bin/env bash
# Tests the metrics and the rules of alerts by Prometheus's own tool.
#
# PROMTOOL names the program. Without it, an installed one is used, or Debian's package is unpacked into
# build/prometheus. Where there is none, the tests are skipped.
set -eu
cd "$(dirname "$0")/.."

PROMTOOL=${PROMTOOL:-$(command -v promtool || true)}
if [ -z "$PROMTOOL" ] && command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null; then
  unpacked=build/prometheus/usr/bin/promtool
  if [ ! -x "$unpacked" ]; then
    mkdir -p build/prometheus
    (cd build/prometheus && timeout 60 apt-get download -qq prometheus && dpkg-deb -x prometheus_*.deb .) \
      >/dev/null 2>&1 || true
  fi
  if [ -x "$unpacked" ]; then PROMTOOL=$PWD/$unpacked; fi
fi
if [ -z "$PROMTOOL" ]; then
  echo 'Skipped: there is no promtool. Install Prometheus, or set PROMTOOL to its path.'
  exit 0
fi

PROMTOOL=$PROMTOOL npx vitest run --config test/prometheus/vitest.config.ts
