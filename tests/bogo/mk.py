import json
D=[
("DTLS",["*-DTLS*","DTLS*","SendSplitAlert-*","StrayChangeCipherSpec"]),
("QUIC",["*-QUIC*","QUIC*"]),
("TLS 1.3",["*-TLS13","*-TLS13-[^T]*","*-TLS13-TLS-*","*-TLS13-TLS13-TLS","*-TLS-TLS13-*","TLS13-*","*TLS13KeyChange*","*TLS13Compatibility*","Resume-*-TLS12-TLS13-TLS","Resume-*-TLS13-TLS12-TLS","MinimumVersion-*-TLS13-TLS","MinimumVersion-*-TLS13-TLS12-TLS",
  "*EarlyData*","Resume-Server-*Binder*","Resume-Server-OmitAllPSKs*","*HelloRetryRequest*","KeyUpdate-*","*-KeyUpdate-*","*-KeyUpdate","TooManyKeyUpdates","*EncryptedExtensions*","SecondServerHello*","SecondClientHello*","PartialSecondClientHello*","PartialClientFinishedWithSecondClientHello*","PartialClientFinishedWithClientHello","PartialClientFinishedWithClientHello-NoCCS",
  "*KeyShare*","CertCompression*","Duplicate*CertCompression*","DelegatedCredentials*","TrustAnchor*","*-ECH-*","*MLKEM*","PostQuantum*","MultiplePQGroups*","ExportTrafficSecrets*","*JDK11*","Downgrade-*","ServerPadding*","SupportedVersionSelection*","NoSupportedVersions","IgnoreClientVersionOrder","FragmentedClientVersion","*PostHandshake*","NegotiatePSKResumption*","TLS12-NoTicket-NoOffer","NoSSL3-Client"]),
("TLS 1.1 and below",["*-TLS1","*-TLS1-*","*-TLS11","*-TLS11-*","TLS1-*","TLS11-*","*-GotEnciphermentTLS1*","ConflictingVersionNegotiation*","BadRSAClientKeyExchange*","CBCRecordSplitting*"]),
("SSLv2 hello",["SendV2ClientHello*"]),
("renegotiation",["Renegotiate-Client","Renegotiate-Client-[A-MP-Z]*","Renegotiate-Client-NoIgnore","Renegotiate-FalseStart","Renegotiate-SameClientVersion","Renegotiate-Server-Forbidden","Renegotiate-ForbidAfterHandshake","Renegotiation-*","*-Renego-*","BadHelloRequest*","Shutdown-Shim-HelloRequest-*","Shutdown-Shim-Renegotiate*","Peek-Renegotiate","ExportKeyingMaterial-Renegotiate"]),
("PSK",["*PSK*"]),
("PAKE",["PAKE*"]),
("NPN",["NPN-*","*AndNPN*","*-NPN","*-NPN-*","*NextProtocol*","ALPNServer-Preferred*"]),
("Channel ID",["*ChannelID*"]),
("false start",["*FalseStart*"]),
("ALPS",["ALPS*"]),
("SRTP",["SRTP*"]),
("certificate transparency",["SignedCertificateTimestamp*","SendSCT*","*OCSP-SCT*","UnsolicitedCertificateExtensions*"]),
("raw public keys",["ClientCertificateType-*","ServerCertificateType-*","CertificateSelection-*-CertificateType-*"]),
("compliance policies",["Compliance*"]),
("handshake hints",["*HintMismatch*"]),
("3DES",["*3DES*"]),
("P-521",["*P-521*","*P521*"]),
("ML-DSA",["*ML-DSA*"]),
("SHA-1, MD5, 1024-bit keys",["*SHA1-TLS12","*SHA1-Fallback*","Agree-Digest-SHA1","*MD5*","RSA-PSS-Large"]),
("rsa_pkcs1_sha256_legacy",["*SHA256_LEGACY*"]),
("certificate_authorities in a ClientHello",["CertificateSelection-Server-CheckIssuer*"]),
("GREASE and permuted extensions",["GREASE-Client-*","AllExtensions-Client-Permute*"]),
("suites of equal preference",["CipherNegotiation-*"]),
("records sent short of the limit",["MaxSendFragment*"]),
("tickets renewed by the server",["TicketCallback-Renew-*"]),
("BoringSSL's form of tickets",["ShimTicketRewritable","Resume-Server-DeclineCrossVersion","Resume-Server-DeclineBadCipher*"]),
("BoringSSL's callbacks and switches",["*OCSPCallback-Fail*","FailEarlyCallback","Server-DDoS-Reject-*","ShimSendAlert-*","RetainOnlySHA256-*","ALPNClient-AllowUnknown-*","ALPNServer-SelectEmpty-*","DisableEverything"]),
]
X=[
("remote error: bad certificate","R-AL-8",["GarbageCertificate-*-TLS12"]),
("remote error: error decoding message","R-AL-9",["TrailingMessageData-ClientFinished-TLS","TrailingMessageData-ServerFinished-TLS"]),
("remote error: access denied","R-AL-8",["CertificateVerificationFail-*-TLS12-TLS-Sync*"]),
("unexpected success","R-T12-1: a client without a fitting certificate shows none",["CheckClientCertificateTypes","CertificateSelection-Client-*-MatchNone-TLS-TLS12"]),
("tls: client didn't provide a certificate","R-T12-1",["NoCommonAlgorithms"]),
("unexpected success","R-T12-19: Ed25519 is taken by default",["*-VerifyDefault-Ed25519-TLS12","Ed25519DefaultDisable-*"]),
("no tls-unique","R-T12-26",["TLSUnique-Full-NoEMS-*"]),
("got cipher c013, expected c02f","R-SES-10: resumed in any suite that is offered and enabled",["Resume-Server-CipherNotPreferred"]),
]
lines=[]
for r,ps in D:
    lines.append([f'        {json.dumps(p)}: {json.dumps(r)}' for p in ps])
for what,why,ps in X:
    lines.append([f'        {json.dumps(p)}: {json.dumps("differs: "+what+" ("+why+")")}' for p in ps])
E=json.load(open('/work/wt/bogo-runner/errors.json'))
em=[f'        {json.dumps(k)}: {json.dumps(v)}' for k,v in sorted(E.items())]
open('config.json','w').write('{\n    "DisabledTests": {\n'+',\n'.join(',\n'.join(g) for g in lines)+'\n    },\n    "ErrorMap": {\n'+',\n'.join(em)+'\n    }\n}\n')
