# Sourced by the scripts beside this folder. Finds what is missing on Debian or Ubuntu and installs it, saying so.
# shellcheck shell=bash

say() { printf '==> %s\n' "$*"; }
fail() { printf '%s: error: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# Prints the Debian packages that are missing out of a list of CHECK=PACKAGE, where CHECK is a command, pc:NAME for a
# library that pkg-config must find, h:NAME for a header of one that pkg-config does not know, or pip for Python's.
missing_packages() {
    local entry check
    for entry in "$@"; do
        check=${entry%%=*}
        case $check in
            pc:*) pkg-config --exists "${check#pc:}" 2>/dev/null ;;
            h:*) [ -e "/usr/include/${check#h:}" ] || [ -e "/usr/local/include/${check#h:}" ] ;;
            pip) python3 -m pip --version >/dev/null 2>&1 ;;
            *) command -v "$check" >/dev/null 2>&1 ;;
        esac || printf '%s\n' "${entry#*=}"
    done
}

# Installs Debian packages, as root or through sudo. The package lists are fetched only where they do not help as they are.
install_packages() {
    local packages=("$@") as_root=() package
    [ ${#packages[@]} -gt 0 ] || return 0
    command -v apt-get >/dev/null 2>&1 ||
        fail "missing: ${packages[*]} (names of Debian packages). There is no apt-get here: install the like of them by hand."
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null 2>&1 ||
            fail "missing: ${packages[*]}. Install them as root: apt-get install ${packages[*]}"
        as_root=(sudo)
    fi
    say "installing with apt-get: ${packages[*]}"
    local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq)
    for package in "${packages[@]}"; do
        if ! apt-cache show "$package" >/dev/null 2>&1; then "${apt[@]}" update; break; fi
    done
    "${apt[@]}" install -y --no-install-recommends "${packages[@]}" >/dev/null ||
        { "${apt[@]}" update && "${apt[@]}" install -y --no-install-recommends "${packages[@]}" >/dev/null; } ||
        fail "apt-get could not install: ${packages[*]}. Its messages are above."
}

# Ends the script unless a Swift toolchain of at least 6.2 is on PATH.
require_swift() {
    local version
    command -v swift >/dev/null 2>&1 ||
        fail "there is no 'swift' on PATH. Install Swift 6.2 or newer (https://www.swift.org/install/linux/), then try again."
    version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
    [ "$(printf '%s\n6.2\n' "${version:-0}" | sort -V | head -n 1)" = 6.2 ] ||
        fail "Swift ${version:-of an unknown version} is too old. Install 6.2 or newer (https://www.swift.org/install/linux/)."
}

# What building takes, and what running the demo takes.
# shellcheck disable=SC2034 # the scripts that source this file use them
build_needs=(pkg-config=pkg-config gcc=gcc readelf=binutils pc:rdkafka=librdkafka-dev pc:yaml-0.1=libyaml-dev
    h:mimalloc.h=libmimalloc-dev)
# shellcheck disable=SC2034
demo_needs=(python3=python3)

# Installs whatever of a list of CHECK=PACKAGE is missing. pkg-config goes first: the libraries are looked for with it.
install_missing() {
    local packages
    if ! command -v pkg-config >/dev/null 2>&1; then install_packages pkg-config; fi
    mapfile -t packages < <(missing_packages "$@")
    install_packages "${packages[@]}"
}
