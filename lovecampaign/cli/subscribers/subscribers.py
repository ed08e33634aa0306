"""The verb ``subscribers``: import, add, show, export, unsubscribe, suppress, forget."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from lovecampaign.audience.address import plain_address, suggest_address
from lovecampaign.audience.cells import collapse_spaces, split_tags
from lovecampaign.audience.decisions import Subscribe
from lovecampaign.audience.subscriber import SuppressionReason
from lovecampaign.cli.framework.invocation import Invocation, require_retyped, verb, verb_group
from lovecampaign.cli.framework.options import read_address, read_instant, read_name
from lovecampaign.cli.output.result import Result
from lovecampaign.cli.resources.file_arguments import read_new_file_or_stdout, read_path
from lovecampaign.cli.resources.lists import find_only_list, warn_unused_list
from lovecampaign.cli.resources.open import opened_database
from lovecampaign.cli.subscribers.add_options import (
    read_consent,
    read_field,
    read_language,
    read_zone,
)
from lovecampaign.cli.subscribers.import_options import import_options, list_option, read_answers
from lovecampaign.cli.subscribers.import_report import (
    command_after_import,
    format_import,
    import_exit_code,
    import_json,
)
from lovecampaign.cli.subscribers.many_addresses import read_addresses, report_addresses
from lovecampaign.cli.subscribers.person import format_person, person_json
from lovecampaign.core.errors import ExitCode, UsageError
from lovecampaign.core.problems import Problem
from lovecampaign.store.subscribers.erasure import forget as forget_person
from lovecampaign.store.subscribers.imports.apply import ImportTarget, add_subscriber
from lovecampaign.store.subscribers.imports.importer import import_subscribers
from lovecampaign.store.subscribers.records import AddressRecord, read_address_record
from lovecampaign.store.subscribers.suppressions import (
    EVERY_LIST,
    Suppression,
    suppress_addresses,
)
from lovecampaign.store.tables.imports import RowVerdict

_BY_HAND = "typed by the operator"
_PROTECTED = "unsubscribed, bounced, complained or was forgotten before, and stays off every list"
_tag_option = click.option(
    "--tag", "tags", type=read_name, multiple=True, metavar="TAG", help="May be repeated."
)


@verb_group("subscribers")
def subscribers() -> None:
    """Import, add, show, export, unsubscribe or forget people."""


@verb("import", subscribers)
@click.argument("file", type=read_path, metavar="FILE")
@list_option
@_tag_option
@import_options
@click.option("--apply", is_flag=True, help="Do it; without this it is a dry run.")
def import_file(
    invocation: Invocation,
    file: Path,
    *,
    list_name: str | None,
    tags: tuple[str, ...],
    apply: bool,
    **about_file: Any,
) -> Result:
    """Read people from a CSV file into a list; a dry run until --apply.

    Exports of the usual tools are taken as they are. People who unsubscribed, bounced or
    complained, here or in the file, are never added again. A column that may say who wants no
    mail has to be explained first.
    """
    answers = read_answers(**about_file)
    wanted = list_name or find_only_list(invocation)
    enrolment = ImportTarget(list_name=wanted, now=invocation.now, tags=tags)
    warnings = list(warn_unused_list(invocation, list_name)) if list_name else []
    with opened_database(invocation) as database:
        report = import_subscribers(database, file, enrolment, answers=answers, apply=apply)
    return Result(
        data=import_json(report),
        text=format_import(report, enrolment.list_name),
        problems=[*warnings, *report.problems],
        exit_code=import_exit_code(report, is_meant=apply),
        next_command=command_after_import(report, file, enrolment, answers),
    )


@verb("add", subscribers)
@click.argument("email")
@list_option
@_tag_option
@click.option("--first-name", default="", metavar="NAME", help="As emails greet them.")
@click.option("--last-name", default="", metavar="NAME", help="Their family name.")
@click.option("--timezone", default="", metavar="ZONE", help="IANA name, such as Europe/Paris.")
@click.option("--language", default="", metavar="LANGUAGE", help="Of their emails, such as fr.")
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
    language: str,
    fields: tuple[str, ...],
    consent_at: datetime | None,
    consent_source: str,
) -> Result:
    """Add one person, or complete their data.

    People who unsubscribed, bounced or complained are never added again.
    """
    person = Subscribe(
        key=read_address(email),
        email=plain_address(email).strip(),
        first_name=collapse_spaces(first_name),
        last_name=collapse_spaces(last_name),
        timezone=read_zone(timezone),
        language=read_language(language),
        tags=tuple(tag for text in tags for tag in split_tags(text)),
        fields=dict(read_field(pair) for pair in fields),
        consent=read_consent(consent_at, consent_source, invocation.now),
    )
    enrolment = ImportTarget(
        list_name=list_name or find_only_list(invocation), now=invocation.now, source=_BY_HAND
    )
    with opened_database(invocation) as database:
        verdict = add_subscriber(database, person, enrolment)
    warnings = list(warn_unused_list(invocation, list_name)) if list_name else []
    return _added(person, verdict, enrolment.list_name, warnings)


@verb("show", subscribers)
@click.argument("email")
def show(invocation: Invocation, email: str) -> Result:
    """Show all data of one person."""
    with opened_database(invocation) as database:
        person = read_address_record(database, read_address(email))
    if person.is_unknown:
        meant = suggest_address(read_address(email))
        hint = f"did you mean {meant}?" if meant else "check the address for a typo"
        raise UsageError(f"{email} is not known here", hint=hint)
    return Result(
        data=person_json(email, person),
        text=format_person(email, person),
        next_command=f"lovecampaign explain {email}" if person.profile else "lovecampaign status",
    )


@verb("export", subscribers)
@click.argument("file", type=read_new_file_or_stdout, metavar="[FILE]", required=False)
def export(invocation: Invocation, file: Path | None) -> Result:
    """Print all people as CSV, or write them to FILE.

    An import takes the file back unchanged. Forgotten people are not in it.
    """
    from lovecampaign.cli.subscribers.export import export_to_file, export_to_stdout

    with opened_database(invocation) as database:
        if file is None:
            return export_to_stdout(database, invocation.output)
        return export_to_file(database, file)


@verb("unsubscribe", subscribers)
@click.argument("emails", nargs=-1, required=True, metavar="EMAIL|-...")
@click.option(
    "--list", "lists", type=read_name, multiple=True, metavar="LIST", help="Default: every list."
)
def unsubscribe(invocation: Invocation, emails: tuple[str, ...], lists: tuple[str, ...]) -> Result:
    """Take people off every list, or off the named ones.

    A single - reads one address a line from standard input.
    """
    typed = read_addresses(emails, invocation.output)
    warnings = [doubt for name in lists for doubt in warn_unused_list(invocation, name)]
    reason = SuppressionReason.UNSUBSCRIBED
    wanted = Suppression(reason=reason, lists=lists or (EVERY_LIST,), source=_BY_HAND)
    with opened_database(invocation) as database:
        changed = suppress_addresses(database, typed.keys, wanted, invocation.now)
    where = ", ".join(lists) or "every list"
    return report_addresses(
        typed, changed, lambda count: f"{'is' if count == 1 else 'are'} off {where}", warnings
    )


@verb("suppress", subscribers)
@click.argument("emails", nargs=-1, required=True, metavar="EMAIL|-...")
@click.option("--why", default=_BY_HAND, metavar="TEXT", help="Recorded with it.")
def suppress(invocation: Invocation, emails: tuple[str, ...], why: str) -> Result:
    """Send nothing more to addresses, subscribers or not.

    A single - reads one address a line from standard input.
    """
    typed = read_addresses(emails, invocation.output)
    wanted = Suppression(reason=SuppressionReason.MANUAL, source=why)
    with opened_database(invocation) as database:
        changed = suppress_addresses(database, typed.keys, wanted, invocation.now)
    return report_addresses(
        typed, changed, lambda count: f"{'gets' if count == 1 else 'get'} nothing more", []
    )


@verb("forget", subscribers)
@click.argument("email")
@click.option("--yes", is_flag=True, help="Do not ask to retype the address.")
def forget(invocation: Invocation, email: str, *, yes: bool) -> Result:
    """Erase a person for good; no import can bring them back.

    Only a keyed hash of the address and counts are kept. At a terminal it asks first.
    """
    key = read_address(email)
    with opened_database(invocation) as database:
        person = read_address_record(database, key)
        if invocation.may_ask and not (yes or _is_erased(person)):
            require_retyped(invocation, email, _forget_question(email, person))
        has_changed = forget_person(database, key, invocation.now)
    return Result(
        data={"forgotten": has_changed, "known": not person.is_unknown},
        text=_format_forgotten(email, person),
        next_command="lovecampaign status",
    )


def _is_erased(person: AddressRecord) -> bool:
    return person.is_forgotten and person.profile is None


def _forget_question(email: str, person: AddressRecord) -> str:
    if person.is_unknown:
        return f"{email} is not known here. No import will ever add that address."
    return (
        f"All personal data of {email} will be erased for good: name, fields, tags, lists, and "
        "what is still planned for them. Kept are a keyed hash of the address, so that no import "
        "brings them back, and the counts of what was sent."
    )


def _format_forgotten(email: str, person: AddressRecord) -> str:
    barred = "no import adds that address again"
    if _is_erased(person):
        return f"{email} was forgotten already; {barred}."
    if person.is_unknown:
        return f"{email} is not known here. From now on {barred}."
    return f"{email} is forgotten; {barred}."


def _added(
    person: Subscribe, verdict: RowVerdict, list_name: str, warnings: Sequence[Problem]
) -> Result:
    words = {
        RowVerdict.NEW: f"joined {list_name}",
        RowVerdict.UPDATED: f"is on {list_name}, with the new data",
        RowVerdict.UNCHANGED: f"is on {list_name} already",
        RowVerdict.PROTECTED: _PROTECTED,
    }
    is_protected = verdict is RowVerdict.PROTECTED
    problem = Problem(
        code=RowVerdict.PROTECTED.value,
        message=f"{person.email} {_PROTECTED}",
        hint=f"to see when and how, type: lovecampaign subscribers show {person.email}",
    )
    next_verb = "subscribers show" if is_protected else "plan --for"
    return Result(
        data={"email": person.email, "list": list_name, "verdict": verdict.value},
        text=f"{person.email} {words.get(verdict, verdict.value)}.",
        problems=warnings,
        json_problems=[problem] if is_protected else [],
        exit_code=ExitCode.PROBLEMS if is_protected else ExitCode.DONE,
        next_command=f"lovecampaign {next_verb} {person.email}",
    )
