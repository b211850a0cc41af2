#!/bin/sh
# Makes the certificates of this folder anew, with OpenSSL 3.
set -e
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
: >"$work/index"
cat >"$work/ca.cnf" <<END
[ca]
default_ca = test
[test]
database = $work/index
new_certs_dir = $work
rand_serial = yes
default_md = sha256
default_startdate = 20260101000000Z
default_enddate = 21251231235959Z
policy = any
unique_subject = no
[any]
commonName = supplied
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
END

key() { # kind
    case $1 in
    p256) openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 ;;
    p384) openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 ;;
    ed25519) openssl genpkey -algorithm ED25519 ;;
    rsa) openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 2>/dev/null ;;
    esac
}

sign() { # file, further arguments
    out=$1
    shift
    openssl ca -config "$work/ca.cnf" -batch -notext -keyfile "$work/root.key" -out "$out" "$@" 2>/dev/null
}

leaf() { # file, kind, extended key usage, common name, names
    key "$2" >"$work/leaf.key"
    openssl req -new -key "$work/leaf.key" -subj "/CN=$4" -out "$work/leaf.csr"
    usage=digitalSignature
    [ "$2" = rsa ] && usage=digitalSignature,keyEncipherment
    {
        echo "keyUsage=critical,$usage"
        echo "extendedKeyUsage=$3"
        [ -z "$5" ] || echo "subjectAltName=$5"
    } >"$work/leaf.ext"
    sign "$work/leaf.crt" -in "$work/leaf.csr" -cert root.crt -extfile "$work/leaf.ext"
    cat "$work/leaf.crt" "$work/leaf.key" >"$1"
}

key p256 >"$work/root.key"
openssl req -new -key "$work/root.key" -subj "/CN=tlcp test root" -out "$work/root.csr"
sign root.crt -selfsign -extensions root -in "$work/root.csr"
for kind in p256 p384 ed25519 rsa; do
    leaf server-$kind.pem $kind serverAuth "server $kind" DNS:localhost,IP:127.0.0.1
    leaf client-$kind.pem $kind clientAuth "client $kind" ""
done
leaf other-p256.pem p256 serverAuth "other p256" DNS:other.example
