//! Code points as open newtypes: an unknown value is a value, not an error. `Debug` prints the name where there is one.
use core::fmt;

macro_rules! registry {
    ($(#[$doc:meta])* $name:ident($int:ty) { $($(#[$vdoc:meta])* $konst:ident = $value:literal, $text:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub $int);

        impl $name {
            $($(#[$vdoc])* pub const $konst: Self = Self($value);)*

            /// The name in the standard, if the value has one.
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($value => Some($text),)*
                    _ => None,
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self.name() {
                    Some(n) => f.write_str(n),
                    None => write!(f, "{:#x}", self.0),
                }
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

registry! {
    /// `ProtocolVersion`, two bytes on the wire.
    ProtocolVersion(u16) {
        /// TLCP 1.1 (GB/T 38636-2020).
        TLCP = 0x0101, "TLCP";
        /// TLS 1.0, seen in the record header of a first TLS ClientHello.
        TLS10 = 0x0301, "TLS 1.0";
        /// TLS 1.1: refused.
        TLS11 = 0x0302, "TLS 1.1";
        /// TLS 1.2 (RFC 5246).
        TLS12 = 0x0303, "TLS 1.2";
    }
}

impl ProtocolVersion {
    /// The first byte: 1 in TLCP, 3 in TLS.
    pub const fn major(self) -> u8 {
        self.0.to_be_bytes()[0]
    }
}

registry! {
    /// `ContentType` of a record.
    ContentType(u8) {
        /// change_cipher_spec
        CHANGE_CIPHER_SPEC = 20, "change_cipher_spec";
        /// alert
        ALERT = 21, "alert";
        /// handshake
        HANDSHAKE = 22, "handshake";
        /// application_data
        APPLICATION_DATA = 23, "application_data";
    }
}

registry! {
    /// `HandshakeType` of a handshake message.
    HandshakeType(u8) {
        /// hello_request
        HELLO_REQUEST = 0, "HelloRequest";
        /// client_hello
        CLIENT_HELLO = 1, "ClientHello";
        /// server_hello
        SERVER_HELLO = 2, "ServerHello";
        /// new_session_ticket
        NEW_SESSION_TICKET = 4, "NewSessionTicket";
        /// certificate
        CERTIFICATE = 11, "Certificate";
        /// server_key_exchange
        SERVER_KEY_EXCHANGE = 12, "ServerKeyExchange";
        /// certificate_request
        CERTIFICATE_REQUEST = 13, "CertificateRequest";
        /// server_hello_done
        SERVER_HELLO_DONE = 14, "ServerHelloDone";
        /// certificate_verify
        CERTIFICATE_VERIFY = 15, "CertificateVerify";
        /// client_key_exchange
        CLIENT_KEY_EXCHANGE = 16, "ClientKeyExchange";
        /// finished
        FINISHED = 20, "Finished";
        /// certificate_status
        CERTIFICATE_STATUS = 22, "CertificateStatus";
    }
}

registry! {
    /// `AlertLevel`.
    AlertLevel(u8) {
        /// warning
        WARNING = 1, "warning";
        /// fatal
        FATAL = 2, "fatal";
    }
}

registry! {
    /// `AlertDescription` (GB/T 38636 6.4.3, RFC 5246 7.2).
    AlertDescription(u8) {
        /// close_notify
        CLOSE_NOTIFY = 0, "close_notify";
        /// unexpected_message
        UNEXPECTED_MESSAGE = 10, "unexpected_message";
        /// bad_record_mac
        BAD_RECORD_MAC = 20, "bad_record_mac";
        /// decryption_failed: never sent
        DECRYPTION_FAILED = 21, "decryption_failed";
        /// record_overflow
        RECORD_OVERFLOW = 22, "record_overflow";
        /// decompression_failure
        DECOMPRESSION_FAILURE = 30, "decompression_failure";
        /// handshake_failure
        HANDSHAKE_FAILURE = 40, "handshake_failure";
        /// bad_certificate
        BAD_CERTIFICATE = 42, "bad_certificate";
        /// unsupported_certificate
        UNSUPPORTED_CERTIFICATE = 43, "unsupported_certificate";
        /// certificate_revoked
        CERTIFICATE_REVOKED = 44, "certificate_revoked";
        /// certificate_expired
        CERTIFICATE_EXPIRED = 45, "certificate_expired";
        /// certificate_unknown
        CERTIFICATE_UNKNOWN = 46, "certificate_unknown";
        /// illegal_parameter
        ILLEGAL_PARAMETER = 47, "illegal_parameter";
        /// unknown_ca
        UNKNOWN_CA = 48, "unknown_ca";
        /// access_denied
        ACCESS_DENIED = 49, "access_denied";
        /// decode_error
        DECODE_ERROR = 50, "decode_error";
        /// decrypt_error
        DECRYPT_ERROR = 51, "decrypt_error";
        /// protocol_version
        PROTOCOL_VERSION = 70, "protocol_version";
        /// insufficient_security
        INSUFFICIENT_SECURITY = 71, "insufficient_security";
        /// internal_error
        INTERNAL_ERROR = 80, "internal_error";
        /// inappropriate_fallback
        INAPPROPRIATE_FALLBACK = 86, "inappropriate_fallback";
        /// user_canceled
        USER_CANCELED = 90, "user_canceled";
        /// no_renegotiation
        NO_RENEGOTIATION = 100, "no_renegotiation";
        /// unsupported_extension
        UNSUPPORTED_EXTENSION = 110, "unsupported_extension";
        /// unrecognized_name
        UNRECOGNIZED_NAME = 112, "unrecognized_name";
        /// bad_certificate_status_response
        BAD_CERTIFICATE_STATUS_RESPONSE = 113, "bad_certificate_status_response";
        /// certificate_required
        CERTIFICATE_REQUIRED = 116, "certificate_required";
        /// no_application_protocol
        NO_APPLICATION_PROTOCOL = 120, "no_application_protocol";
        /// unsupported_site2site (GM/T 0024)
        UNSUPPORTED_SITE2SITE = 200, "unsupported_site2site";
        /// no_area (GM/T 0024)
        NO_AREA = 201, "no_area";
        /// unsupported_areatype (GM/T 0024)
        UNSUPPORTED_AREATYPE = 202, "unsupported_areatype";
        /// bad_ibcparam
        BAD_IBCPARAM = 203, "bad_ibcparam";
        /// unsupported_ibcparam
        UNSUPPORTED_IBCPARAM = 204, "unsupported_ibcparam";
        /// identity_need
        IDENTITY_NEED = 205, "identity_need";
    }
}

registry! {
    /// `CipherSuite` values: those this library runs are rows of [`crate::suite::SUITES`]; the others have names for logs (R-CS-1).
    CipherSuite(u16) {
        /// TLS_RSA_WITH_AES_128_CBC_SHA
        RSA_AES_128_CBC_SHA = 0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA";
        /// TLS_RSA_WITH_AES_256_CBC_SHA
        RSA_AES_256_CBC_SHA = 0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA";
        /// TLS_RSA_WITH_AES_128_CBC_SHA256
        RSA_AES_128_CBC_SHA256 = 0x003c, "TLS_RSA_WITH_AES_128_CBC_SHA256";
        /// TLS_RSA_WITH_AES_256_CBC_SHA256
        RSA_AES_256_CBC_SHA256 = 0x003d, "TLS_RSA_WITH_AES_256_CBC_SHA256";
        /// TLS_RSA_WITH_AES_128_GCM_SHA256
        RSA_AES_128_GCM_SHA256 = 0x009c, "TLS_RSA_WITH_AES_128_GCM_SHA256";
        /// TLS_RSA_WITH_AES_256_GCM_SHA384
        RSA_AES_256_GCM_SHA384 = 0x009d, "TLS_RSA_WITH_AES_256_GCM_SHA384";
        /// Signalling value of RFC 5746: ignored in TLCP (R-CS-7).
        EMPTY_RENEGOTIATION_INFO_SCSV = 0x00ff, "EMPTY_RENEGOTIATION_INFO_SCSV";
        /// Signalling value of RFC 7507.
        FALLBACK_SCSV = 0x5600, "FALLBACK_SCSV";
        /// TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA
        ECDHE_ECDSA_AES_128_CBC_SHA = 0xc009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA";
        /// TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA
        ECDHE_ECDSA_AES_256_CBC_SHA = 0xc00a, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA";
        /// TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA
        ECDHE_RSA_AES_128_CBC_SHA = 0xc013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA";
        /// TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA
        ECDHE_RSA_AES_256_CBC_SHA = 0xc014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA";
        /// TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256
        ECDHE_ECDSA_AES_128_CBC_SHA256 = 0xc023, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256";
        /// TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384
        ECDHE_ECDSA_AES_256_CBC_SHA384 = 0xc024, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384";
        /// TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256
        ECDHE_RSA_AES_128_CBC_SHA256 = 0xc027, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256";
        /// TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384
        ECDHE_RSA_AES_256_CBC_SHA384 = 0xc028, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384";
        /// TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
        ECDHE_ECDSA_AES_128_GCM_SHA256 = 0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256";
        /// TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
        ECDHE_ECDSA_AES_256_GCM_SHA384 = 0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384";
        /// TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
        ECDHE_RSA_AES_128_GCM_SHA256 = 0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256";
        /// TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
        ECDHE_RSA_AES_256_GCM_SHA384 = 0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384";
        /// TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256
        ECDHE_RSA_CHACHA20_POLY1305_SHA256 = 0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256";
        /// TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256
        ECDHE_ECDSA_CHACHA20_POLY1305_SHA256 = 0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256";
        /// ECDHE_SM1_SM3
        ECDHE_SM1_SM3 = 0xe001, "ECDHE_SM1_SM3";
        /// ECC_SM1_SM3
        ECC_SM1_SM3 = 0xe003, "ECC_SM1_SM3";
        /// IBSDH_SM1_SM3
        IBSDH_SM1_SM3 = 0xe005, "IBSDH_SM1_SM3";
        /// IBC_SM1_SM3
        IBC_SM1_SM3 = 0xe007, "IBC_SM1_SM3";
        /// RSA_SM1_SM3
        RSA_SM1_SM3 = 0xe009, "RSA_SM1_SM3";
        /// RSA_SM1_SHA1
        RSA_SM1_SHA1 = 0xe00a, "RSA_SM1_SHA1";
        /// ECDHE_SM4_CBC_SM3
        ECDHE_SM4_CBC_SM3 = 0xe011, "ECDHE_SM4_CBC_SM3";
        /// ECC_SM4_CBC_SM3
        ECC_SM4_CBC_SM3 = 0xe013, "ECC_SM4_CBC_SM3";
        /// IBSDH_SM4_CBC_SM3
        IBSDH_SM4_CBC_SM3 = 0xe015, "IBSDH_SM4_CBC_SM3";
        /// IBC_SM4_CBC_SM3
        IBC_SM4_CBC_SM3 = 0xe017, "IBC_SM4_CBC_SM3";
        /// RSA_SM4_CBC_SM3
        RSA_SM4_CBC_SM3 = 0xe019, "RSA_SM4_CBC_SM3";
        /// RSA_SM4_CBC_SHA1
        RSA_SM4_CBC_SHA1 = 0xe01a, "RSA_SM4_CBC_SHA1";
        /// RSA_SM4_CBC_SHA256
        RSA_SM4_CBC_SHA256 = 0xe01c, "RSA_SM4_CBC_SHA256";
        /// ECDHE_SM4_GCM_SM3
        ECDHE_SM4_GCM_SM3 = 0xe051, "ECDHE_SM4_GCM_SM3";
        /// ECC_SM4_GCM_SM3
        ECC_SM4_GCM_SM3 = 0xe053, "ECC_SM4_GCM_SM3";
        /// IBSDH_SM4_GCM_SM3
        IBSDH_SM4_GCM_SM3 = 0xe055, "IBSDH_SM4_GCM_SM3";
        /// IBC_SM4_GCM_SM3
        IBC_SM4_GCM_SM3 = 0xe057, "IBC_SM4_GCM_SM3";
        /// RSA_SM4_GCM_SM3
        RSA_SM4_GCM_SM3 = 0xe059, "RSA_SM4_GCM_SM3";
        /// RSA_SM4_GCM_SHA256
        RSA_SM4_GCM_SHA256 = 0xe05a, "RSA_SM4_GCM_SHA256";
    }
}

registry! {
    /// `ExtensionType` of a hello extension (GM/T 0024 Annex A).
    ExtensionType(u16) {
        /// server_name (RFC 6066, GM/T 0024-2023 A.1)
        SERVER_NAME = 0, "server_name";
        /// max_fragment_length (RFC 6066)
        MAX_FRAGMENT_LENGTH = 1, "max_fragment_length";
        /// trusted_ca_keys (A.2)
        TRUSTED_CA_KEYS = 3, "trusted_ca_keys";
        /// status_request (A.3)
        STATUS_REQUEST = 5, "status_request";
        /// supported_groups (A.4)
        SUPPORTED_GROUPS = 10, "supported_groups";
        /// ec_point_formats
        EC_POINT_FORMATS = 11, "ec_point_formats";
        /// signature_algorithms (A.5)
        SIGNATURE_ALGORITHMS = 13, "signature_algorithms";
        /// application_layer_protocol_negotiation (A.6)
        ALPN = 16, "application_layer_protocol_negotiation";
        /// encrypt_then_mac
        ENCRYPT_THEN_MAC = 22, "encrypt_then_mac";
        /// extended_master_secret
        EXTENDED_MASTER_SECRET = 23, "extended_master_secret";
        /// session_ticket
        SESSION_TICKET = 35, "session_ticket";
        /// supported_versions (RFC 8446)
        SUPPORTED_VERSIONS = 43, "supported_versions";
        /// signature_algorithms_cert (RFC 8446)
        SIGNATURE_ALGORITHMS_CERT = 50, "signature_algorithms_cert";
        /// client_id (A.7)
        CLIENT_ID = 66, "client_id";
        /// renegotiation_info
        RENEGOTIATION_INFO = 0xff01, "renegotiation_info";
    }
}

registry! {
    /// `NamedGroup` / `NamedCurve`.
    NamedGroup(u16) {
        /// NIST P-256.
        SECP256R1 = 23, "secp256r1";
        /// NIST P-384.
        SECP384R1 = 24, "secp384r1";
        /// Curve25519 (RFC 7748).
        X25519 = 29, "x25519";
        /// The SM2 curve.
        CURVE_SM2 = 41, "curveSM2";
        /// SM9's G1. IBSDH names no group on the wire, and none is registered: this one is for private use (RFC 8422 5.1.1).
        SM9 = 0xfe09, "sm9";
    }
}

registry! {
    /// `SignatureScheme` (hash and signature algorithm).
    SignatureScheme(u16) {
        /// rsa_pkcs1_sha256: sha256(4), rsa(1)
        RSA_PKCS1_SHA256 = 0x0401, "rsa_pkcs1_sha256";
        /// ECDSA with SHA-256; in TLS 1.2 on any curve (R-T12-19), as its two like
        ECDSA_SHA256 = 0x0403, "ecdsa_secp256r1_sha256";
        /// rsa_pkcs1_sha384
        RSA_PKCS1_SHA384 = 0x0501, "rsa_pkcs1_sha384";
        /// ECDSA with SHA-384
        ECDSA_SHA384 = 0x0503, "ecdsa_secp384r1_sha384";
        /// rsa_pkcs1_sha512
        RSA_PKCS1_SHA512 = 0x0601, "rsa_pkcs1_sha512";
        /// ECDSA with SHA-512
        ECDSA_SHA512 = 0x0603, "ecdsa_secp521r1_sha512";
        /// RSASSA-PSS with an rsaEncryption key, MGF1 and salt length of the same hash
        RSA_PSS_RSAE_SHA256 = 0x0804, "rsa_pss_rsae_sha256";
        /// Likewise
        RSA_PSS_RSAE_SHA384 = 0x0805, "rsa_pss_rsae_sha384";
        /// Likewise
        RSA_PSS_RSAE_SHA512 = 0x0806, "rsa_pss_rsae_sha512";
        /// Ed25519 (RFC 8032)
        ED25519 = 0x0807, "ed25519";
        /// sm3(7), sm2(4): GM/T 0024-2023 A.5.
        SM2_SM3 = 0x0704, "sm2_sm3";
        /// sm2sig_sm3 of RFC 8998, the only one that GmSSL and openHiTLS know (R-HS-6).
        SM2SIG_SM3 = 0x0708, "sm2sig_sm3";
        /// SM9 with SM3: what IANA calls iso_chinese_ibs, and TLCP ibs_sm3 without a code point (R-IBC-5).
        ISO_CHINESE_IBS = 0x0707, "iso_chinese_ibs";
    }
}

registry! {
    /// `ClientCertificateType` of a CertificateRequest (R-HS-21).
    ClientCertificateType(u8) {
        /// rsa_sign
        RSA_SIGN = 1, "rsa_sign";
        /// ecdsa_sign, named sm2_sign in GM/T 0024-2023
        ECDSA_SIGN = 64, "ecdsa_sign";
        /// ibc_params
        IBC_PARAMS = 80, "ibc_params";
    }
}

registry! {
    /// `MaxFragmentLength` (R-EXT-2).
    MaxFragmentLength(u8) {
        /// 512 bytes
        BYTES_512 = 1, "512 bytes";
        /// 1024 bytes
        BYTES_1024 = 2, "1024 bytes";
        /// 2048 bytes
        BYTES_2048 = 3, "2048 bytes";
        /// 4096 bytes
        BYTES_4096 = 4, "4096 bytes";
    }
}

impl MaxFragmentLength {
    /// In bytes, if the value has a meaning.
    pub fn bytes(self) -> Option<usize> {
        self.name()?;
        256_usize.checked_shl(self.0.into())
    }
}
