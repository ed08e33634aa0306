#!/usr/bin/env bash
# dkimpy signs List-Unsubscribe and leaves List-Unsubscribe-Post out.
#
# One-click unsubscribing counts only where a DKIM signature covers both headers (RFC 8058, section 4).
# dkimpy chooses the headers by itself: of a message that has both it signs List-Unsubscribe alone, so
# the one-click button of mail programs may be gone although the message has all that it needs, and
# nothing says so. Named in include_headers, the header is signed.
#
# Versions: dkimpy 1.1.8, CPython 3.11. Seen on 2026-11-30 while letters were signed by three signers.
# Source: https://www.rfc-editor.org/rfc/rfc8058#section-4
# Exit code 1: the behaviour has changed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check dkimpy==1.1.8 cryptography==46.0.3
cat > "$folder/sign.py" <<'PYTHON'
import re

import dkim
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
    serialization.Encoding.PEM,
    serialization.PrivateFormat.TraditionalOpenSSL,
    serialization.NoEncryption(),
)
message = b"\r\n".join([
    b"From: Ana <ana@news.bloom.example>",
    b"To: Lea <lea@reader.example>",
    b"Subject: Day 2",
    b"Date: Mon, 01 Feb 2027 09:00:00 +0100",
    b"Message-ID: <1@news.bloom.example>",
    b"List-Unsubscribe: <https://bloom.example/u/1>",
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click",
    b"", b"Hello.", b"",
])


def signed(**options):
    header = dkim.sign(message, b"s", b"news.bloom.example", key, **options).decode()
    return re.search(r"h=([^;]*);", re.sub(r"\s+", "", header))[1].lower().split(":")


usual = signed()
named = signed(include_headers=[b"from", b"list-unsubscribe", b"list-unsubscribe-post"])
print("dkimpy 1.1.8 signs by itself:", " ".join(usual))
print("with include_headers:        ", " ".join(named))
as_seen = "list-unsubscribe" in usual and "list-unsubscribe-post" not in usual
raise SystemExit(0 if as_seen and "list-unsubscribe-post" in named else 1)
PYTHON
"$folder/venv/bin/python" "$folder/sign.py"
