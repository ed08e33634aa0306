"""The workspace of crash tests: a campaign, its subscribers, a database and a provider."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from lovecampaign.core.settings import Settings
from lovecampaign.core.tokens import TokenSigner
from tests.chaos.commands import Command, Commands
from tests.chaos.evidence import Evidence, gather
from tests.chaos.servers import MailServer
from tests.support.fast_databases import open_new_database
from tests.support.stage import LONG_AGO, Stage

SECRET = "test-key"
#: As the environment's ``--now``: 09:00 in Paris on day 1 of the test month.
DAY_1_AT_NINE = "2027-02-01T09:00:00+01:00"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """A workspace whose commands run as processes."""

    folder: Path
    commands: Commands
    settings: Mapping[str, str]
    database_url: str
    stage: Stage

    def start(self, *words: str, **settings: str) -> Command:
        return self.commands.start(
            *words, folder=self.folder, settings={**self.settings, **settings}
        )

    def start_send(self, *more: str, **settings: str) -> Command:
        """Everything due at 09:00 on day 1."""
        words = ("send", "--yes", "--json", "--now", DAY_1_AT_NINE, *more)
        return self.start(*words, **settings)

    def evidence(self, server: MailServer) -> Evidence:
        return gather(self.stage.database, TokenSigner([SECRET]), server.taken)


@contextlib.contextmanager
def opened_shop(
    folder: Path,
    commands: Commands,
    database_url: str,
    server: MailServer | None = None,
    *,
    readers: int,
    joined_at: datetime = LONG_AGO,
    **choices: Any,
) -> Iterator[Shop]:
    """A shop whose campaign has one day only, and no pace, unless ``choices`` say else."""
    folder.mkdir(exist_ok=True)
    inside = Settings(workspace=folder, database_url=database_url, secret_keys=(SECRET,))
    with contextlib.closing(open_new_database(inside)) as database:
        stage = Stage(inside, database, **{"days": 1, "max_per_second": "unlimited", **choices})
        stage.add_readers(readers, joined_at=joined_at)
        yield Shop(
            folder=folder,
            commands=commands,
            settings={
                "LOVECAMPAIGN_DATABASE_URL": database_url,
                "LOVECAMPAIGN_SECRET_KEY": SECRET,
                **(server.settings if server else {}),
            },
            database_url=database_url,
            stage=stage,
        )
