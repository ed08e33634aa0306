"""A copy of the example workspace with two early subscribers."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from lovecampaign.testing.smtp_server import SmtpServer
from tests.support.paths import REPOSITORY
from tests.support.processes.shop import RunningShop

LONG_AGO = "2027-01-10T12:00:00+00:00"
#: A subscriber of the audience alone, and an insider since January.
READER, INSIDER = "bob@readers.example", "carla@readers.example"
#: An additional email to the audience, after all others.
_AFTERWARDS = "    afterwards:   {at: day 34 10:00, to: audience, copy: launch/afterwards.md}\n"
_WORDS = "---\nsubject: Two days later\npreheader: One more line.\n---\nHello again.\n"


@contextlib.contextmanager
def example_shop(folder: Path) -> Iterator[RunningShop]:
    for part in ("campaigns", "templates"):
        shutil.copytree(REPOSITORY / part, folder / part)
    month = folder / "campaigns" / "customer-love"
    written = (month / "campaign.yaml").read_text("utf-8")
    before, deals, after = written.partition("\ndeals:")
    (month / "campaign.yaml").write_text(before + _AFTERWARDS + deals + after, "utf-8")
    (month / "launch" / "afterwards.md").write_text(_WORDS, "utf-8")
    with SmtpServer() as mail:
        shop = RunningShop(folder, mail)
        import_people(shop, "readers", READER, INSIDER)
        import_people(shop, "insiders", INSIDER)
        yield shop


def import_people(shop: RunningShop, list_name: str, *addresses: str) -> None:
    file = shop.folder / f"{list_name}.csv"
    rows = [f"{each},{each.partition('@')[0].title()},{LONG_AGO}" for each in addresses]
    file.write_text("\n".join(["email,first_name,consent_at", *rows]))
    words = ("--list", list_name, "--apply", "--now", LONG_AGO)
    shop.type("subscribers", "import", file, *words)


def paris(text: str) -> datetime:
    """``02-05 09:30``, in the month of the example, by the shop's clock."""
    return datetime.fromisoformat(f"2027-{text.replace(' ', 'T')}+01:00")
