#!/bin/sh
# The browser tests need Chromium and a Chinese font. As root on Debian or Ubuntu they are installed; otherwise
# this says exactly what to install.
set -u
missing=""
[ -x "${CHROMIUM:-/usr/bin/chromium}" ] || missing="chromium"
if command -v fc-list >/dev/null 2>&1; then
    fc-list :lang=zh-cn 2>/dev/null | grep -q . || missing="$missing fonts-noto-cjk"
elif [ "$(uname)" = "Linux" ]; then
    missing="$missing fontconfig fonts-noto-cjk"
fi
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    # shellcheck disable=SC2086  # a list of packages
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $missing >/dev/null && exit 0
fi
echo "Missing for the browser tests: $missing"
if [ "$(uname)" = "Darwin" ]; then
    echo "Install Chromium or Google Chrome and name it: CHROMIUM='/Applications/Google Chrome.app/Contents/MacOS/Google Chrome' make test"
else
    echo "Install with: sudo apt-get install $missing"
fi
exit 1
