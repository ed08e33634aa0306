"""What does the page of all rules say? (docs/rules.md, made from their own words)"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from lovecampaign.checks.explain import all_texts
from lovecampaign.checks.ignores import PROTECTED

_HEADING = """\
# What check finds

Every problem has a code; `lovecampaign check --explain LC210` shows the words below. This page is
made from them: `python tools/write_rules_page.py`.

To live with a problem, say why, on its line or the one above: `# lovecampaign: ignore LC260 –
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


def write_page() -> str:
    """The page in Markdown."""
    return "\n".join((_HEADING, *_sections())).rstrip() + "\n"


def _sections() -> Iterator[str]:
    part = ""
    for code, text in all_texts().items():
        heading = next(title for start, title in _PARTS.items() if code.startswith(start))
        if heading != part:
            part = heading
            yield f"## {part}\n"
        yield _rule(code, text) if code >= "LC2" else f"- **{code}** {text}"
        if code < "LC2" and _is_last_of_its_part(code):
            yield ""


def _rule(code: str, text: str) -> str:
    title, _, rest = text.partition("\n\n")
    mark = "\n\n*Cannot be ignored.*" if code in PROTECTED else ""
    words, *examples = _EXAMPLES.split(rest, maxsplit=1)
    shown = f"\n\n```text\n{examples[0].strip()}\n```" if examples else ""
    said = f"\n\n{words.strip()}" if words.strip() else ""
    return f"### {code}: {title}{said}{mark}{shown}\n"


def _is_last_of_its_part(code: str) -> bool:
    following = [one for one in all_texts() if one > code]
    return not following or following[0][:3] != code[:3]
