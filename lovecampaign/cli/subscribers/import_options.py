"""Options of ``subscribers``: the list, and what explains a file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from lovecampaign.audience.answers import ImportAnswers
from lovecampaign.audience.dates import DateOrder
from lovecampaign.audience.status import STATUS_OF_OPTION
from lovecampaign.cli.framework.options import read_name

list_option = click.option(
    "--list", "list_name", type=read_name, metavar="LIST", help="Default: the campaign's audience."
)
_OPTIONS = (
    click.option(
        "--gone",
        multiple=True,
        metavar="COLUMN=VALUE",
        help="Rows with this value get no mail, for good; may be repeated.",
    ),
    click.option(
        "--consent",
        multiple=True,
        metavar="COLUMN=VALUE",
        help="Only rows with this value agreed; may be repeated.",
    ),
    click.option(
        "--plain",
        multiple=True,
        metavar="COLUMN",
        help="It says nothing about mail; repeatable.",
    ),
    click.option(
        "--as",
        "file_status",
        type=click.Choice(list(STATUS_OF_OPTION)),
        help="What all people of the file are; all but subscribed get no mail, for good.",
    ),
    click.option(
        "--dates",
        "date_order",
        type=click.Choice([order.value for order in DateOrder]),
        help="How to read 03/04/2024.",
    ),
    click.option("--email", default="", metavar="COLUMN", help="The column with the addresses."),
)


def import_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options, in this order, to a command."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def read_answers(
    *,
    gone: tuple[str, ...],
    consent: tuple[str, ...],
    plain: tuple[str, ...],
    file_status: str | None,
    date_order: str | None,
    email: str,
) -> ImportAnswers:
    """The options' values as answers."""
    return ImportAnswers(
        gone=gone,
        consent=consent,
        plain=plain,
        file_status=file_status or "",
        date_order=DateOrder(date_order) if date_order else None,
        email=email,
    )
