# Sourced by scripts/bench. Gets what it measures with; what cannot be had is said on stderr, and its cases are skipped.
# shellcheck shell=bash

# The clients and the parser that the bench compares with.
# Later versions of kafka-python cannot consume from the embedded broker.
python_packages=(confluent-kafka kafka-python==2.0.6 aiokafka orjson)

# Compiles the C programs of the bench into FOLDER.
compile_programs() {
    local folder=$1 source program libraries
    mkdir -p "$folder"
    for source in bench/*.c; do
        program=$folder/$(basename "$source" .c)
        libraries=()
        if grep -q '<librdkafka/' "$source"; then libraries=(-lrdkafka); fi
        if [ ! -e "$program" ] || [ "$source" -nt "$program" ] || [ bench/bench.h -nt "$program" ]; then
            gcc -O2 -std=gnu17 -Wall -Wextra -Werror -o "$program" "$source" "${libraries[@]}"
        fi
    done
}

# Makes a virtual environment in FOLDER with the Python packages. The interpreter is the distribution's where there is one:
# another that comes first on PATH may have been built without optimization, and takes twice as long for the same work.
install_python_packages() {
    local folder=$1 python=/usr/bin/python3
    [ -x "$python" ] || python=python3
    if [ -e "$folder/complete" ] && [ "$(cat "$folder/complete")" = "$python" ]; then return 0; fi
    say "installing Python packages: ${python_packages[*]}" >&2
    rm -rf "$folder"
    # Debian keeps this part of the standard library in a package of its own.
    if ! "$python" -c 'import ensurepip' 2>/dev/null; then (install_packages python3-venv >&2) || return 1; fi
    if "$python" -m venv "$folder" >&2 && "$folder/bin/python3" -m pip install --quiet --disable-pip-version-check \
        --only-binary :all: "${python_packages[@]}" >&2; then
        printf '%s\n' "$python" >"$folder/complete"
    else
        echo "the Python packages cannot be installed: their cases are skipped" >&2
        return 1
    fi
}

# Unpacks Debian's rsyslog with its Kafka module and their libraries into FOLDER. Installing it would start a service.
unpack_rsyslog() {
    local folder=$1 package
    if [ -e "$folder/complete" ]; then return 0; fi
    if ! command -v apt-get >/dev/null 2>&1 || ! command -v dpkg-deb >/dev/null 2>&1; then
        echo "there is no apt-get: the cases with rsyslog are skipped" >&2
        return 1
    fi
    say "unpacking rsyslog" >&2
    mkdir -p "$folder/packages" "$folder/root"
    # Its only warning is that it does not need root.
    if ! (cd "$folder/packages" && apt-get -qq download rsyslog rsyslog-kafka libestr0 libfastjson4 2>/dev/null); then
        echo "rsyslog cannot be downloaded: its cases are skipped" >&2
        return 1
    fi
    for package in "$folder"/packages/*.deb; do dpkg-deb -x "$package" "$folder/root"; done
    touch "$folder/complete"
}
