#!/bin/sh
# Installs the wheel with the newest versions of its dependencies, and uses it outside the checkout.
set -eu
python=$1
checkout=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$python" -m build --wheel --no-isolation --outdir "$work" > "$work/log" || { cat "$work/log"; exit 1; }
"$python" -m venv "$work/venv"
"$work/venv/bin/python" -m pip --disable-pip-version-check -q install "$work"/*.whl
cd "$work"
export KB_HOME="$work/kb"
unset PYTHONPATH
"$work/venv/bin/kb" init
"$work/venv/bin/kb" add "$checkout/kb/samples/warfarin.txt" --publish
"$work/venv/bin/kb" search warfarin --json | grep -q warfarin
echo "The wheel works."
