#!/bin/sh
# Installs the programs that the tests need besides Python: Chromium and a PostgreSQL server. If that
# is not possible, prints which tests will be skipped.
set -u

has_chromium() { command -v chromium || command -v chromium-browser || command -v google-chrome; }
has_postgres() { command -v initdb || ls /usr/lib/postgresql/*/bin/initdb; }

want=""
has_chromium >/dev/null 2>&1 || want="$want chromium"
has_postgres >/dev/null 2>&1 || want="$want postgresql"
[ -n "$want" ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing$want for the tests ..."
    export DEBIAN_FRONTEND=noninteractive
    log=$(mktemp)
    if { apt-get update && apt-get install -y --no-install-recommends $want; } >"$log" 2>&1; then
        rm -f "$log"
        exit 0
    fi
    echo "Skipping the tests that need$want: apt-get could not install it ($(tail -n 1 "$log"))."
    rm -f "$log"
    exit 0
fi
echo "Skipping the tests that need$want: it is not installed, and installing it requires root and apt-get."
