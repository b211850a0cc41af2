#!/usr/bin/env bash
# The gateway beside stunnel, both in front of one nginx, with the same certificate and the same TLS 1.2 suite: handshakes a
# second by `openssl s_time`, and a download of 1 GiB by curl, in turn. Installs what is missing; needs root for that alone.
#   benches/gateway.sh [SECONDS A RUN]
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-5}
missing=()
for package in nginx-light:nginx stunnel4:stunnel4 curl:curl openssl:openssl; do
    command -v "${package#*:}" >/dev/null || missing+=("${package%:*}")
done
[ ${#missing[@]} -eq 0 ] || { apt-get update -q && apt-get install -y -q --no-install-recommends "${missing[@]}"; }
cargo build --release --features cli
tlcp=${CARGO_TARGET_DIR:-target}/release/tlcp
here=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$here"' EXIT
"$tlcp" pki --out "$here/pki" --tls >/dev/null
cat "$here/pki/tls-server.crt" "$here/pki/tls-server.key" >"$here/both.pem"
truncate -s 1G "$here/gigabyte"
echo small >"$here/small"
chmod 755 "$here"
cat >"$here/nginx.conf" <<END
daemon off; pid $here/nginx.pid; error_log $here/error.log; worker_processes 1;
events { worker_connections 4096; }
http { access_log off; sendfile on; keepalive_requests 1000000; root $here; server { listen 127.0.0.1:18080 backlog=4096; } }
END
cat >"$here/stunnel.conf" <<END
foreground = yes
pid =
debug = 3
sslVersion = TLSv1.2
[http]
accept = 127.0.0.1:18443
connect = 127.0.0.1:18080
cert = $here/both.pem
END
nginx -p "$here" -c "$here/nginx.conf" &
stunnel4 "$here/stunnel.conf" 2>/dev/null &
"$tlcp" proxy --listen 127.0.0.1:28443 --to 127.0.0.1:18080 --identity "$here/both.pem" --log-file /dev/null >/dev/null &
sleep 2

suite=ECDHE-ECDSA-AES128-GCM-SHA256
handshakes() { # PORT FLAG
    openssl s_time -connect "127.0.0.1:$1" -cipher $suite -tls1_2 "$2" -time "$seconds" -www /small 2>/dev/null |
        sed -n 's/^\([0-9]*\) connections in \([0-9]*\) real seconds.*/\1 \2/p' | tail -n 1 | awk '{printf "%.0f/s", $1 / $2}'
}
download() { # PORT
    curl -s -o /dev/null -w '%{speed_download}' --tls-max 1.2 --ciphers $suite --cacert "$here/pki/tls-ca.crt" \
        "https://localhost:$1/gigabyte" | awk '{printf "%.0f MB/s", $1 / 1e6}'
}
for round in 1 2 3; do
    for server in "stunnel:18443" "tlcp proxy:28443"; do
        port=${server#*:}
        printf '%d  %-10s  new: %s  resumed: %s  download: %s\n' "$round" "${server%:*}" \
            "$(handshakes "$port" -new)" "$(handshakes "$port" -reuse)" "$(download "$port")"
    done
done
