"""Rules about the invitation in campaign.yaml; each reports only about valid settings."""

from __future__ import annotations

from collections.abc import Iterator

from lovecampaign.campaign.files.draft import CampaignDraft, Rule
from lovecampaign.campaign.model.campaign import INVITATION
from lovecampaign.campaign.schema.time_parsers import Anchor, Point
from lovecampaign.campaign.source.problem_codes import ProblemCode
from lovecampaign.core.problems import Problem, Severity

#: Warm-up plans of mail services double the volume from day to day, at most.
_FASTEST_GROWTH = 2


def _invitation_comes_before_day_1(draft: CampaignDraft) -> Iterator[Problem]:
    group, path = draft.file.invitation, (INVITATION, "from")
    if group is None:
        return
    at = draft.sound_instant(*path, point=group.start_at)
    start = draft.sound_instant(point=Point(anchor=Anchor.START))
    if at and start and at >= start:
        message = "the invitation asks whether to send the month, and the month has begun then"
        hint = "write from: day -14, two weeks before day 1"
        yield draft.document.problem(ProblemCode.INVITATION, path, message, hint=hint)
    if group.waves > _FASTEST_GROWTH and draft.document.is_sound(INVITATION, "waves"):
        message = "waves that more than double look like a sudden burst to mail providers"
        hint = "write waves: 2x, and begin earlier or with a larger first:"
        yield draft.document.problem(
            ProblemCode.INVITATION,
            [INVITATION, "waves"],
            message,
            hint=hint,
            severity=Severity.WARNING,
        )
    if INVITATION in draft.launch.emails:
        message = "invitation already means the question before day 1"
        hint = "choose another key, like reminder"
        where = ["launch", "emails", INVITATION]
        yield draft.document.problem(ProblemCode.RESERVED_KEY, where, message, hint=hint)


def _left_out_readers_are_asked(draft: CampaignDraft) -> Iterator[Problem]:
    path = ["audience", "active_within"]
    is_sound = draft.document.is_sound(*path) and draft.document.is_sound(INVITATION)
    if draft.file.audience.active_within and draft.file.invitation is None and is_sound:
        message = "readers who were not active for so long get no letter at all"
        hint = "add invitation: it asks them once, and who says yes gets the month"
        yield draft.document.problem(
            ProblemCode.INVITATION, path, message, hint=hint, severity=Severity.WARNING
        )


INVITATION_RULES: tuple[Rule, ...] = (_invitation_comes_before_day_1, _left_out_readers_are_asked)
