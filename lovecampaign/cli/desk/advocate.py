"""The verb ``advocate``: the rules that hurt, and the colleagues to honour."""

from __future__ import annotations

from lovecampaign.cli.framework.invocation import Invocation, verb, verb_group
from lovecampaign.cli.output.result import Result
from lovecampaign.cli.output.table import format_table
from lovecampaign.cli.resources.campaigns import campaign_option
from lovecampaign.cli.resources.open import recorded_campaign
from lovecampaign.delivery.desk.advocate import honour_colleagues, rank_rules, sum_money
from lovecampaign.store.dialogue.desk.exceptions import list_exceptions


@verb_group("advocate", fallback="report")
def advocate() -> None:
    """Report exceptions: rules by people hurt and money."""


@verb("report", advocate)
@campaign_option
def report(invocation: Invocation, campaign_name: str | None) -> Result:
    """Rank the rules of the house by people hurt and money spent.

    Below them: the colleagues to honour, who bent rules for people (cases bend).
    """
    with (
        recorded_campaign(invocation, campaign_name) as recorded,
        recorded.database.read() as connection,
    ):
        exceptions = list_exceptions(connection, recorded.record.id)
    named = recorded.campaign.desk.advocate
    rules, colleagues = rank_rules(exceptions), honour_colleagues(exceptions)
    spent = sum_money(exceptions)
    budget = str(named.budget) if named and named.budget else None
    lines = [f"Advocate: {named.name} <{named.email}>" if named else "No advocate is named."]
    lines.append(f"Spent: {spent or 'nothing'}{f' of {budget}' if budget else ''}")
    if rules:
        rows = [(one.rule, one.people, one.exceptions, one.spent) for one in rules]
        lines.append(format_table(("rule", "people", "exceptions", "spent"), rows))
        lines.append("To honour:")
        honoured = [(one.name, one.people, one.exceptions) for one in colleagues]
        lines.append(format_table(("colleague", "people", "exceptions"), honoured))
    else:
        lines.append("No rule was bent yet.")
    return Result(
        data={
            "campaign": recorded.campaign.slug,
            "advocate": named.name if named else None,
            "budget": budget,
            "spent": spent,
            "rules": list(rules),
            "colleagues": list(colleagues),
        },
        text="\n".join(lines),
        next_command="lovecampaign cases",
    )
