"""Skip reasons of deliveries, and effects of edits."""

from __future__ import annotations

from enum import StrEnum


class SkipReason(StrEnum):
    """The closed list of docs/reference.md ("Skip reasons")."""

    LATE = "late"  #: its moment passed more than ``late_after`` ago
    DAY_TAKEN = "day_taken"  #: another email took this local day
    IN_DIGEST = "in_digest"  #: it came inside another email: the catch-up digest, or the welcome
    SUPPRESSED = "suppressed"
    NOT_CONFIRMED = "not_confirmed"  #: not confirmed yet, or the consent has expired
    PAUSED_BY_READER = "paused_by_reader"
    LAUNCH_ONLY = "launch_only"  #: asked for only the launch, or silent after the invitation
    NOT_ACTIVE = "not_active"  #: no activity within ``audience.active_within`` of day 1
    HAS_CHOSEN = "has_chosen"  #: how often to get letters: is not asked by the invitation
    TAG = "tag"
    NOT_FINISHED = "not_finished"  #: has done fewer small tasks than ``finished``
    BOUGHT = "bought"
    WAITING_FOR_ANSWER = "waiting_for_answer"  #: we owe them an answer, or their case is open
    NOT_YET_GIVEN = "not_yet_given"  #: got fewer letters that give than ``launch.min_gifts``
    JOINED_AFTER = "joined_after"
    CANCELLED = "cancelled"
    DEAL_CLOSED = "deal_closed"
    SOLD_OUT = "sold_out"


class Change(StrEnum):
    """What an edit of the files does to one letter of one subscriber."""

    MOVED = "moved"  #: comes at another time
    ADDED = "added"
    LOST = "lost"
    DOUBLED = "doubled"  #: the same text comes twice
