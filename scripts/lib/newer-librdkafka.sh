# Sourced by scripts/test. Part of the tests runs the same binary on a newer librdkafka than the system's: the one that
# the Python package confluent-kafka carries.
# shellcheck shell=bash

# Puts the newest librdkafka into FOLDER and prints the folder to put into LD_LIBRARY_PATH; fails, with the reason on
# stderr, where it cannot be had. A download of an earlier run is used again.
fetch_newer_librdkafka() {
    local folder=$1 library
    if [ ! -e "$folder/lib/librdkafka.so.1" ]; then
        rm -rf "$folder" && mkdir -p "$folder/wheel" "$folder/lib"
        python3 -m pip --version >/dev/null 2>&1 || { echo "python3 has no pip" >&2; return 1; }
        python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
            --dest "$folder/wheel" confluent-kafka >&2 || { echo "pip could not download confluent-kafka" >&2; return 1; }
        python3 -m zipfile -e "$folder"/wheel/*.whl "$folder/unpacked" || return 1
        library=$(find "$folder/unpacked/confluent_kafka.libs" -name 'librdkafka-*.so*' 2>/dev/null | head -n 1)
        [ -n "$library" ] || { echo "the package confluent-kafka no longer carries librdkafka" >&2; return 1; }
        ln -s "$library" "$folder/lib/librdkafka.so.1"
    fi
    printf '%s\n' "$folder/lib"
}

# Prints the version of the librdkafka that a program gets which is linked against the system's and run with FOLDER in
# LD_LIBRARY_PATH: proof that the newer one is really used.
librdkafka_version_with() {
    local folder=$1 program=$1/../version-check
    printf '%s\n' '#include <librdkafka/rdkafka.h>' '#include <stdio.h>' \
        'int main(void) { puts(rd_kafka_version_str()); return 0; }' |
        gcc -x c - -o "$program" -lrdkafka && LD_LIBRARY_PATH=$folder "$program"
}
