"""A desk of a test: a campaign whose readers write letters, and people who answer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from lovecampaign.core.settings import Settings
from lovecampaign.core.tokens import Purpose, TokenSigner
from lovecampaign.delivery.desk.write import Writing, answer_letter, follow_through
from lovecampaign.delivery.inbox.match import match_mail
from lovecampaign.delivery.inbox.sort_files import FiledMail
from lovecampaign.delivery.inbox.sorting.sort import sort_mail
from lovecampaign.delivery.inbox.take_in import take_in
from lovecampaign.delivery.transactional.deliver import deliver_requested
from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database
from lovecampaign.store.dialogue.desk.cases import (
    Case,
    CaseStep,
    NewCase,
    find_case,
    finish_step,
    open_case,
)
from lovecampaign.store.dialogue.desk.letters import DeskLetter, find_letter, list_letters
from lovecampaign.store.ledger.campaigns import record_campaign
from tests.support.row_keys import key_of
from tests.support.stage import Stage
from tests.unit.delivery.inbox.mails import letter

ANNA = "reader1@readers.example"


class ReplyDesk(Stage):
    """A stage that hears and answers."""

    def __init__(self, settings: Settings, database: Database, /, **choices: Any) -> None:
        super().__init__(settings, database, **choices)
        self.signer = TokenSigner(settings.require_secret_keys())

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def token(self, address: str = ANNA) -> str:
        """The id of the first email that a reader got."""
        with self.database.read() as connection:
            id_ = connection.scalar(
                sa.select(sa.func.min(tables.delivery.c.id))
                .join(tables.subscriber, tables.subscriber.c.id == tables.delivery.c.subscriber_id)
                .where(tables.subscriber.c.email == address)
            )
        key = key_of(self.database, Purpose.DELIVERY, id_ or 0)
        return self.signer.sign(Purpose.DELIVERY, key)

    def hear(self, text: str, address: str = ANNA, **headers: str) -> DeskLetter:
        """A letter that answers the reader's first email; or ``In_Reply_To="…"``."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = (self.now - timedelta(minutes=5)).strftime("%a, %d %b %Y %H:%M:%S +0000")
        written = {"From": address, "Date": sent, **given}
        written.setdefault("In-Reply-To", f"<{self.token()}@bloom.example>")
        self.take(letter(text, **written))
        return self.letters()[-1]

    def take(self, *raw: bytes) -> None:
        filed = [FiledMail(file="", mail=sort_mail(one)) for one in raw]
        with self.database.read() as connection:
            matches = match_mail(connection, self.signer, filed)
        take_in(self.database, matches, {self.campaign.id: self.campaign}, self.now)

    def letters(self) -> list[DeskLetter]:
        with self.database.read() as connection:
            return list(list_letters(connection, is_done=None))

    def reload(self, one: DeskLetter) -> DeskLetter:
        with self.database.read() as connection:
            found = find_letter(connection, one.id)
        assert found is not None
        return found

    def writing(self, text: str, owner: str = "Ana", **choices: Any) -> Writing:
        record = record_campaign(self.database, self.campaign)
        return Writing(
            campaign=self.campaign, campaign_id=record.id, owner=owner, text=text, **choices
        )

    def answer(self, one: DeskLetter, text: str, **choices: Any) -> None:
        """Queue an answer."""
        writing = self.writing(text, **choices)
        with self.database.write() as connection:
            answer_letter(connection, self.reload(one), writing, self.now)

    def deliver(self) -> None:
        """Send what is queued."""
        with self.sender() as sender:
            deliver_requested(sender, self.campaign)

    def open_case(self, subscriber_id: int, mail_id: int | None = None) -> Case:
        record = record_campaign(self.database, self.campaign)
        due = {step: self.now + timedelta(days=1) for step in CaseStep}
        new = NewCase(
            subscriber_id=subscriber_id,
            campaign_id=record.id,
            mail_id=mail_id,
            about="A broken parcel",
            owner="Ana",
            due=due,
        )
        with self.database.write() as connection:
            return self._case(connection, open_case(connection, new, self.now))

    def case(self, id_: int) -> Case:
        with self.database.read() as connection:
            return self._case(connection, id_)

    def finish_steps(self, case: Case) -> None:
        """All but the follow-through."""
        with self.database.write() as connection:
            for step in list(CaseStep)[:-1]:
                finish_step(connection, case.id, step, "", self.now)

    def follow_through(self, case: Case, text: str) -> None:
        """Queue the last message."""
        writing = self.writing(text)
        with self.database.write() as connection:
            follow_through(connection, self._case(connection, case.id), writing, self.now)

    @staticmethod
    def _case(connection: sa.Connection, id_: int) -> Case:
        found = find_case(connection, id_)
        assert found is not None
        return found
