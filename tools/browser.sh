#!/bin/sh
# What the tests need that pip does not bring: a browser and Chinese fonts, the programs that read back the documents
# that we write, the libraries that lay out PDF, and a proxy. As root on Debian or Ubuntu what is missing is
# installed; otherwise this says exactly what to install.
set -u
missing=""

# A program of any origin will do where one is found, a package where not.
program() {
    command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ] || missing="$missing $2"
}
installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}
packages() {
    for package in "$@"; do
        installed "$package" || installed "${package%-nogui}" || missing="$missing $package"
    done
}

[ -x "${CHROMIUM:-/usr/bin/chromium}" ] || missing="$missing chromium"
program pdftoppm poppler-utils
if command -v dpkg-query >/dev/null 2>&1; then
    command -v fc-list >/dev/null 2>&1 || missing="$missing fontconfig"
    packages fonts-noto-cjk libreoffice-writer-nogui libreoffice-impress-nogui \
        libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0
    program nginx nginx-light
else
    fc-list :lang=zh-cn 2>/dev/null | grep -q . || missing="$missing fonts-noto-cjk"
    program soffice libreoffice
    program nginx nginx
fi
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    # shellcheck disable=SC2086  # a list of packages
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing \
        >/dev/null && exit 0
fi
echo "Missing for the tests:$missing"
if [ "$(uname)" = "Darwin" ]; then
    echo "Install Chromium or Google Chrome and name it: CHROMIUM='/Applications/Google Chrome.app/Contents/MacOS/Google Chrome' make test"
    echo "Install the rest with: brew install poppler pango nginx libreoffice font-noto-sans-cjk"
else
    echo "Install with: sudo apt-get install$missing"
fi
exit 1
