"""Shows what SpamAssassin and rspamd say about each letter of a campaign.

python -m tools.check_deliverability [CAMPAIGN] [WORKSPACE]; make deliverability.

Rules about the connection and the sender's DNS say nothing about a letter in a file, and are left
out. A filter that is not installed, or that does not run, is named.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default
from pathlib import Path

#: Rules about how a letter came here, which a letter in a file has not done.
_ABOUT_THE_WAY = re.compile(
    r"NO_REC|NO_RELAYS|RDNS|HFILTER|ONCE_RECEIVED|RCVD|AUTH_NA|SPF|DKIM|DMARC|ARC_|BAYES"
)
_ADDRESS = "test@recipient.example"
_PUBLIC_URL = "https://letters.bloom.example"


@dataclass(frozen=True, slots=True)
class Filter:
    """A spam filter that reads a letter from stdin."""

    name: str
    command: Sequence[str]
    #: The points of each rule, from the filter's output.
    read_rules: Callable[[str], Mapping[str, float]]


def read_spamassassin(output: str) -> Mapping[str, float]:
    """The rules of a report of ``spamassassin -t``."""
    _, _, table = output.rpartition("---- ------")
    found = re.findall(r"^ *(-?\d+\.\d+) ([A-Z][A-Z0-9_]+) ", table, re.MULTILINE)
    return {name: float(points) for points, name in found}


def read_rspamd(output: str) -> Mapping[str, float]:
    """The symbols of ``rspamc --json``."""
    symbols = json.loads(output)["symbols"]
    return {name: float(symbol["score"]) for name, symbol in symbols.items()}


FILTERS = (
    Filter("SpamAssassin", ("spamassassin", "--local", "-t"), read_spamassassin),
    Filter("rspamd", ("rspamc", "--json"), read_rspamd),
)


def about_the_letter(rules: Mapping[str, float]) -> Mapping[str, float]:
    """The rules that a letter's own words and headers meet, without those of no points."""
    return {
        name: points
        for name, points in rules.items()
        if round(points, 1) and not _ABOUT_THE_WAY.search(name)
    }


def write_table(name: str, letters: Iterable[tuple[str, Mapping[str, float]]]) -> str:
    """A line for each letter: the points, the subject, and each rule with points."""
    lines = [f"{name}: points, subject, rules"]
    for subject, rules in letters:
        counted = sorted(rules.items(), key=lambda rule: -rule[1])
        told = ", ".join(f"{rule} {points:+.1f}" for rule, points in counted)
        lines.append(f"{sum(rules.values()):+5.1f}  {subject[:44]:<44}  {told}")
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    campaign = arguments[0] if arguments else "customer-love"
    workspace = Path(arguments[1] if len(arguments) > 1 else ".").resolve()
    with tempfile.TemporaryDirectory() as folder:
        letters = _send_tests(campaign, workspace, Path(folder))
        for each in FILTERS:
            sys.stdout.write(f"{_ask(each, letters)}\n\n")
    return 0


def _send_tests(campaign: str, workspace: Path, outbox: Path) -> Sequence[bytes]:
    """Each email of the campaign, as a test of ``send`` writes it."""
    environment = {
        "LOVECAMPAIGN_SECRET_KEY": "0123456789abcdef" * 4,
        "LOVECAMPAIGN_PUBLIC_URL": _PUBLIC_URL,
        **os.environ,
        "LOVECAMPAIGN_PROVIDER": f"maildir:{outbox}",
    }
    words = ("send", campaign, "--day", "all", "--to", _ADDRESS, "--yes", "--quiet")
    subprocess.run(  # noqa: S603 - our own program
        (sys.executable, "-m", "lovecampaign", *words),
        cwd=workspace,
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return [file.read_bytes() for file in sorted((outbox / "new").iterdir())]


def _ask(spam_filter: Filter, letters: Sequence[bytes]) -> str:
    if shutil.which(spam_filter.command[0]) is None:
        return f"{spam_filter.name}: not installed (Debian: apt install {spam_filter.name.lower()})"
    found = []
    for letter in letters:
        done = subprocess.run(  # noqa: S603 - one of the fixed commands above
            spam_filter.command, input=letter, capture_output=True, check=False
        )
        try:
            rules = spam_filter.read_rules(done.stdout.decode("utf-8", "replace"))
        except (ValueError, KeyError):
            return f"{spam_filter.name}: no answer; does it run? {done.stderr.decode()[:200]}"
        subject = str(message_from_bytes(letter, policy=default)["Subject"])
        found.append((subject.removeprefix("[Test] "), about_the_letter(rules)))
    return write_table(spam_filter.name, found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
