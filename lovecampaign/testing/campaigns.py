"""Writes a small complete workspace for tests, with any part changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TypedDict, Unpack

import yaml

from lovecampaign.campaign.model.campaign import DEFAULT_DAYS

#: In C where PyYAML was built with it: tests write thousands of campaigns.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
LAUNCH_EMAILS = ("early-access", "launch", "last-call", "thanks")
_THINGS = (
    *("a small thing", "a seed", "a list", "a test", "a map", "a story", "a recipe"),
    *("a note", "a name", "a photo", "a walk", "a letter", "a door", "a thank-you"),
)
_INVITATION = "Reply and tell us how it went. [Hear a day early]({{ links.insiders }})\n\n"
KINDS = ("value", "story", "tool", "thanks", "guest")


class CampaignOptions(TypedDict, total=False):
    """The options of a test's campaign, all optional."""

    name: str  #: the folder under ``campaigns/``; default ``test-month``
    start: date  #: day 1; default 2027-02-01, a Monday
    timezone: str  #: default Europe/Paris
    clock: str  #: ``subscriber`` (default) or ``campaign``
    late_joiners: str  #: default ``from-today``
    quiet_hours: str | None  #: ``21:00-07:00``; default none
    max_per_second: float | str  #: default 50
    days: int  #: how many days have an email, from day 1; the others are in ``skip``
    length: int  #: giving days (``days.length``), with launch times counted from the launch
    settings: Mapping[str, Any]  #: merged into campaign.yaml, deeply; None takes a key away
    files: Mapping[str, str | bytes | None]  #: of the campaign's folder; None leaves one out
    templates: Mapping[str, str | None]  #: of templates/email, by name (``letter``); or None


def write_campaign(workspace: Path, **options: Unpack[CampaignOptions]) -> Path:
    """Write a workspace with a campaign that passes every check; returns the campaign's folder."""
    folder = workspace / "campaigns" / options.get("name", "test-month")
    days = options.get("days", options.get("length", DEFAULT_DAYS))
    start = options.get("start", date(2027, 2, 1))
    settings = merge(_settings(start, days, options), options.get("settings", {}))
    _write_all(folder, {"campaign.yaml": dump_yaml(settings)})
    _write_all(folder, {**_day_files(start, days), **_launch_files(), **options.get("files", {})})
    _write_all(workspace / "templates" / "email", _template_files(options.get("templates", {})))
    return folder


def merge(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Deep merge of ``changes`` into ``base``; None removes a key."""
    merged = dict(base)
    for key, value in changes.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(merged.get(key), Mapping):
            merged[key] = merge(merged[key], value)
        else:
            merged[key] = value
    return merged


def dump_yaml(settings: Mapping[str, Any]) -> str:
    """YAML text; keeps the order of keys."""
    return yaml.dump(dict(settings), Dumper=_Dumper, sort_keys=False, allow_unicode=True)


def day_file(
    number: int,
    subject: str | None = None,
    body: str | None = None,
    *,
    approved: date = date(2027, 1, 20),
) -> str:
    """A short finished day file; every fifth is a guest's."""
    thing = _THINGS[(number - 1) // 2 % len(_THINGS)]  # at most two days share one
    subject = subject or f"Day {number}: {thing} for you"
    # One email asks for a reply and links to the advance list.
    invitation = _INVITATION if number == 13 else ""
    body = body or (
        'Hi {{ first_name | default("friend", true) }},\n\n'
        f"This is the gift of day {number}.\n\n"
        f"{invitation}"
        f"[[button: Open it | https://bloom.example/day-{number}]]\n"
    )
    kind = KINDS[number % len(KINDS)]
    guest = f"guest: {{name: Mai Tran, role: Soil scientist, approved: {approved}}}\n"
    front = f'subject: "{subject}"\npreheader: Two minutes for day {number}.\nkind: {kind}\n'
    return f"---\n{front}{guest if kind == 'guest' else ''}---\n{body}"


def launch_file(key: str) -> str:
    """A short finished copy file of a launch email."""
    offer, link = "It is here for {{ offer.price }}.", "offer.link"
    if key not in ("launch", "thanks"):  # a test may send them to others than insiders
        deal = "It is here for {{ deal.price }} until {{ deal.closes }}."
        offer = f"{{% if deal %}}{deal}{{% else %}}{offer}{{% endif %}}"
        link = "deal.link if deal else offer.link"
    return (
        f'---\nsubject: "Bloom for life: {key}"\npreheader: The doors are open for {key}.\n---\n'
        'Hi {{ first_name | default("friend", true) }},\n\n'
        f"{offer}\n\n"
        f"[[button: Have a look | {{{{ {link} }}}}]]\n"
    )


def invitation_file() -> str:
    """A short finished invitation."""
    return (
        '---\nsubject: "A month of small things, if you like"\n'
        "preheader: One press for every day, none for the launch only.\n---\n"
        'Hi {{ first_name | default("friend", true) }},\n\n'
        "From day 1 on there is one small thing each day. Reply if you have a question.\n\n"
        "[[button: Yes, every day | {{ links.every_day }}]]\n"
    )


def _settings(start: date, days: int, options: CampaignOptions) -> dict[str, Any]:
    settings: dict[str, Any] = yaml.load(_SETTINGS, Loader=_Loader)  # noqa: S506 - both are safe
    settings |= {
        "id": f"{options.get('name', 'test-month')}-{start:%Y-%m}",
        "timezone": options.get("timezone", "Europe/Paris"),
        "start": start.isoformat(),
        "late_joiners": options.get("late_joiners", "from-today"),
        "skip": list(range(days + 1, options.get("length", DEFAULT_DAYS) + 1)),
    }
    settings["sending"] |= {
        "clock": options.get("clock", "subscriber"),
        "max_per_second": options.get("max_per_second", 50),
    }
    if quiet_hours := options.get("quiet_hours"):
        settings["sending"]["quiet_hours"] = quiet_hours
    if settings["late_joiners"] == "catch-up":
        settings["catch_up"] = {"must_have": list(range(1, days + 1, 2))[:3]}
    if "length" in options:
        settings["days"] = {"length": options["length"]}
        del settings["launch"]["day"]
        _count_from_launch(settings)
    for key, email in settings["launch"]["emails"].items():
        email |= {"copy": f"launch/{key}.md", "template": "launch"}
    settings["deals"]["insider"]["price_from"] = (start + timedelta(days=31)).isoformat()
    return settings


def _day_files(start: date, days: int) -> dict[str, str]:
    approved = start - timedelta(days=12)
    return {
        f"days/{number:02d}-day-{number}.md": day_file(number, approved=approved)
        for number in range(1, days + 1)
    }


def _launch_files() -> dict[str, str]:
    return {f"launch/{key}.md": launch_file(key) for key in LAUNCH_EMAILS}


def _template_files(changes: Mapping[str, str | None]) -> dict[str, str | None]:
    names: Sequence[str] = ("letter", "launch", "welcome", "confirm")
    plain: dict[str, str | None] = dict.fromkeys(names, PLAIN_TEMPLATE)
    plain["confirm"] = CONFIRM_TEMPLATE
    return {f"{name}.mjml.j2": text for name, text in {**plain, **changes}.items()}


def _write_all(folder: Path, files: Mapping[str, str | bytes | None]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            path.unlink(missing_ok=True)
        else:
            path.write_bytes(content.encode() if isinstance(content, str) else content)


_SETTINGS = """\
version: 1
id:
name: Test Month
language: en
timezone:
start:
brand: {color: "#7a3b2e"}
sender:
  name: Ana from Bloom
  email: ana@news.bloom.example
  reply_to: hello@bloom.example
  postal_address: Bloom SAS, 12 rue des Lilas, 75020 Paris, France
  website: https://bloom.example
  privacy_url: https://bloom.example/privacy
audience: {list: readers, without_tags: [staff]}
insiders: {list: insiders}
sending: {at: "09:00"}
late_joiners:
skip:
launch:
  day: 28
  at: "10:00"
  offer: {title: Bloom for life, price: 99 EUR, link: "https://bloom.example/buy"}
  deal: insider
  without_tags: [owner]
  emails:
    early-access: {at: "day 27 10:00", to: insiders}
    launch: {to: audience}
    last-call: {at: "day 31 10:00", to: [insiders, not-bought]}
    thanks: {at: "day 32 10:00", to: bought}
deals:
  insider:
    title: Bloom for life, at the insiders' price
    price: 59 EUR
    instead_of: 99 EUR
    price_from:
    link: https://bloom.example/buy?code={code}
    quantity: 500
    opens: day 27 10:00
    closes: day 31 23:59
"""


def _count_from_launch(settings: dict[str, Any]) -> None:
    """Replace the days of the launch's times: ``day 31 10:00`` is ``launch +3d 10:00``."""
    emails, deal = settings["launch"]["emails"], settings["deals"]["insider"]
    for group, key in (
        *((email, "at") for email in emails.values()),
        (deal, "opens"),
        (deal, "closes"),
    ):
        if written := group.get(key):
            _, day, clock = written.split()
            group[key] = f"launch {int(day) - 28:+}d {clock}"


_TEMPLATE = """\
<mjml lang="{{ campaign.language }}">
  <mj-head>
    <mj-title>{{ campaign.name }}</mj-title>
    <mj-attributes>
      <mj-all font-family="Georgia, serif" />
      <mj-text font-size="16px" line-height="24px" />
      <mj-button font-size="16px" />
    </mj-attributes>
  </mj-head>
  <mj-body>
    <mj-section>
      <mj-column>
        {{ content }}
BODY
</mjml>
"""

PLAIN_TEMPLATE = _TEMPLATE.replace(
    "BODY",
    """\
      </mj-column>
    </mj-section>
    <mj-section>
      <mj-column>
        <mj-text>
          {{ sender.name }}, {{ sender.postal_address }}.
          <a href="{{ links.unsubscribe }}">Leave with one click</a> or
          <a href="{{ links.preferences }}">choose what you get</a>.
        </mj-text>
      </mj-column>
    </mj-section>
  </mj-body>""",
)

CONFIRM_TEMPLATE = _TEMPLATE.replace(
    "BODY",
    """\
        <mj-text>{{ sender.name }}, {{ sender.postal_address }}.</mj-text>
      </mj-column>
    </mj-section>
  </mj-body>""",
)
