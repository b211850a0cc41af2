# Read by .ci/run and .ci/long: cargo for another processor, whose programs run under QEMU's user emulation.

# The name of TARGET in Debian's packages and in GCC: arm-linux-gnueabihf
gnu_name() {
    case $1 in
    armv7-*) printf 'arm-linux-gnueabihf' ;;
    *) printf '%s' "${1/-unknown/}" ;;
    esac
}

# emulated TARGET "QEMU -cpu NAME" CARGO-ARGUMENTS…
emulated() {
    local target=$1 qemu=$2 gnu variable
    shift 2
    gnu=$(gnu_name "$target")
    variable=CARGO_TARGET_$(printf '%s' "$target" | tr a-z- A-Z_)
    # Arguments of the test program follow a `--`: what is for cargo comes first.
    env "${variable}_LINKER=$gnu-gcc" "${variable}_RUNNER=$qemu -L /usr/$gnu" \
        cargo "$1" --target "$target" --target-dir target/emulated "${@:2}"
}

# What the tests of TARGETs need; fails if one cannot be had.
install_emulation() {
    local wanted=() package target gnu as_root=()
    dpkg -s qemu-user >/dev/null 2>&1 || wanted+=(qemu-user)
    for target in "$@"; do
        rustup target add "$target" || return 1
        gnu=$(gnu_name "$target")
        command -v "$gnu-gcc" >/dev/null || wanted+=("gcc-${gnu/_/-}")
        [ -e "/usr/$gnu/lib/libc.so.6" ] || wanted+=("libc6-dev-$(gnu_architecture "$gnu")-cross")
    done
    [ ${#wanted[@]} -eq 0 ] && return 0
    [ "$(id -u)" -eq 0 ] || as_root=(sudo -E)
    "${as_root[@]}" apt-get update -q && "${as_root[@]}" apt-get install -y -q --no-install-recommends "${wanted[@]}"
}

# The name of GNU's processor as Debian's architecture.
gnu_architecture() {
    case $1 in
    aarch64-*) printf 'arm64' ;;
    arm-*) printf 'armhf' ;;
    *) printf '%s' "${1%%-*}" ;;
    esac
}

# Whether aarch64's kernels take the same way for every secret, on the CPU $1: the test marks the work on each secret by
# a system call, and QEMU writes down every block of code that runs.
same_way() {
    local program log
    program=$(emulated aarch64-unknown-linux-gnu "" test --lib --no-run --message-format=json |
        sed -n 's/.*"executable":"\([^"]*\)".*/\1/p' | tail -n 1)
    log=$(mktemp) || return 1
    qemu-aarch64 -cpu "$1" -L /usr/aarch64-linux-gnu -d exec,nochain,strace -D "$log" \
        "$program" --ignored --exact crypto::native::symmetric::constant_time::traced_work_on_secrets
    # The first two are made to differ; the third is what the others are held to.
    awk '
        / getppid\(/ { inside = !inside; if (inside) secrets++; next }
        inside && /^Trace/ {
            split($0, part, /[][]/); split(part[2], pc, "/")
            at = ++length_of[secrets]
            if (secrets == 3) first[at] = pc[2]
            else if (secrets > 3 && first[at] != pc[2]) {
                print "secret " secrets - 2 " leaves the way at step " at ": " $0; bad = 1; exit 1
            }
        }
        END {
            if (bad) exit 1
            for (i = 4; i <= secrets; i++) if (length_of[i] != length_of[3]) bad = 1
            print secrets - 2 " secrets, " length_of[3] " blocks of code each"
            exit bad || secrets != 10 || length_of[1] == length_of[2] || length_of[3] < 1000
        }' "$log"
    local result=$?
    rm -f "$log"
    return $result
}
