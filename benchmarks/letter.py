"""The email of the benchmarks: 64 KB with 34 holes, for subscribers who all differ."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from lovecampaign.audience.subscriber import Subscriber
from lovecampaign.campaign.files.load import load_campaign
from lovecampaign.core.tokens import Purpose, RowKey, TokenSigner
from lovecampaign.delivery.base.recipient_builder import RecipientBuilder
from lovecampaign.render.model.content import read_content
from lovecampaign.render.model.heroes import Hero, Heroes
from lovecampaign.render.model.recipient import Giving, Recipient
from lovecampaign.render.renderer import EmailRenderer
from lovecampaign.testing.campaigns import write_campaign

KEY = "day-01"
TAGS = ("tools", "seeds", "soil")
PUBLIC_URL = "https://bloom.example"
MEDIA_URL = f"{PUBLIC_URL}/i"
COPY = """\
---
subject: "{{ first_name | default('Friend', true) }}, the soil test you can drink"
preheader: "Two minutes for {{ fields.plant }}, and one glass of water."
kind: value
---
Hi {{ first_name | default("friend", true) }},

This is for {{ fields.plant }} in {{ fields.city }}, and {{ first_name | default("friend", true) }},
it takes two minutes.
{% if fields.plan == "garden" %}You have a garden.{% else %}A balcony is enough.{% endif %}

{% for tag in subscriber.tags %}
- because you said {{ tag }}
{% endfor %}

[Read about {{ fields.plant }}](https://bloom.example/soil?c={{ fields.city | urlencode }}).

[[button: Test my soil in {{ fields.city }} | {{ links.web_view }}]]
"""
#: Below it: what the claim adds to an email.
PERSONAL = """
{% for hero in heroes[:2] %}
> {{ hero.text }}
>
> {{ hero.name }}
{% endfor %}

You have had {{ gifts.count }} gifts.

{{ note }}
"""
_STORIES = tuple(
    Hero(name=f"Mai {number}", text=text, paragraphs=(text,), question="Which one?", day=KEY)
    for number, text in enumerate(["A fig from 1987, by train & in a hat box."] * 5)
)
_SECTION = """
<mj-section padding="20px 36px" background-color="#fffdfa"><mj-column width="50%">
<mj-text mj-class="copy"><p>Number {number}: put some soil into a glass of water.</p></mj-text>
<mj-image src="https://bloom.example/i/{number}.png" alt="A glass" width="200px" />
</mj-column><mj-column width="50%">
<mj-text mj-class="copy"><p>Wait until it has settled. Sand lies below, then silt.</p></mj-text>
<mj-button mj-class="button" href="https://bloom.example/soil/{number}">Read more</mj-button>
</mj-column></mj-section>"""
_FOOTER = """
<mj-section><mj-column><mj-text>
<p>Written for {{ subscriber.email }}.</p>
<p><a href="{{ links.unsubscribe }}">Leave</a>, <a href="{{ links.preferences }}">hear less</a>,
<a href="{{ links.web_view }}">read it in your browser</a> or <a href="{{ links.insiders }}">hear
first what {{ fields.city }} gets</a>.</p><p>{{ sender.postal_address }}</p>
</mj-text></mj-column></mj-section>"""
_SECTIONS = 15
TEMPLATE = (
    "<mjml><mj-head><mj-title>{{ subject }}</mj-title><mj-preview>{{ preheader }}</mj-preview>"
    "</mj-head><mj-body><mj-section><mj-column>{{ content }}</mj-column></mj-section>"
    + "".join(_SECTION.replace("{number}", str(number)) for number in range(_SECTIONS))
    + f"{_FOOTER}</mj-body></mjml>"
)


#: So that no two rows have nonces alike.
_NONCE_STEP = 0x9E3779B97F4A7C15


def make_renderer(workspace: Path, copy: str = COPY) -> tuple[EmailRenderer, RecipientBuilder]:
    """A renderer of the email in a new workspace, and the addressing of its recipients."""
    folder = write_campaign(
        workspace,
        days=1,
        start=date(2027, 2, 1),
        files={"days/01-day-1.md": copy},
        templates={"letter": TEMPLATE},
    )
    campaign = load_campaign(folder, workspace).campaign
    if campaign is None:
        raise ValueError("the benchmark's campaign cannot be read")
    email = next(one for one in campaign.emails if one.key == KEY)
    renderer = EmailRenderer(campaign, email, read_content(campaign, email), media_url=MEDIA_URL)
    signer = TokenSigner(["a secret of the benchmark"])
    return renderer, RecipientBuilder(
        campaign=campaign, email=email, signer=signer, public_url=PUBLIC_URL, founders_until=None
    )


def make_recipients(addressing: RecipientBuilder, count: int) -> Iterator[Recipient]:
    """Recipients with names, cities and plants so varied that no two are alike."""
    now = datetime(2027, 2, 1, 8, tzinfo=UTC)
    for number in itertools.islice(itertools.count(1), count):
        tokens = addressing.tokens(RowKey(number, number * _NONCE_STEP % 2**63))
        yield Recipient(
            subscriber=Subscriber(
                id=number,
                email=address_of(number),
                tags=frozenset(TAGS[: number % 3]),
                **personal_data(number),
            ),
            zone="Europe/Paris",
            delivery_id=tokens.token(Purpose.DELIVERY),
            first_claimed_at=now,
            links=addressing.links_of(tokens),
        )


def add_personal(recipients: Iterator[Recipient], claim_size: int) -> Iterator[Recipient]:
    """The recipients with what :data:`PERSONAL` prints: a claim reads its stories anew."""
    for number, recipient in enumerate(recipients):
        if number % claim_size == 0:
            heroes = Heroes(_STORIES)
        note = f"P.S. Your fig no. {number} made our week. — Ana" if number % 10 == 0 else ""
        giving = Giving(gifts=number % 27, asks=number % 3)
        yield recipient._replace(heroes=heroes, note=note, giving=giving)


def address_of(number: int) -> str:
    return f"reader{number}@post{number % 97}.example"


def personal_data(number: int) -> dict[str, Any]:
    """Names and fields of the subscriber of that number."""
    return {
        "first_name": f"Ana{number % 3001}" if number % 11 else "",
        "last_name": f"{'Müller' if number % 7 == 0 else 'Miller'}{number % 20011}",
        "fields": {
            "city": f"Saint-Étienne-{number % 499}",
            "plant": f"tomato no. {number % 31}",
            "plan": "garden" if number % 3 else "balcony",
        },
    }


def as_row(recipient: Recipient) -> dict[str, Any]:
    """A recipient as a script would have it: a row of a file, with links."""
    person, links = recipient.subscriber, recipient.links
    return {
        "subscriber": {
            "email": person.email,
            "first_name": person.first_name,
            "fields": person.fields,
            "tags": sorted(person.tags),
        },
        "links": {
            "unsubscribe": links.unsubscribe,
            "preferences": links.preferences,
            "web_view": links.web_view,
            "insiders": links.insiders,
        },
    }


def jinja_sources(renderer: EmailRenderer, addressing: RecipientBuilder) -> tuple[str, str, str]:
    """HTML, text and subject of the same email as plain Jinja templates, for the peers.

    Made from a rendered message: its values are replaced by the expressions that printed them.
    """
    [person] = make_recipients(addressing, 1)
    marked = person._replace(
        subscriber=person.subscriber._replace(
            email="marked@marked.example",
            first_name="MarkedName",
            fields={"city": "MarkedCity", "plant": "MarkedPlant", "plan": "garden"},
            tags=frozenset({"MarkedTag"}),
        )
    )
    message = renderer.render(marked)
    expressions = {
        marked.subscriber.email: "{{ subscriber.email }}",
        "MarkedName": '{{ subscriber.first_name | default("friend", true) }}',
        "MarkedCity": "{{ subscriber.fields.city }}",
        "MarkedPlant": "{{ subscriber.fields.plant }}",
        "You have a garden.": '{% if subscriber.fields.plan == "garden" %}You have a garden.'
        "{% else %}A balcony is enough.{% endif %}",
        "<li>because you said MarkedTag</li>": "{% for tag in subscriber.tags %}"
        "<li>because you said {{ tag }}</li>{% endfor %}",
        "- because you said MarkedTag\n": "{% for tag in subscriber.tags %}"
        "- because you said {{ tag }}\n{% endfor %}",
        marked.links.unsubscribe: "{{ links.unsubscribe }}",
        marked.links.insiders: "{{ links.insiders }}",
        marked.links.preferences: "{{ links.preferences }}",
        marked.links.web_view: "{{ links.web_view }}",
    }
    html, text, subject = message.html, message.text, message.subject
    for value, expression in expressions.items():
        html, text, subject = (one.replace(value, expression) for one in (html, text, subject))
    return html, text, subject
