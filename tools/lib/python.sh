#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Starts a command of tools/ (first argument); on a bare system installs python3 first, which the rest is written in.
set -e
command=$1
shift
if ! command -v python3 >/dev/null 2>&1; then
    root=$([ "$(id -u)" = 0 ] || echo sudo)
    echo "tools/$command: installing python3" >&2
    $root apt-get update -qq >&2
    DEBIAN_FRONTEND=noninteractive $root apt-get install -y -qq --no-install-recommends python3 >&2
fi
exec python3 -B "$(dirname "$0")/$command.py" "$@"
