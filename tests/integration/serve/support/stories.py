"""Answers of readers, from the link in the letter to the words in a later one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from lovecampaign.core.tokens import Purpose
from lovecampaign.delivery.transactional.deliver import deliver_requested
from lovecampaign.store.dialogue.stories.stories import (
    Story,
    approve,
    find_story,
    list_stories,
    publish,
)
from tests.integration.serve.support.letters import token_of
from tests.support.serving import Answer, Serving
from tests.support.stage import DAY_1, Stage

QUESTION = "What is the oldest plant in your home?"
WORDS = "A fig from 1987.\n\nIt has moved house <b>eleven</b> times & *lives*."
NAME = "Ana, Créteil"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Readers who may answer the question of a day."""

    stage: Stage
    served: Serving
    readers: list[int]
    #: The day that asks.
    day: str = "day-01"

    def link(self, reader: int = 0) -> str:
        return f"/a/{token_of(self.stage, self.readers[reader], self.day, Purpose.ANSWER)}"

    def write(self, reader: int = 0, /, **fields: str) -> Answer:
        """Fill in the form; the permissions are ``letter`` and ``wall``, if no others are given."""
        form = {"text": WORDS, "name": NAME, "letter": "yes", "wall": "yes", **fields}
        link = self.link(reader)
        seal = seal_of(self.served.get(link).text)
        return self.served.press(link, {name: one for name, one in form.items() if one} | seal)

    @property
    def stories(self) -> list[Story]:
        with self.stage.database.read() as connection:
            return list(list_stories(connection, 1))

    def publish(self) -> Story:
        """Approve the newest story, tell its hero, and publish it."""
        [story, *_] = self.stories
        with self.stage.database.write() as connection:
            approve(connection, story, self.stage.clock.now())
        self.deliver_mail()
        with self.stage.database.write() as connection:
            publish(connection, story.id, self.stage.clock.now())
            found = find_story(connection, story.id)
        assert found is not None
        return found

    def deliver_mail(self) -> None:
        """Send the mail that pages and the operator requested."""
        with self.stage.sender() as sender:
            deliver_requested(sender, self.stage.campaign)

    def mailed_link(self) -> str:
        """The page of the newest mail about a story."""
        mails = [
            mail
            for mail in self.stage.memory.sent
            if "pass this" in mail.text or "page of your answer" in mail.text
        ]
        found = re.findall(r"/a/[\w-]{32}", mails[-1].text)
        return str(found[0])

    def card_token(self) -> str:
        """The token of the card in the newest mail to a hero."""
        found = [re.search(r"/card/([\w-]{32})", mail.html) for mail in self.stage.memory.sent]
        return next(one[1] for one in reversed(found) if one is not None)

    def send_day(self, number: int) -> list[str]:
        """The text of each letter of that day, in one order of addresses."""
        before = len(self.stage.memory.sent)
        self.stage.send(DAY_1 + timedelta(days=number - 1))
        mails = sorted(self.stage.memory.sent[before:], key=lambda mail: mail.to.email)
        return [mail.text for mail in mails]


def seal_of(html: str) -> dict[str, str]:
    """The form token of a page."""
    found = re.search(r'name="seal" value="([^"]+)"', html)
    assert found is not None
    return {"seal": found[1]}
