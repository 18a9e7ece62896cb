#!/usr/bin/env bash
# Tests the example of a sink, examples/nats-sink.ts, against a real NATS server.
#
# NATS_SERVER names the program. Without it, an installed one is used, or Debian's package is unpacked into
# build/nats. Where there is none, the tests are skipped.
set -eu
cd "$(dirname "$0")/.."

NATS_SERVER=${NATS_SERVER:-$(command -v nats-server || true)}
if [ -z "$NATS_SERVER" ] && command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null; then
  unpacked=build/nats/usr/sbin/nats-server
  if [ ! -x "$unpacked" ]; then
    mkdir -p build/nats
    (cd build/nats && apt-get download -qq nats-server && dpkg-deb -x nats-server_*.deb .) >/dev/null 2>&1 ||
      true
  fi
  if [ -x "$unpacked" ]; then NATS_SERVER=$PWD/$unpacked; fi
fi
if [ -z "$NATS_SERVER" ]; then
  echo 'Skipped: there is no NATS server. Install nats-server, or set NATS_SERVER to its path.'
  exit 0
fi

NATS_SERVER=$NATS_SERVER npx vitest run --config test/nats/vitest.config.ts
