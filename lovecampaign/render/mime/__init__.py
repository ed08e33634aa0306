"""MIME messages: header fields, quoted-printable bodies and signed links."""
