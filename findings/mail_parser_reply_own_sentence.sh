#!/usr/bin/env bash
# mail-parser-reply takes a sentence of the writer's own for the head of a quote, and drops the rest.
#
# A reader's letter that tells what a neighbour wrote, or that copies the label of a parcel, is cut
# there: the question that follows is missing from the latest reply and from its replies' bodies. No
# address, no time, no quote mark is needed for it. Whoever answers sees only the greeting.
# Of the same letters quotequail 0.5.4 keeps the second whole and cuts the first as well.
#
# Versions: mail-parser-reply 1.36, quotequail 0.5.4, CPython 3.11. Seen on 2026-12-01 while letters to
# a reply desk were cut. Way out: cut only where an address or a time stands in the head, and lines with
# quote marks, or nothing else, follow it.
# Source: the letters below; RFC 3676, section 4.5, has ">" as the mark of a quote.
# Exit code 1: the behaviour has changed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  mail-parser-reply==1.36 quotequail==0.5.4

"$folder/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

import quotequail
from mailparser_reply import EmailReplyParser

print("mail-parser-reply", version("mail-parser-reply"), "· quotequail", version("quotequail"))

LETTERS = {
    "en": 'Hello,\n\nOn Monday my neighbour wrote:\n"Your beans are dead."\nWhat can I do?\n',
    "de": "Hallo,\n\nauf dem Paket stand:\nVon: Lager Nord\nDatum: 3. Mai\nEs war leer. Was nun?\n",
}
replies = {
    language: EmailReplyParser(languages=[language]).parse_reply(text)
    for language, text in LETTERS.items()
}
kept = {
    language: "".join(part for is_own, part in quotequail.quote(text) if is_own)
    for language, text in LETTERS.items()
}
for language, text in LETTERS.items():
    print("letter:           ", repr(text))
    print("mail-parser-reply:", repr(replies[language]))
    print("quotequail:       ", repr(kept[language]))

is_as_seen = (
    replies == {"en": "Hello,", "de": "Hallo,\n\nauf dem Paket stand:"}
    and "What can I do?" not in kept["en"]
    and "Was nun?" in kept["de"]
)
print("as seen" if is_as_seen else "this has changed")
sys.exit(not is_as_seen)
PYTHON
