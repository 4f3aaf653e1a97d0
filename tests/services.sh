#!/bin/sh
# Install what the tests drive besides Python: Chromium and a PostgreSQL server. Where that is not
# allowed or not possible, say in one line what is left out; the tests then leave it out by name.
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
    echo "Left out: the tests that need$want, because apt-get could not install it ($(tail -n 1 "$log"))."
    rm -f "$log"
    exit 0
fi
echo "Left out: the tests that need$want, because it is not installed and installing it takes root and apt-get."
