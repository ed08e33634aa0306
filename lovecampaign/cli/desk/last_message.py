"""The last message of a case, which closes it."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import Connection

from lovecampaign.cli.desk.editor import read_text
from lovecampaign.cli.desk.open_desk import OpenDesk
from lovecampaign.cli.desk.replies import answer_result
from lovecampaign.cli.output.result import Result
from lovecampaign.core.errors import UsageError
from lovecampaign.delivery.desk.write import follow_through
from lovecampaign.store.dialogue.desk.answers import list_answers
from lovecampaign.store.dialogue.desk.cases import Case, find_case, finish_steps


def write_last(
    desk: OpenDesk,
    case_id: int,
    file: Path | None,
    named: str | None,
    *,
    accepts_phrases: bool,
    solved_by: str = "",
) -> Result:
    """Write the last message of a case; ``solved_by``: the note of the steps that are left."""
    invocation = desk.invocation
    with desk.database.read() as connection:
        case = find_open_case(connection, case_id)
    text = read_text(invocation, file, f"{case.name or case.email}: {case.about}")
    owner = desk.me(named) if named else case.owner
    writing = desk.writing(
        case.campaign_key, case.subscriber_id, owner, text, accepts_phrases=accepts_phrases
    )
    with desk.database.write() as connection:
        if solved_by:
            finish_steps(connection, case_id, solved_by, invocation.now)
        case = find_open_case(connection, case_id)
        follow_through(connection, case, writing, invocation.now)
    reason = desk.deliver(writing.campaign)
    with desk.database.read() as connection:
        written = list_answers(connection, case.subscriber_id)
    last = next(each for each in reversed(written) if each.case_id == case_id)
    state = "sent" if last.sent_at else str(last.state)
    known = state if state in ("sent", "in_doubt", "failed") else "queued"
    return answer_result(case_id, case.email, known, reason, "lovecampaign cases")


def find_known_case(connection: Connection, case_id: int) -> Case:
    case = find_case(connection, case_id)
    if case is None:
        raise UsageError(f"there is no case {case_id}", hint="type: lovecampaign cases --all")
    return case


def find_open_case(connection: Connection, case_id: int) -> Case:
    case = find_known_case(connection, case_id)
    if not case.is_open:
        raise UsageError(
            f"case {case_id} is closed", hint=f"see: lovecampaign cases show {case_id}"
        )
    return case
