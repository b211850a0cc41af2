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
