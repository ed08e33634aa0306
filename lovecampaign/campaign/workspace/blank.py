"""The files of a month without prose: subjects, kinds and guidance to write by."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date

from lovecampaign.campaign.model.campaign import Kind
from lovecampaign.campaign.workspace.guidance import (
    INVITE,
    PREHEADER,
    Guidance,
    kind_of,
    plan_letters,
    read_guidance,
)

#: Files of ``launch/``, with their letter and its kind.
_LAUNCH_FILES = (
    *((key, key, Kind.LAUNCH) for key in ("early-access", "launch", "last-call")),
    ("thanks", "buyers", Kind.THANKS),
)


def blank_files(language: str, days: int) -> dict[str, str]:
    """Names and texts of all copy files, relative to the campaign's folder."""
    guide = read_guidance(language)
    files = dict(
        blank_day(number, letter, guide) for number, letter in enumerate(plan_letters(days), 1)
    )
    for name, letter, kind in _LAUNCH_FILES:
        files[f"launch/{name}.md"] = _letter(letter, kind, guide)
    return files


def blank_day(
    number: int, letter: str, guide: Guidance, *, has_template: bool = True
) -> tuple[str, str]:
    """Name and text of a day's file; ``has_template``: the workspace has one for its kind."""
    name = _file_name(guide.letters[letter]["title"])
    return f"days/{number:02d}-{name}.md", _letter(
        letter, kind_of(letter), guide, has_template=has_template
    )


def blank_settings(
    language: str, *, key: str, name: str, start: date, days: int, timezone: str | None
) -> str:
    """The text of campaign.yaml."""
    guide = read_guidance(language)
    values: Mapping[str, object] = {
        **guide.settings,
        **{f"comment_{key}": text for key, text in guide.comments.items()},
        "id": key,
        "name": name,
        "language": language,
        "start": start,
        "days": days,
        "timezone": timezone or guide.timezone,
    }
    return _SETTINGS.format_map(values)


def _letter(letter: str, kind: Kind, guide: Guidance, *, has_template: bool = True) -> str:
    front = [f'subject: "{guide.subject(letter)}"', f'preheader: "{PREHEADER}"', f"kind: {kind}"]
    if (
        has_template and kind is not Kind.VALUE
    ):  # that one has the default template, others that of their kind
        front.append(f"template: {kind}")
    if kind is Kind.GUEST:
        front.append(f'guest: {{name: "{guide.settings["guest_name"]}"}}')
    lines = ["---", *front, "---", "{#", *(f"  {line}" for line in guide.lines(letter)), "#}"]
    if letter == INVITE:
        lines += ["", f"[[button: {guide.settings['insiders_button']} | {{{{ links.insiders }}}}]]"]
    return "\n".join(lines) + "\n"


def _file_name(title: str) -> str:
    """``Die letzte Frage`` is ``die-letzte-frage``, without accents."""
    plain = unicodedata.normalize("NFKD", title.replace("ß", "ss").replace("’", "-"))
    letters = "".join(one for one in plain if not unicodedata.combining(one))
    return re.sub(r"[^a-z0-9]+", "-", letters.lower()).strip("-")


_SETTINGS = """\
# {comment_files}
# {comment_commands}

version: 1
id: {id}  # {comment_id}
name: {name}
language: {language}
timezone: {timezone}
start: {start}  # {comment_start}
days: {days}  # {comment_days}

sender:
  name: "{sender_name}"
  email: hello@news.your-shop.example
  reply_to: hello@your-shop.example  # {comment_reply_to}
  postal_address: "{postal_address}"
  website: https://your-shop.example
  privacy_url: https://your-shop.example/privacy

audience:
  list: readers

insiders:
  list: insiders  # {comment_insiders}
  until: launch

sending:
  at: 09:00
  clock: subscriber  # {comment_at}
  unknown_timezone: {timezone}
  quiet_hours: 21:00-07:00

late_joiners: catch-up
# {comment_catch_up}
catch_up: {{must_have: [1], until: launch -1d 18:00}}

launch:
  at: 10:00
  # {comment_offer}
  offer: {{title: "{offer_title}", price: 49 EUR, link: https://your-shop.example/offer}}
  emails:
    early-access: {{at: launch -1d 10:00, to: insiders, copy: launch/early-access.md}}
    launch: {{to: audience, copy: launch/launch.md}}
    last-call: {{at: launch +2d 10:00, to: not-bought, copy: launch/last-call.md}}
    thanks: {{at: launch +3d 10:00, to: bought, copy: launch/thanks.md}}
"""
