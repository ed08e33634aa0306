"""What does a code mean, and how is it mended? (``check --explain CODE``)"""

from __future__ import annotations

import inspect

from lovecampaign.campaign.source.errors import nearest
from lovecampaign.campaign.source.problem_codes import ProblemCode as LoadingCode
from lovecampaign.checks.ignores import NOTE_RULES
from lovecampaign.checks.registry import ALL_RULES
from lovecampaign.core.errors import UsageError
from lovecampaign.render.model.problem_codes import MEANINGS


def explain(code: str) -> str:
    """The words of a code, as ``check`` printed it; raises UsageError for one that is none."""
    wanted = code.strip().upper()
    texts = all_texts()
    if wanted not in texts:
        near = nearest(wanted, texts)
        raise UsageError(
            f"there is no code {code}",
            hint=f"did you mean {near}?" if near else "codes look like LC042",
        )
    return texts[wanted]


def all_texts() -> dict[str, str]:
    """The text of every code there is, in the order of the codes."""
    texts = {code.value: code.meaning for code in LoadingCode}
    texts |= {code.value: meaning for code, meaning in MEANINGS.items()}
    texts |= {rule.code: inspect.getdoc(rule) or "" for rule in (*ALL_RULES, *NOTE_RULES)}
    return dict(sorted(texts.items()))
