"""A small campaign to render in tests: files in a folder, one email, one recipient."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from lovecampaign.audience.subscriber import Subscriber
from lovecampaign.campaign.model.campaign import (
    Audience,
    Brand,
    Campaign,
    Copy,
    Email,
    Guest,
    Insiders,
    Kind,
    LateJoiners,
    Launch,
    RecipientGroup,
    Role,
    Sender,
)
from lovecampaign.campaign.model.deal import Deal, Money, Offer, WhenGone
from lovecampaign.campaign.model.sending import Brake, ClockChoice, Sending
from lovecampaign.core.message import Message
from lovecampaign.core.problems import Problem
from lovecampaign.render.lint.render_check import find_problems
from lovecampaign.render.model.content import read_content
from lovecampaign.render.model.recipient import Links, Recipient
from lovecampaign.render.renderer import EmailRenderer

COPY_FILE = "campaigns/bloom/days/02-soil.md"
#: The copy's text starts there, under the front matter.
COPY_LINE = 5
MEDIA_URL = "https://media.example/i"
CLAIMED = datetime(2027, 2, 2, 8, 0, 1, tzinfo=UTC)
LINKS = Links(
    unsubscribe="https://bloom.example/u/TOKEN",
    preferences="https://bloom.example/p/TOKEN",
    web_view="https://bloom.example/v/TOKEN",
    join="https://bloom.example/join/readers",
    insiders="https://bloom.example/join/insiders",
    every_day="https://bloom.example/p/token?every-day=1",
    share="https://bloom.example/join/readers?from=share",
    deal="https://bloom.example/d/TOKEN",
    answer="https://bloom.example/a/TOKEN",
    month="https://bloom.example/c/TOKEN",
    help="https://bloom.example/h/TOKEN",
    gift="https://bloom.example/g/TOKEN",
    confirm="https://bloom.example/confirm/TOKEN",
)
FOOTER = """<mj-section><mj-column><mj-text>
<p><a href="{{ links.unsubscribe }}">Leave</a> or
<a href="{{ links.preferences }}">hear less</a>.</p>
<p>{{ sender.postal_address }}</p>
</mj-text></mj-column></mj-section>"""
#: Everything that campaign mail needs, around ``{{ content }}``.
LETTER = (
    "<mjml><mj-body><mj-section><mj-column>{{ content }}</mj-column></mj-section>"
    f"{FOOTER}</mj-body></mjml>"
)


def euros(amount: int) -> Money:
    return Money(amount=Decimal(amount), currency="EUR", text=f"{amount} EUR")


class Workbench:
    """A workspace on disk with one email, which each test writes anew."""

    def __init__(self, folder: Path) -> None:
        self.workspace = folder
        self.folder = folder / "campaigns" / "bloom"
        self.folder.mkdir(parents=True)
        (folder / "templates" / "email").mkdir(parents=True)
        self.write_template("letter", LETTER)

    def write_template(self, name: str, source: str) -> None:
        path = self.workspace / "templates" / "email" / f"{name}.mjml.j2"
        path.write_text(source, encoding="utf-8")

    def email(self, copy: str = "Hello.\n", **changes: Any) -> Email:
        settings: dict[str, Any] = {
            "key": "day-02",
            "role": Role.DAY,
            "kind": Kind.VALUE,
            "subject": "The soil test",
            "preheader": "Two minutes",
            "template": "letter",
            "copy": Copy(text=copy, file=COPY_FILE, first_line=COPY_LINE),
            "number": 2,
            "date": date(2027, 2, 2),
            "at": time(9),
        }
        return Email(**{**settings, **changes})

    def campaign(self, *emails: Email, **changes: Any) -> Campaign:
        settings: dict[str, Any] = {
            "id": "bloom-2027-02",
            "name": "Bloom",
            "slug": "bloom",
            "folder": self.folder,
            "workspace": self.workspace,
            "file": "campaigns/bloom/campaign.yaml",
            "language": "en",
            "timezone": "Europe/Paris",
            "start": date(2027, 2, 1),
            "brand": Brand(color="#a8324a"),
            "sender": Sender(
                name="Ana from Bloom",
                email="ana@news.bloom.example",
                reply_to="hello@bloom.example",
                postal_address="Bloom SAS, 12 rue des Lilas, Paris",
                unsubscribe_to="hello@bloom.example",
            ),
            "audience": Audience(list="readers"),
            "insiders": Insiders(list="insiders", until=datetime(2027, 2, 28, 9, tzinfo=UTC)),
            "sending": Sending(
                at=time(9),
                clock=ClockChoice.SUBSCRIBER,
                unknown_timezone="Europe/Paris",
                late_after=timedelta(hours=20),
                max_per_second=None,
                brake=Brake(
                    complaints=Fraction(1), hard_bounces=Fraction(1), unsubscribes=Fraction(1)
                ),
            ),
            "late_joiners": LateJoiners.FROM_TODAY,
            "launch": Launch(
                day=28,
                at=datetime(2027, 2, 28, 9, tzinfo=UTC),
                offer=Offer(title="Bloom", price=euros(99), link="https://bloom.example/buy"),
                deal="insider",
            ),
            "deals": {
                "insider": Deal(
                    key="insider",
                    title="Bloom for insiders",
                    price=euros(59),
                    instead_of=euros(99),
                    link="https://bloom.example/buy?code={code}",
                    opens=datetime(2027, 2, 27, 9, tzinfo=UTC),
                    closes=datetime(2027, 3, 3, 22, 59, tzinfo=UTC),
                    claim_for=timedelta(minutes=30),
                    when_gone=WhenGone.STOP,
                )
            },
            "emails": emails,
        }
        return Campaign(**{**settings, **changes})

    def renderer(self, email: Email, *others: Email, **changes: Any) -> EmailRenderer:
        campaign = self.campaign(email, *others, **changes)
        content = read_content(campaign, email)
        return EmailRenderer(campaign, email, content, media_url=MEDIA_URL)

    def render(self, copy: str, template: str | None = None, **person: Any) -> Message:
        """One message of a copy in a template (:data:`LETTER` if none is given)."""
        if template is not None:
            self.write_template("letter", template)
        return self.renderer(self.email(copy)).render(recipient(**person))

    def words(self, copy: str, **person: Any) -> str:
        """The text part, up to the footer."""
        return self.render(copy, **person).text.split("\n\n-- \n")[0]

    def problems(
        self, copy: str = "Hello.\n", template: str | None = None, **changes: Any
    ) -> list[Problem]:
        if template is not None:
            self.write_template("letter", template)
        email = self.email(copy, **changes)
        campaign = self.campaign(email)
        return find_problems(campaign, email, read_content(campaign, email))


def recipient(
    first_name: str = "Ana",
    fields: Mapping[str, str] | None = None,
    *,
    zone: str = "Europe/Paris",
    deal_code: str | None = None,
    digest: tuple[str, ...] = (),
    is_test: bool = False,
    **person: Any,
) -> Recipient:
    settings: dict[str, Any] = {"id": 7, "email": "ana@reader.example", **person}
    subscriber = Subscriber(first_name=first_name, fields=fields or {}, **settings)
    return Recipient(
        subscriber=subscriber,
        zone=zone,
        delivery_id="AAAAAAAB-delivery_1",
        first_claimed_at=CLAIMED,
        links=LINKS,
        deal_code=deal_code,
        digest=digest,
        is_test=is_test,
    )


def in_column(inside: str) -> str:
    """A whole template with something in its first column."""
    return (
        f"<mjml><mj-body><mj-section><mj-column>{inside}</mj-column></mj-section>"
        f"{FOOTER}</mj-body></mjml>"
    )


GUEST = Guest(name="Dr Mai Tran", role="Soil scientist", approved=date(2027, 1, 20))
INSIDERS_ONLY = frozenset({RecipientGroup.INSIDERS})
