# Read by .ci/run and .ci/long: every check runs, whatever the ones before it said.

failed=()

# check NAME COMMAND…
check() {
    local name=$1 from=$SECONDS
    shift
    printf '\n=== %s\n    %s\n' "$name" "$*"
    if "$@"; then
        printf '=== %s: good (%d s)\n' "$name" $((SECONDS - from))
    else
        printf '=== %s: FAILED (%d s)\n' "$name" $((SECONDS - from))
        failed+=("$name")
    fi
}

# skip NAME REASON: never silently
skip() {
    printf '\n##################################################################\n'
    printf '### NOT RUN: %s\n###          %s\n' "$1" "$2"
    printf '##################################################################\n'
}

# fuzz SECONDS: each target for so long, as many at a time as there are processors.
fuzz() {
    cargo +nightly fuzz build || return 1
    cargo +nightly fuzz list | xargs -P "$(nproc)" -I '{}' bash -c "fuzz_target $1 {}"
}

# fuzz_target SECONDS TARGET: how many inputs it ran, or all that it said of one that it found.
fuzz_target() {
    local log
    log=$(mktemp) || return 1
    mkdir -p "fuzz/corpus/$2" "fuzz/seeds/$2"
    if cargo +nightly fuzz run "$2" "fuzz/corpus/$2" "fuzz/seeds/$2" -- -max_total_time="$1" -timeout=10 >"$log" 2>&1; then
        printf -- '--- %s: %s\n' "$2" "$(grep -o 'Done [0-9]* runs' "$log")"
    else
        printf -- '--- %s: FAILED\n' "$2"
        cat "$log"
        return 1
    fi
}
export -f fuzz_target
