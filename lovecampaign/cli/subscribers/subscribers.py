"""Who hears from us? The verb ``subscribers``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import click

from lovecampaign.audience.address import suggest_address
from lovecampaign.audience.cells import clean, collapse_spaces, split_tags
from lovecampaign.audience.columns import field_name
from lovecampaign.audience.decisions import Subscribe
from lovecampaign.audience.subscriber import Consent, SuppressionReason
from lovecampaign.cli.framework.confirm import require_retyped
from lovecampaign.cli.framework.invocation import Invocation, verb, verb_group
from lovecampaign.cli.framework.options import read_instant, read_name
from lovecampaign.cli.output.result import Result
from lovecampaign.cli.resources.lists import doubt_list, only_audience
from lovecampaign.cli.resources.new_file import read_new_file_or_screen, read_path
from lovecampaign.cli.resources.open import opened_database
from lovecampaign.cli.resources.timeline import read_address
from lovecampaign.cli.subscribers.forget_words import ask_to_forget, is_gone, say_forgotten
from lovecampaign.cli.subscribers.import_report import (
    command_after_import,
    format_import,
    import_json,
)
from lovecampaign.cli.subscribers.person import format_person, person_json
from lovecampaign.core.clock import format_instant
from lovecampaign.core.errors import ExitCode, UsageError
from lovecampaign.core.problems import Problem, has_errors
from lovecampaign.core.zones import is_known_zone
from lovecampaign.store.imports.apply import Enrolment, add_subscriber
from lovecampaign.store.imports.importer import import_subscribers
from lovecampaign.store.subscribers.erasure import forget as forget_person
from lovecampaign.store.subscribers.records import show_subscriber
from lovecampaign.store.subscribers.suppressions import EVERY_LIST, Suppression
from lovecampaign.store.subscribers.suppressions import suppress as note_suppression
from lovecampaign.store.subscribers.suppressions import unsubscribe as note_unsubscribe
from lovecampaign.store.tables.imports import RowVerdict

_BY_HAND = "typed by the operator"
_PROTECTED = "left, bounced, complained or was forgotten before, and stays left alone"
_list_option = click.option(
    "--list", "list_name", type=read_name, metavar="LIST", help="Default: the campaign's audience."
)
_tag_option = click.option(
    "--tag",
    "tags",
    type=read_name,
    multiple=True,
    metavar="TAG",
    help="For everybody; may be repeated.",
)


@verb_group("subscribers")
def subscribers() -> None:
    """Bring people in, look at them, let them go."""


@verb("import", subscribers)
@click.argument("file", type=read_path, metavar="FILE")
@_list_option
@_tag_option
@click.option("--apply", is_flag=True, help="Do it; without this it is a dry run.")
def import_file(
    invocation: Invocation,
    file: Path,
    list_name: str | None,
    tags: tuple[str, ...],
    *,
    apply: bool,
) -> Result:
    """Read people from a CSV file into a list; a dry run until --apply.

    Exports of Kit, Mailchimp and listmonk are taken as they are. Nobody who left, bounced or
    complained is revived, here or in the file. All rows are taken in one step, or none.
    """
    enrolment = Enrolment(
        list_name=list_name or only_audience(invocation), now=invocation.now, tags=tags
    )
    doubts = list(doubt_list(invocation, list_name)) if list_name else []
    with opened_database(invocation) as database:
        report = import_subscribers(database, file, enrolment, apply=apply)
    return Result(
        data=import_json(report),
        text=format_import(report, enrolment.list_name),
        problems=[*doubts, *report.problems],
        exit_code=ExitCode.PROBLEMS if has_errors(report.problems) else ExitCode.DONE,
        next_command=command_after_import(report, file, enrolment),
    )


@verb("add", subscribers)
@click.argument("email")
@_list_option
@_tag_option
@click.option("--first-name", default="", metavar="NAME", help="As letters greet them.")
@click.option("--last-name", default="", metavar="NAME", help="Their family name.")
@click.option("--timezone", default="", metavar="ZONE", help="IANA name, such as Europe/Paris.")
@click.option("--field", "fields", multiple=True, metavar="NAME=VALUE", help="May be repeated.")
@click.option("--consent-at", type=read_instant, metavar="INSTANT", help="When they agreed.")
@click.option("--consent-source", default="", metavar="TEXT", help="Where they agreed.")
def add(  # noqa: PLR0913 - one parameter for each option of the command
    invocation: Invocation,
    email: str,
    *,
    list_name: str | None,
    tags: tuple[str, ...],
    first_name: str,
    last_name: str,
    timezone: str,
    fields: tuple[str, ...],
    consent_at: datetime | None,
    consent_source: str,
) -> Result:
    """Add one person, or complete what is known of them.

    Nobody who left, bounced or complained is revived.
    """
    person = Subscribe(
        key=read_address(email),
        email=email.strip(),
        first_name=collapse_spaces(first_name),
        last_name=collapse_spaces(last_name),
        timezone=_read_zone(timezone),
        tags=tuple(tag for text in tags for tag in split_tags(text)),
        fields=dict(_read_field(pair) for pair in fields),
        consent=_read_consent(consent_at, consent_source, invocation.now),
    )
    enrolment = Enrolment(
        list_name=list_name or only_audience(invocation), now=invocation.now, source=_BY_HAND
    )
    with opened_database(invocation) as database:
        verdict = add_subscriber(database, person, enrolment)
    doubts = list(doubt_list(invocation, list_name)) if list_name else []
    return _added(person, verdict, enrolment.list_name, doubts)


@verb("show", subscribers)
@click.argument("email")
def show(invocation: Invocation, email: str) -> Result:
    """Show all that is known of one person."""
    with opened_database(invocation) as database:
        person = show_subscriber(database, read_address(email))
    if person.is_unknown:
        raise UsageError(f"{email} is unknown here", hint=_suggestion(email))
    return Result(
        data=person_json(email, person),
        text=format_person(email, person),
        next_command=f"lovecampaign explain {email}" if person.profile else "lovecampaign status",
    )


@verb("export", subscribers)
@click.argument("file", type=read_new_file_or_screen, metavar="[FILE]", required=False)
def export(invocation: Invocation, file: Path | None) -> Result:
    """Print everybody as CSV, or write them to FILE.

    An import takes the file back unchanged. Who was forgotten is not in it.
    """
    from lovecampaign.cli.subscribers.export import export_to_file, export_to_screen

    with opened_database(invocation) as database:
        if file is None:
            return export_to_screen(database, invocation.output)
        return export_to_file(database, file)


@verb("unsubscribe", subscribers)
@click.argument("email")
@click.option(
    "--list", "lists", type=read_name, multiple=True, metavar="LIST", help="Default: every list."
)
def unsubscribe(invocation: Invocation, email: str, lists: tuple[str, ...]) -> Result:
    """Take somebody off every list, or off those named."""
    key = read_address(email)
    doubts = [doubt for name in lists for doubt in doubt_list(invocation, name)]
    with opened_database(invocation) as database:
        is_new = note_unsubscribe(
            database, key, invocation.now, lists=lists or (EVERY_LIST,), source=_BY_HAND
        )
    where = ", ".join(lists) or "every list"
    return _left(email, f"is off {where}", doubts, is_new=is_new)


@verb("suppress", subscribers)
@click.argument("email")
@click.option("--why", default=_BY_HAND, metavar="TEXT", help="Noted beside it.")
def suppress(invocation: Invocation, email: str, why: str) -> Result:
    """Send nothing more to an address, whoever it is."""
    key = read_address(email)
    wanted = Suppression(reason=SuppressionReason.MANUAL, source=why)
    with opened_database(invocation) as database:
        is_new = note_suppression(database, key, wanted, invocation.now)
    return _left(email, "gets nothing more", [], is_new=is_new)


@verb("forget", subscribers)
@click.argument("email")
@click.option("--yes", is_flag=True, help="Do not ask to retype the address.")
def forget(invocation: Invocation, email: str, *, yes: bool) -> Result:
    """Erase a person for good, so that not even an import brings them back.

    What is left is a keyed hash of the address, and counts. At a terminal it asks before.
    """
    key = read_address(email)
    with opened_database(invocation) as database:
        was = show_subscriber(database, key)
        if invocation.may_ask and not (yes or is_gone(was)):
            require_retyped(invocation, email, ask_to_forget(email, was))
        has_changed = forget_person(database, key, invocation.now)
    return Result(
        data={"forgotten": has_changed, "known": not was.is_unknown},
        text=say_forgotten(email, was),
        next_command="lovecampaign status",
    )


def _read_zone(text: str) -> str:
    if text and not is_known_zone(text):
        raise UsageError(f"{text} is no time zone", hint="write it like Europe/Paris")
    return text


def _read_field(pair: str) -> tuple[str, str]:
    """The name as an import makes it of a heading, so that an export comes back as it was."""
    written, equals, value = pair.partition("=")
    name = field_name(written)
    if not equals or not name:
        raise UsageError(f"--field {pair} is not NAME=VALUE", hint="write it like city=Paris")
    return name, clean(value)


def _read_consent(given_at: datetime | None, source: str, now: datetime) -> Consent | None:
    if given_at is not None and given_at > now:
        raise UsageError(
            f"--consent-at {format_instant(given_at)} is still to come",
            hint="say when they agreed; without it, leave --consent-at out",
        )
    return Consent(given_at=given_at, source=clean(source)) if given_at else None


def _suggestion(email: str) -> str | None:
    meant = suggest_address(read_address(email))
    return f"did you mean {meant}?" if meant else f"type: lovecampaign subscribers add {email}"


def _added(
    person: Subscribe, verdict: RowVerdict, list_name: str, doubts: Sequence[Problem]
) -> Result:
    words = {
        RowVerdict.NEW: f"joined {list_name}",
        RowVerdict.UPDATED: f"is on {list_name}, with what is new",
        RowVerdict.UNCHANGED: f"is on {list_name} already",
        RowVerdict.PROTECTED: _PROTECTED,
    }
    is_left_alone = verdict is RowVerdict.PROTECTED
    following = "subscribers show" if is_left_alone else "plan --for"
    return Result(
        data={"email": person.email, "list": list_name, "verdict": verdict.value},
        text=f"{person.email} {words.get(verdict, verdict.value)}.",
        problems=doubts,
        told=[_say_protected(person.email)] if is_left_alone else [],
        exit_code=ExitCode.PROBLEMS if is_left_alone else ExitCode.DONE,
        next_command=f"lovecampaign {following} {person.email}",
    )


def _say_protected(email: str) -> Problem:
    return Problem(
        code=RowVerdict.PROTECTED.value,
        message=f"{email} {_PROTECTED}",
        hint=f"to see when and how, type: lovecampaign subscribers show {email}",
    )


def _left(email: str, words: str, doubts: Sequence[Problem], *, is_new: bool) -> Result:
    return Result(
        data={"email": email, "changed": is_new},
        text=f"{email} {words}{'' if is_new else ' already'}.",
        problems=doubts,
        next_command=f"lovecampaign subscribers show {email}",
    )
