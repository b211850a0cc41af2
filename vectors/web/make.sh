#!/usr/bin/env bash
# Makes the chains of this folder anew, with openssl 3.0: `make.sh FOLDER`.
set -euo pipefail
mkdir -p "$1" && cd "$1"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

key() { # NAME ALGORITHM
    case $2 in
        rsa*) openssl genpkey -algorithm RSA -pkeyopt "rsa_keygen_bits:${2#rsa}" ;;
        ed25519) openssl genpkey -algorithm ED25519 ;;
        *) openssl genpkey -algorithm EC -pkeyopt "ec_paramgen_curve:$2" -pkeyopt ec_param_enc:named_curve ;;
    esac >"$work/$1.key" 2>/dev/null
}

CA='basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash'
NAMES='subjectAltName=DNS:localhost,DNS:*.web.example,IP:127.0.0.1
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid'
SERVER="keyUsage=critical,digitalSignature
extendedKeyUsage=serverAuth
$NAMES"
CLIENT='keyUsage=critical,digitalSignature
extendedKeyUsage=clientAuth
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid'

issue() { # NAME ALGORITHM SUBJECT ISSUER|- EXTENSIONS SIGNATURE-OPTIONS…
    local name=$1 algorithm=$2 subject=$3 issuer=$4 extensions=$5
    shift 5
    key "$name" "$algorithm"
    printf '%s\n' "$extensions" >"$work/ext"
    openssl req -new -key "$work/$name.key" -subj "/CN=$subject" -out "$work/csr"
    local by=(-CA "$work/$issuer.crt" -CAkey "$work/$issuer.key")
    [ "$issuer" = - ] && by=(-signkey "$work/$name.key")
    openssl x509 -req -in "$work/csr" "${by[@]}" -set_serial "0x$(openssl rand -hex 15)" -days 36000 \
        -extfile "$work/ext" "$@" -out "$work/$name.crt" 2>/dev/null
}

pile() { # FILE NAME…: the certificates, then the key of the first
    local file=$1 first=$2
    shift
    for name in "$@"; do cat "$work/$name.crt"; done >"$file"
    cat "$work/$first.key" >>"$file"
}

PSS=(-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest)

# One chain of three for each kind of key.
issue p256-root P-256 'P-256 root' - "$CA" -sha256
issue p256-ca P-256 'P-256 CA' p256-root "$CA" -sha384
issue p256 P-256 'P-256 server' p256-ca "$SERVER" -sha256
issue p256-client P-256 'P-256 client' p256-ca "$CLIENT" -sha512
issue p384-root P-384 'P-384 root' - "$CA" -sha384
issue p384-ca P-384 'P-384 CA' p384-root "$CA" -sha512
issue p384 P-384 'P-384 server' p384-ca "$SERVER" -sha384
issue p384-client P-384 'P-384 client' p384-ca "$CLIENT" -sha256
issue ed25519-root ed25519 'Ed25519 root' - "$CA"
issue ed25519-ca ed25519 'Ed25519 CA' ed25519-root "$CA"
issue ed25519 ed25519 'Ed25519 server' ed25519-ca "$SERVER"
issue ed25519-client ed25519 'Ed25519 client' ed25519-ca "$CLIENT"
issue rsa-root rsa2048 'RSA root' - "$CA" -sha256
issue rsa-ca rsa3072 'RSA CA' rsa-root "$CA" -sha384
issue rsa rsa2048 'RSA server' rsa-ca "${SERVER/digitalSignature/digitalSignature,keyEncipherment}" -sha512
issue rsa-client rsa2048 'RSA client' rsa-ca "$CLIENT" -sha256
issue pss-ca rsa2048 'RSA-PSS CA' rsa-root "$CA" -sha256 "${PSS[@]}"
issue pss-ca2 rsa2048 'RSA-PSS CA 2' pss-ca "$CA" -sha384 "${PSS[@]}"
issue pss rsa2048 'RSA-PSS server' pss-ca2 "$SERVER" -sha512 "${PSS[@]}"
# An RSA root above an Ed25519 CA above a P-256 server, for key agreement alone: it may not sign.
issue mixed-ca ed25519 'mixed CA' rsa-root "$CA" -sha256
issue mixed P-256 'mixed server' mixed-ca "$SERVER"
issue agreement P-256 'agreement server' mixed-ca "${SERVER/digitalSignature/keyAgreement}"
issue encryption rsa2048 'encryption server' rsa-ca "${SERVER/digitalSignature/keyEncipherment}" -sha256

for kind in p256 p384 ed25519 rsa; do
    pile "$kind.pem" "$kind" "$kind-ca"
    pile "$kind-client.pem" "$kind-client" "$kind-ca"
done
pile rsa-pss.pem pss pss-ca pss-ca2
pile mixed.pem mixed mixed-ca
pile agreement.pem agreement mixed-ca
pile encryption.pem encryption rsa-ca

# What is refused, each for one reason.
issue rsa1024 rsa1024 'RSA 1024 server' rsa-ca "$SERVER" -sha256
issue rsa1024-ca rsa1024 'RSA 1024 CA' rsa-root "$CA" -sha256
issue below-rsa1024 rsa2048 'server below RSA 1024' rsa1024-ca "$SERVER" -sha256
issue rsa1024-root rsa1024 'RSA 1024 root' - "$CA" -sha256
issue p224 P-224 'P-224 server' rsa-ca "$SERVER" -sha256
issue p521 P-521 'P-521 server' rsa-ca "$SERVER" -sha256
issue p224-ca P-224 'P-224 CA' rsa-root "$CA" -sha256
issue below-p224 P-256 'server below P-224' p224-ca "$SERVER" -sha256
issue sha1-rsa rsa2048 'SHA-1 RSA server' rsa-ca "$SERVER" -sha1
issue sha1-ecdsa P-256 'SHA-1 ECDSA server' p256-ca "$SERVER" -sha1
issue sha1-pss P-256 'SHA-1 PSS server' rsa-ca "$SERVER" -sha1 "${PSS[@]}"
issue sha1-ca rsa2048 'SHA-1 CA' rsa-root "$CA" -sha1
issue below-sha1 rsa2048 'server below SHA-1' sha1-ca "$SERVER" -sha256
issue md5-rsa rsa2048 'MD5 RSA server' rsa-ca "$SERVER" -md5
issue sha224-ecdsa P-256 'SHA-224 ECDSA server' p256-ca "$SERVER" -sha224
issue salt-pss P-256 'PSS server with a salt of 20 bytes' rsa-ca "$SERVER" -sha256 -sigopt rsa_padding_mode:pss \
    -sigopt rsa_pss_saltlen:20
for bad in rsa1024 p224 p521 sha1-rsa md5-rsa sha1-pss salt-pss; do
    cat "$work/$bad.crt" "$work/rsa-ca.crt" >"bad-$bad.crt"
done
for bad in sha1-ecdsa sha224-ecdsa; do cat "$work/$bad.crt" "$work/p256-ca.crt" >"bad-$bad.crt"; done
cat "$work"/{below-rsa1024,rsa1024-ca}.crt >bad-rsa1024-ca.crt
cat "$work"/{below-p224,p224-ca}.crt >bad-p224-ca.crt
cat "$work"/{below-sha1,sha1-ca}.crt >bad-sha1-ca.crt
cp "$work/rsa1024-root.crt" bad-rsa1024-root.crt
for root in p256 p384 ed25519 rsa; do cat "$work/$root-root.crt"; done >roots.crt

# What many make in one line: a CA's certificate that is its own.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/self.key" -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost -days 36000 -out "$work/self.crt" 2>/dev/null
cat "$work"/self.{crt,key} >self-signed.pem

# The servers' keys in other containers.
openssl ec -in "$work/p256.key" -out key-p256-sec1.pem 2>/dev/null
openssl ec -in "$work/p384.key" -outform DER -out key-p384-sec1.der 2>/dev/null
openssl rsa -in "$work/rsa.key" -traditional -out key-rsa-pkcs1.pem 2>/dev/null
openssl pkcs8 -topk8 -in "$work/ed25519.key" -outform DER -nocrypt -out key-ed25519.der
for kind in p256 p384 ed25519 rsa; do
    openssl pkcs8 -topk8 -in "$work/$kind.key" -v2 aes-256-cbc -v2prf hmacWithSHA256 -iter 2048 -passout pass:123456 \
        -out "key-$kind-encrypted.pem"
done
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1 -out key-secp256k1.pem
openssl genpkey -algorithm X25519 -out key-x25519.pem
