#!/usr/bin/env python3
"""Time stamps to test with, made by OpenSSL 3: make.py [DIRECTORY [FILE]], which is this one if none is named.

Writes `stamped.json` (what is stamped: the file, or a few words), certificates (`*.pem`) of two authorities and of some that are none, and tokens
(`*.tsr`): those that `openssl ts` makes, which `openssl ts -verify` is then asked about, and those that it
would not make, of which `openssl cms` signs what is written here byte by byte. Keys are thrown away. What is
beside this file was made once by it; every test of `timestamps.rs` that reads it makes it anew, too.
"""

import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
STAMPED = pathlib.Path(sys.argv[2]).read_bytes() if len(sys.argv) > 2 else b'{ "format": "comity-evidence" }\n'
DAYS = "36500"
TIMES = "critical,timeStamping"
AUTHORITY = "basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign,cRLSign\n"
SIGNER = "keyUsage=critical,digitalSignature\n"
CONFIG = """
[tsa]
default_tsa = own
[own]
serial = serial
crypto_device = builtin
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = {ess}
"""


def openssl(*args, give=None):
    """Runs it in the present directory; what it writes."""
    ran = subprocess.run(["openssl", *map(str, args)], input=give, capture_output=True)
    if ran.returncode:
        sys.exit(f"openssl {' '.join(map(str, args))}: {ran.stderr.decode()}")
    return ran.stdout


def certificate(name, key, by=None, extensions="", days=DAYS, subject=None):
    """A key and a certificate of it, by another of this name or by itself."""
    kind = ["rsa:2048"] if key == "rsa" else ["ec", "-pkeyopt", f"ec_paramgen_curve:{key}"]
    subject = subject or f"/O=Example Trust Ltd/CN=Test {name}"
    openssl("req", "-new", "-newkey", *kind, "-noenc", "-keyout", f"{name}.key", "-out", "req", "-subj", subject)
    pathlib.Path("ext").write_text(extensions)
    signed = ["-CA", f"{by}.pem", "-CAkey", f"{by}.key"] if by else ["-signkey", f"{name}.key"]
    openssl("x509", "-req", "-in", "req", "-days", days, "-extfile", "ext", "-sha256", *signed,
            "-set_serial", f"0x4{os.urandom(8).hex()[1:]}", "-out", f"{name}.pem")


def certificates():
    certificate("root", "rsa", extensions=AUTHORITY)
    certificate("between", "rsa", "root", AUTHORITY.replace("true", "true,pathlen:0"))
    certificate("rsa", "rsa", "between", f"extendedKeyUsage={TIMES}\nsubjectKeyIdentifier=hash\n{SIGNER}")
    certificate("other", "rsa", "between", f"extendedKeyUsage={TIMES}\n{SIGNER}")
    certificate("stranger", "rsa", extensions=AUTHORITY)
    certificate("curve-root", "P-384", extensions=AUTHORITY)
    certificate("p256", "P-256", "curve-root", f"extendedKeyUsage={TIMES}\n{SIGNER}")
    certificate("p384", "P-384", "curve-root", f"extendedKeyUsage={TIMES}\n{SIGNER}")
    certificate("p521", "P-521", "curve-root", f"extendedKeyUsage={TIMES}\n{SIGNER}")
    # What no token may rest on.
    certificate("ended", "P-256", "curve-root", f"extendedKeyUsage={TIMES}\n{SIGNER}", days="-1")
    certificate("mail", "P-256", "curve-root", f"extendedKeyUsage=critical,emailProtection\n{SIGNER}")
    certificate("both", "P-256", "curve-root", f"extendedKeyUsage={TIMES},emailProtection\n{SIGNER}")
    certificate("easy", "P-256", "curve-root", f"extendedKeyUsage=timeStamping\n{SIGNER}")
    certificate("none", "P-256", "curve-root", SIGNER)
    certificate("cipher", "P-256", "curve-root", f"extendedKeyUsage={TIMES}\nkeyUsage=keyAgreement\n")
    certificate("odd", "P-256", "curve-root", f"extendedKeyUsage={TIMES}\n1.2.3.4=critical,DER:0500\n")
    certificate("no-authority", "P-256", "curve-root", "basicConstraints=CA:false\n")
    certificate("vouched", "P-256", "no-authority", f"extendedKeyUsage={TIMES}\n{SIGNER}")
    certificate("deep", "rsa", "between", AUTHORITY)
    certificate("too-deep", "P-256", "deep", f"extendedKeyUsage={TIMES}\n{SIGNER}")
    certificate("web-only", "P-256", "curve-root", AUTHORITY + "extendedKeyUsage=serverAuth\n")
    certificate("of-web", "P-256", "web-only", f"extendedKeyUsage={TIMES}\n{SIGNER}")


def asked(name, signer, *, chain=(), hashed="sha256", ess="sha256", data=STAMPED, cert=("-cert",)):
    """A token that `openssl ts` makes, and verifies where it is of what is stamped."""
    pathlib.Path("data").write_bytes(data)
    pathlib.Path("tsa.conf").write_text(CONFIG.format(ess=ess))
    openssl("ts", "-query", "-data", "data", f"-{hashed}", *cert, "-out", "query")
    pathlib.Path("chain").write_text("".join(pathlib.Path(f"{one}.pem").read_text() for one in chain))
    signed = {"rsa": "sha512", "p384": "sha384"}.get(signer, "sha256")
    openssl("ts", "-reply", "-config", "tsa.conf", "-queryfile", "query", "-signer", f"{signer}.pem", "-inkey",
            f"{signer}.key", f"-{signed}", *(["-chain", "chain"] if chain else []), "-out", f"{name}.tsr")
    if cert and signer != "ended":
        root = "root" if signer == "rsa" else "curve-root"
        between = [] if chain or signer != "rsa" else ["-untrusted", "between.pem"]
        openssl("ts", "-verify", "-data", "data", "-in", f"{name}.tsr", "-CAfile", f"{root}.pem", *between)


def der(tag, *parts):
    """An element."""
    content = b"".join(parts)
    size = len(content)
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag]) + (bytes([size]) if size < 128 else bytes([0x80 | len(length)]) + length) + content


def oid(text):
    first, second, *rest = map(int, text.split("."))
    out = bytes([40 * first + second])
    for number in rest:
        septets = [number & 127]
        while number := number >> 7:
            septets.append(number & 127 | 128)
        out += bytes(reversed(septets))
    return der(6, out)


SHA256 = der(0x30, oid("2.16.840.1.101.3.4.2.1"), der(5))


def stamp(data=STAMPED, time=b"20600101000000.25Z", rest=b""):
    """What an authority signs (TSTInfo)."""
    imprint = der(0x30, SHA256, der(4, hashlib.sha256(data).digest()))
    return der(0x30, der(2, b"\1"), oid("1.2.3.4.1"), imprint, der(2, b"\7"), der(0x18, time), rest)


def answered(token, status=0):
    """An authority's answer."""
    return der(0x30, der(0x30, der(2, bytes([status]))), token)


def signed(name, signer, *options, content=None, kind="1.2.840.113549.1.9.16.1.4", more=("-cades",), digest="sha256"):
    """A token that `openssl cms` signs."""
    pathlib.Path("content").write_bytes(stamp() if content is None else content)
    token = openssl("cms", "-sign", "-binary", "-nodetach", "-nosmimecap", "-in", "content", "-econtent_type", kind,
                    "-signer", f"{signer}.pem", "-inkey", f"{signer}.key", "-md", digest, "-outform", "DER", *more,
                    *options)
    pathlib.Path(f"{name}.tsr").write_bytes(answered(token))
    return token


def tokens():
    # Good ones.
    asked("good-rsa", "rsa", chain=("between",))
    asked("good-rsa-sha1-name", "rsa", chain=("between",), ess="sha1")
    asked("good-p256", "p256")
    asked("good-p384", "p384")
    token = signed("good-by-hand", "p256")
    pathlib.Path("good-with-changes.tsr").write_bytes(answered(token, 1))
    signed("good-key-name", "rsa", "-keyid", "-certfile", "between.pem")
    signed("good-sha384", "rsa", "-certfile", "between.pem", digest="sha384")
    # Good ones that are of no use.
    asked("imprint-other", "p256", data=b"something else")
    asked("imprint-sha512", "p256", hashed="sha512")
    asked("signer-left-out", "p256", cert=())
    asked("untrusted-between-left-out", "rsa")
    # Bad ones.
    asked("validity-ended", "ended")
    signed("validity-not-yet", "p256", content=stamp(time=b"20010101000000Z"))
    for name in ("mail", "both", "easy", "none", "cipher"):
        signed(f"usage-{name}", name)
    signed("extension-certificate", "odd")
    critical = der(0xA1, der(0x30, oid("1.2.3.4"), der(1, b"\xff"), der(4, b"")))
    signed("extension-stamp", "p256", content=stamp(rest=critical))
    signed("issuer-no-authority", "vouched", "-certfile", "no-authority.pem")
    pathlib.Path("both-between").write_text(pathlib.Path("deep.pem").read_text() + pathlib.Path("between.pem").read_text())
    signed("issuer-too-deep", "too-deep", "-certfile", "both-between")
    signed("issuer-web-only", "of-web", "-certfile", "web-only.pem")
    signed("algorithm-p521", "p521")
    signed("algorithm-ecdsa-sha512", "p256", digest="sha512")
    signed("algorithm-sha1", "rsa", digest="sha1")
    signed("attributes-no-certificate", "p256", more=())
    signed("attributes-none", "p256", more=("-noattr",))
    signed("signers-two", "p256", "-signer", "p384.pem", "-inkey", "p384.key")
    signed("content-mail", "p256", kind="1.2.840.113549.1.7.1")
    signed("form-time", "p256", content=stamp(time=b"20601301000000Z"))
    signed("form-fraction", "p256", content=stamp(time=b"20600101000000.Z"))
    signed("form-behind", "p256", content=stamp() + b"\0")
    pathlib.Path("status-refused.tsr").write_bytes(der(0x30, der(0x30, der(2, b"\2"))))
    pathlib.Path("form-no-answer.tsr").write_bytes(token)
    # Another content than the one that is signed, and another signer's name than the one that is.
    whole = pathlib.Path("good-by-hand.tsr").read_bytes()
    pathlib.Path("digest-other.tsr").write_bytes(whole.replace(b"20600101000000.25Z", b"20600101000000.26Z"))
    certificate("twin", "P-256", "curve-root", f"extendedKeyUsage={TIMES}\n{SIGNER}", subject="/CN=Twin")
    signed("twin", "twin", "-nocerts")
    own, other = (bytes.fromhex(openssl("x509", "-in", f"{one}.pem", "-noout", "-serial").decode().split("=")[1])
                  for one in ("twin", "p256"))
    twin = pathlib.Path("twin.tsr").read_bytes()
    pathlib.Path("certificate-other.tsr").write_bytes(twin.replace(der(2, own), der(2, other)))
    pathlib.Path("twin.tsr").unlink()


def main():
    target = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else HERE
    with tempfile.TemporaryDirectory() as scratch:
        os.chdir(scratch)
        pathlib.Path("serial").write_text("01")
        pathlib.Path("stamped.json").write_bytes(STAMPED)
        certificates()
        tokens()
        for kept in ("root", "curve-root", "rsa", "p256", "stranger"):
            shutil.copy(f"{kept}.pem", target)
        for old in target.glob("*.tsr"):
            old.unlink()
        for made in [*pathlib.Path().glob("*.tsr"), pathlib.Path("stamped.json")]:
            shutil.copy(made, target)
        os.chdir(target)


if __name__ == "__main__":
    main()
