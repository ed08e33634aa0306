"""The text of every problem code, for ``check --explain CODE`` and docs/rules.md."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from itertools import groupby

from lovecampaign.campaign.source.problem_codes import ProblemCode as LoadingCode
from lovecampaign.checks.ignores import NOTE_RULES, PROTECTED
from lovecampaign.checks.registry import ALL_RULES
from lovecampaign.core.errors import UsageError
from lovecampaign.render.model.problem_codes import MEANINGS

_HEADING = """\
# What check finds

Every problem has a code; `lovecampaign check --explain LC210` shows the words below. This page is
made from them: `python tools/write_rules_page.py`.

To accept a problem, give the reason, on its line or the one above: `# lovecampaign: ignore LC260 –
the long title of her book` in YAML, `{# lovecampaign: ignore LC283: the seal is drawn in
words #}` in copy and templates. For a whole campaign, in `campaign.yaml`:

```yaml
checks:
  ignore: {LC260: our readers use desktops}
```

A note without a reason, or that silences nothing, is a warning. What protects readers cannot be
ignored; it is marked below, and so is everything under LC200: without it there is no mail.
"""
_PARTS: Mapping[str, str] = {
    "LC0": "Reading the files",
    "LC1": "Words and templates",
    "LC20": "Still the example's",
    "LC21": "The method: each letter",
    "LC22": "What no letter goes without",
    "LC23": "The plan",
    "LC24": "The method: the month",
    "LC25": "The deal",
    "LC26": "The inbox",
    "LC27": "Links, words and pictures",
    "LC28": "The mail programs",
    "LC29": "The law, the providers, and ignoring",
}
_EXAMPLES = re.compile(r"^(?=Bad:  )", re.MULTILINE)


def explain(code: str) -> str:
    """The text of a code; raises UsageError for an unknown one."""
    wanted = code.strip().upper()
    texts = all_texts()
    if wanted not in texts:
        near = next(iter(get_close_matches(wanted, texts, n=1)), None)
        raise UsageError(
            f"there is no code {code}",
            hint=f"did you mean {near}?" if near else "codes look like LC042",
        )
    return texts[wanted]


def all_texts() -> dict[str, str]:
    """The text of every code, in the order of the codes."""
    texts = {code.value: code.meaning for code in LoadingCode}
    texts |= {code.value: meaning for code, meaning in MEANINGS.items()}
    texts |= {rule.code: inspect.getdoc(rule) or "" for rule in (*ALL_RULES, *NOTE_RULES)}
    return dict(sorted(texts.items()))


def write_page() -> str:
    """docs/rules.md, in Markdown."""
    return "\n".join((_HEADING, *_sections())).rstrip() + "\n"


def _sections() -> Iterator[str]:
    for title, texts in groupby(all_texts().items(), lambda item: _part_of(item[0])):
        yield f"## {title}\n"
        for code, text in texts:
            yield _rule(code, text) if code >= "LC2" else f"- **{code}** {text}"
        if code < "LC2":
            yield ""


def _part_of(code: str) -> str:
    return next(title for start, title in _PARTS.items() if code.startswith(start))


def _rule(code: str, text: str) -> str:
    title, _, rest = text.partition("\n\n")
    mark = "\n\n*Cannot be ignored.*" if code in PROTECTED else ""
    reason, *examples = _EXAMPLES.split(rest, maxsplit=1)
    shown = f"\n\n```text\n{examples[0].strip()}\n```" if examples else ""
    why = f"\n\n{reason.strip()}" if reason.strip() else ""
    return f"### {code}: {title}{why}{mark}{shown}\n"
