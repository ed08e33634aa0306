"""The advocate's exceptions: recorded within the budget, and ranked by the rules that hurt."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.campaign.model.deal import Money
from lovecampaign.core.errors import UsageError
from lovecampaign.store.database.engine import Database
from lovecampaign.store.dialogue.desk.exceptions import (
    LoggedException,
    NewException,
    record_exception,
    sum_spent,
)
from lovecampaign.store.ledger.campaigns import record_campaign


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleReport:
    """A rule of the house, with what it did."""

    rule: str
    #: Different people for whom it was bent.
    people: int
    exceptions: int
    #: ``35 EUR``; several currencies are joined.
    spent: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HonouredColleague:
    """A colleague, and how many exceptions they made."""

    name: str
    exceptions: int
    people: int


def bend_rule(  # noqa: PLR0913 - the facts of one exception
    database: Database,
    campaign: Campaign,
    case_id: int,
    *,
    rule: str,
    because: str,
    cost: Money | None,
    by: str,
    now: datetime,
) -> str | None:
    """Record an exception; returns what is left of the budget.

    Raises UsageError where it costs more than is left, or the budget has another currency.
    """
    budget = campaign.desk.advocate.budget if campaign.desk.advocate else None
    if cost is not None and cost.amount:
        _require_budget(budget, cost)
    record = record_campaign(database, campaign)
    new = NewException(
        case_id=case_id,
        campaign_id=record.id,
        rule=rule,
        because=because,
        cost=cost.amount if cost else Decimal(0),
        currency=cost.currency if cost and cost.amount else "",
        by=by,
    )
    limit = budget.amount if budget and new.currency else None
    with database.write() as connection:
        spent = record_exception(connection, new, limit, now)
        if spent is not None and budget is not None:
            raise UsageError(
                f"{_money(budget.amount - spent, budget.currency)} of the budget of {budget} is "
                "left",
                hint="a dearer exception needs a colleague's yes: raise advocate.budget",
            )
        if budget is None:
            return None
        return _money(
            budget.amount - sum_spent(connection, record.id, budget.currency), budget.currency
        )


def rank_rules(exceptions: Sequence[LoggedException]) -> Sequence[RuleReport]:
    """By people hurt, then by money spent; rules that differ in case or spaces are one."""
    by_rule: dict[str, list[LoggedException]] = defaultdict(list)
    for one in exceptions:
        by_rule[" ".join(one.rule.casefold().split()).rstrip(".")].append(one)
    reports = [
        (
            len({one.subscriber_id for one in found}),
            sum((one.cost for one in found), Decimal(0)),
            found,
        )
        for found in by_rule.values()
    ]
    reports.sort(key=lambda each: (-each[0], -each[1], each[2][0].rule))
    return [
        RuleReport(rule=found[0].rule, people=people, exceptions=len(found), spent=sum_money(found))
        for people, _, found in reports
    ]


def honour_colleagues(exceptions: Sequence[LoggedException]) -> Sequence[HonouredColleague]:
    """Those who bent rules for people, most people first."""
    counts = Counter(one.by for one in exceptions)
    people: dict[str, set[int]] = defaultdict(set)
    for one in exceptions:
        people[one.by].add(one.subscriber_id)
    named = [
        HonouredColleague(name=name, exceptions=counts[name], people=len(people[name]))
        for name in counts
    ]
    return sorted(named, key=lambda each: (-each.people, -each.exceptions, each.name))


def sum_money(exceptions: Sequence[LoggedException]) -> str | None:
    """``35 EUR``, or ``35 EUR, 10 USD``; None where nothing was spent."""
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for one in exceptions:
        if one.cost:
            totals[one.currency] += one.cost
    return ", ".join(_money(totals[each], each) for each in sorted(totals)) or None


def _require_budget(budget: Money | None, cost: Money) -> None:
    if budget is None:
        raise UsageError(
            "there is no budget for exceptions", hint="set advocate.budget in campaign.yaml"
        )
    if budget.currency != cost.currency:
        raise UsageError(
            f"the budget is in {budget.currency}, and {cost} is not",
            hint=f"write the cost in {budget.currency}",
        )


def _money(amount: Decimal, currency: str) -> str:
    return f"{amount.normalize():f} {currency}"
