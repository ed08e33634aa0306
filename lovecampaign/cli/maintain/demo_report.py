"""How did the demo go, and where is its mail?"""

from __future__ import annotations

import email
import email.policy
from collections.abc import Mapping
from pathlib import Path

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.cli.output.table import format_table
from lovecampaign.cli.output.words import count_of
from lovecampaign.cli.write.plan import format_reasons
from lovecampaign.store.reports.campaign_report import CampaignReport, EmailReport
from lovecampaign.store.tables import DeliveryState


def format_month(
    report: CampaignReport, people: int, zones: int, outbox: Path, letter: Path | None
) -> str:
    """A table of the emails, and where to look."""
    rows = [
        (
            one.key,
            one.recipients,
            one.counts.get(DeliveryState.SENT, 0),
            format_reasons(one.skipped),
        )
        for one in report.emails
    ]
    sent = sum(one.counts.get(DeliveryState.SENT, 0) for one in report.emails)
    lines = [
        format_table(("email", "planned", "sent", "skipped"), rows),
        "",
        f"{count_of(sent, 'message')} to {count_of(people, 'person')} in {zones} time zones.",
        f"Outbox:     {outbox}",
    ]
    if letter is not None:
        lines.append(f"One letter: {letter}")
    return "\n".join(lines)


def month_json(
    campaign: Campaign, report: CampaignReport, workspace: Path, outbox: Path, letter: Path | None
) -> Mapping[str, object]:
    return {
        "campaign": campaign.slug,
        "workspace": str(workspace),
        "outbox": str(outbox),
        "letter": str(letter) if letter else None,
        "emails": [
            {
                "key": one.key,
                "planned": one.recipients,
                "sent": _sent(one),
                "skipped": dict(one.skipped),
            }
            for one in report.emails
        ],
    }


def save_one_letter(outbox: Path, file: Path) -> Path | None:
    """The HTML of the newest message, for a browser; None where nothing was sent."""
    messages = sorted((outbox / "new").glob("*"))
    if not messages:
        return None
    parsed = email.message_from_bytes(messages[-1].read_bytes(), policy=email.policy.default)
    body = parsed.get_body(("html",))
    if body is None:
        return None
    file.write_text(body.get_content(), encoding="utf-8")
    return file


def _sent(report: EmailReport) -> int:
    return report.counts.get(DeliveryState.SENT, 0)
