"""Does the person at the keyboard mean it?"""

from __future__ import annotations

from lovecampaign.cli.framework.invocation import Invocation
from lovecampaign.core.errors import ConfirmationNeeded


def require_retyped(invocation: Invocation, name: str, question: str) -> None:
    """Ask to retype a name before what cannot be taken back.

    Raises ConfirmationNeeded where the answer differs, or where there is nobody to ask.
    """
    if not invocation.may_ask:
        raise ConfirmationNeeded(f"{question} This needs your word.", hint="add --yes")
    answer = invocation.output.ask(f'{question} Type "{name}" to go on:')
    if answer is None:
        raise ConfirmationNeeded("Nothing was done: you typed no name.")
    if answer != name:
        raise ConfirmationNeeded(f"Nothing was done: what you typed is not {name}.")
