"""Recognition of the columns of a subscribers' file by their headings."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from lovecampaign.audience.status import ImportStatus, status_from_file_name


class Column(StrEnum):
    """The columns with a meaning (INTERFACE.md, "Subscribers' files"); others become fields."""

    EMAIL = "email"
    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    FULL_NAME = "name"  #: split into first and last name in files without first_name
    TIMEZONE = "timezone"
    TAGS = "tags"
    CONSENT_AT = "consent_at"
    CONFIRMED_AT = "confirmed_at"  #: of the consent: the second step of a double opt-in
    CONSENT_SOURCE = "consent_source"
    CONSENT_KIND = "consent_kind"
    CONSENT_EXPIRES = "consent_expires"
    LAST_ACTIVE_AT = "last_active_at"
    STATUS = "status"
    UNSUBSCRIBED_AT = "unsubscribed_at"  #: filled in: unsubscribed
    BOUNCED_AT = "bounced_at"  #: filled in: the address bounces
    COMPLAINED_AT = "complained_at"
    UNSUBSCRIBE_REASON = "unsubscribe_reason"
    ATTRIBUTES = "attributes"  #: listmonk: a JSON object; each key becomes a field


#: The columns of our export, in order; the fields follow.
EXPORTED = (
    Column.EMAIL,
    Column.FIRST_NAME,
    Column.LAST_NAME,
    Column.TIMEZONE,
    Column.TAGS,
    Column.CONSENT_AT,
    Column.CONFIRMED_AT,
    Column.CONSENT_SOURCE,
    Column.CONSENT_KIND,
    Column.CONSENT_EXPIRES,
    Column.LAST_ACTIVE_AT,
    Column.STATUS,
)


class ExportTool(StrEnum):
    """The tool that exported a file; the value is its display name."""

    OURS = "lovecampaign"  #: every other column is a field of exactly that name
    MAILCHIMP = "Mailchimp"
    KIT = "Kit"
    LISTMONK = "listmonk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """One heading and its recognised meaning, shown by the import."""

    heading: str
    #: A Column's value, or ``fields.NAME``.
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The recognised columns of a file; positions count from 0."""

    positions: Mapping[Column, int]
    #: All status columns; the worst status counts.
    status: tuple[int, ...]
    #: Position → name under ``fields``.
    fields: Mapping[int, str]
    tool: ExportTool | None
    #: The status of all rows, where the file name states it (Mailchimp).
    file_status: ImportStatus | None
    headings: tuple[Heading, ...]
    #: Headings with the meaning of an earlier one, which became fields.
    duplicates: tuple[str, ...]

    @property
    def count(self) -> int:
        return len(self.headings)

    def find(self, column: Column) -> int | None:
        return self.positions.get(column)


#: Headings in the form of ``field_name``. Sources: the exports of Mailchimp, Kit and listmonk
#: (its cmd/subscribers.go), and small businesses' spreadsheets.
_HEADINGS = {
    Column.EMAIL: "email e_mail mail email_address e_mail_address emailaddress subscriber_email "
    "contact_email adresse_email adresse_e_mail courriel e_mail_adresse correo correo_electronico",
    Column.FIRST_NAME: "first_name firstname fname given_name forename vorname prenom nombre",
    Column.LAST_NAME: "last_name lastname lname surname family_name nachname nom nom_de_famille "
    "apellido apellidos",
    Column.FULL_NAME: "name full_name fullname contact_name",
    Column.TIMEZONE: "timezone time_zone tz zeitzone",
    Column.TAGS: "tags tag labels",
    Column.CONSENT_AT: "consent_at consent_date consented_at consent_time opted_in_at optin_time "
    "opt_in_time optin_date opt_in_date subscribed_at subscribed_on subscription_date "
    "date_subscribed signup_date sign_up_date signed_up_at",
    Column.CONFIRMED_AT: "confirm_time confirmed_at",
    Column.CONSENT_SOURCE: "consent_source optin_source opt_in_source",
    Column.CONSENT_KIND: "consent_kind consent_type",
    Column.CONSENT_EXPIRES: "consent_expires consent_expires_at consent_expiry",
    Column.LAST_ACTIVE_AT: "last_active_at last_active last_activity last_engaged last_opened_at",
    Column.STATUS: "status state subscription_status subscriber_status email_status "
    "subscriber_state email_marketing_status email_subscription_status marketing_status statut",
    Column.UNSUBSCRIBED_AT: "unsub_time unsubscribed_at unsubscribed_on unsubscribe_date "
    "cancelled_at canceled_at opted_out_at opt_out_date",
    Column.BOUNCED_AT: "clean_time bounced_at bounce_date",
    Column.COMPLAINED_AT: "complained_at complaint_date",
    Column.UNSUBSCRIBE_REASON: "unsub_reason unsubscribe_reason",
}
_KNOWN = {heading: column for column, known in _HEADINGS.items() for heading in known.split()}

#: In a file with one of these, ``state`` is a part of a postal address, not a status.
_POSTAL_WORDS = "city town zip zip_code postcode postal_code country street address address_1"
_POSTAL = frozenset([*_POSTAL_WORDS.split(), "street_address"])
_NO_WORD = re.compile(r"\W+")


def read_columns(headings: Sequence[str], file_name: str = "") -> Columns:
    """Recognise the headings; the caller checks that there is a ``Column.EMAIL``."""
    slugs = [field_name(heading) for heading in headings]
    tool = _recognise_tool(frozenset(slugs))
    meanings = _meanings(slugs, tool)
    positions = _first_positions(meanings)
    status = [at for at, column in enumerate(meanings) if column is Column.STATUS]
    taken = {*positions.values(), *status}
    rest = {at: slug for at, slug in enumerate(slugs) if slug and at not in taken}
    fields = _name_fields(rest)
    shown = {at: f"fields.{name}" for at, name in fields.items()}
    shown |= {at: column.value for at, column in enumerate(meanings) if column and at in taken}
    return Columns(
        positions=positions,
        status=tuple(status),
        fields=fields,
        tool=tool,
        file_status=status_from_file_name(file_name) if tool is ExportTool.MAILCHIMP else None,
        headings=tuple(
            Heading(heading=heading.strip(), meaning=shown.get(at, ""))
            for at, heading in enumerate(headings)
        ),
        duplicates=tuple(headings[at].strip() for at in rest if meanings[at] is not None),
    )


def field_name(heading: str) -> str:
    """A heading as a name for templates: ``Favourite plant`` → ``favourite_plant``."""
    plain = unicodedata.normalize("NFKD", heading.casefold())
    without_accents = "".join(sign for sign in plain if not unicodedata.combining(sign))
    name = _NO_WORD.sub("_", unicodedata.normalize("NFKC", without_accents)).strip("_")
    return f"field_{name}" if name[:1].isdigit() else name


def _recognise_tool(slugs: frozenset[str]) -> ExportTool | None:
    if slugs.issuperset(EXPORTED):  # first: a field may have the name of another tool's column
        return ExportTool.OURS
    if slugs & {"member_rating", "leid", "euid"}:
        return ExportTool.MAILCHIMP
    if {"uuid", "attributes", "status"} <= slugs:
        return ExportTool.LISTMONK
    if {"email", "email_address"} & slugs and {"status", "state"} & slugs and "created_at" in slugs:
        return ExportTool.KIT
    return None


def _meanings(slugs: Sequence[str], tool: ExportTool | None) -> list[Column | None]:
    if tool is ExportTool.OURS:
        return [_exported_column(at, slugs) for at in range(len(slugs))]
    seen = frozenset(slugs)
    meanings = [_meaning(slug, tool, seen) for slug in slugs]
    if Column.FIRST_NAME in meanings:  # a full name is split only without a first name
        return [None if column is Column.FULL_NAME else column for column in meanings]
    return meanings


def _exported_column(at: int, slugs: Sequence[str]) -> Column | None:
    is_first = slugs.index(slugs[at]) == at  # a field may have the name of a column
    return Column(slugs[at]) if is_first and slugs[at] in set(EXPORTED) else None


def _meaning(slug: str, tool: ExportTool | None, seen: frozenset[str]) -> Column | None:
    if slug == "state" and seen & _POSTAL:
        return None
    if slug == "created_at" and tool is ExportTool.KIT and "consent_at" not in seen:
        return Column.CONSENT_AT  # Kit: the time of subscribing
    if slug == "attributes" and tool is ExportTool.LISTMONK:
        return Column.ATTRIBUTES
    return _KNOWN.get(slug)


def _first_positions(meanings: Sequence[Column | None]) -> dict[Column, int]:
    positions: dict[Column, int] = {}
    for at, column in enumerate(meanings):
        if column is not None and column is not Column.STATUS:
            positions.setdefault(column, at)
    return positions


def _name_fields(slugs: Mapping[int, str]) -> dict[int, str]:
    """Unique field names: the second ``name`` becomes ``name_2``."""
    names: dict[str, int] = {}
    last: dict[str, int] = {}
    for at, slug in slugs.items():
        name, number = slug, last.get(slug, 1)
        while name in names:
            number += 1
            name = f"{slug}_{number}"
        names[name], last[slug] = at, number
    return {at: name for name, at in names.items()}
