"""Hints for template languages of other programs: what to write in their place."""

from __future__ import annotations

import re
from collections.abc import Mapping

_UNKNOWN_TAG = re.compile(r"unknown tag '(\w+)'")
#: Tags of Liquid (Jekyll, Shopify), Twig and Django.
_TAGS: Mapping[str, str] = {
    "assign": "write {% set name = value %}",
    "capture": "write {% set name %} … {% endset %}",
    "case": "write {% if … %}, {% elif … %}, {% endif %}",
    "comment": "write {# … #}",
    "elseif": "write {% elif … %}",
    "elsif": "write {% elif … %}",
    "highlight": "write the code between two lines of ```",
    "include_relative": "in templates write {% include 'part.mjml.j2' %}",
    "link": "write a link: [words](https://…)",
    "load": "delete it: nothing needs to be loaded",
    "post_url": "write a link: [words](https://…)",
    "render": "in templates write {% include 'part.mjml.j2' %}",
    "trans": "write the words themselves",
    "unless": "write {% if not … %} … {% endif %}",
    "url": "write a link: [words](https://…)",
    "when": "write {% if … %}, {% elif … %}, {% endif %}",
}
_QUOTES = "straight quotes are needed inside {{ }}: \" or '"
#: Marks of Hugo, Handlebars, Mustache, Liquid and of programming languages, in a line.
_MARKS = tuple(
    (re.compile(pattern), hint)
    for pattern, hint in (
        (r"\{\{[<%]", "this is a shortcode of Hugo: write [[image: …]] or [[button: …]]"),
        (r"\{\{#\s*(?:each|list)\b", "write {% for one in list %} … {% endfor %}"),
        (r"\{\{[#/^]|\{\{\s*else\s*\}\}", "write {% if … %} … {% else %} … {% endif %}"),
        (r"\{\{!", "a comment is written {# … #}"),
        (r"\{\{>", "in templates write {% include 'part.mjml.j2' %}"),
        (r"\{\{\{", "write two braces: {{ first_name }}"),
        (r"\{\{-?\s*[.$]", "a name has no mark before it: {{ first_name }}"),
        (r"\{%-?\s*else\s*if\b", "write {% elif … %}"),
        (
            r"\|\s*(?P<filter>\w+)\s*:[^}]*\}\}",
            'what a filter needs is in brackets: {{ first_name | default("friend", true) }}',
        ),
        (r"\{[{%][^}]*\|\|", 'write {{ first_name | default("friend", true) }}; in conditions, or'),
        (r"\{[{%][^}]*&&", "write and in place of &&"),
        (r"\{\{[^}]*\?[^}:]*:", 'write {{ "this" if first_name else "that" }}'),
        (r"\{\{[^{}]*\}(?!\})", "each {{ needs two braces at its end: }}"),
    )
)
_SUBSCRIBER = "write subscriber, as in subscriber.first_name"
#: Hints for other programs' names. A hint that names only the sender's would print it to all.
_NAMES: Mapping[str, str] = {
    "else": "write {% if … %} … {% else %} … {% endif %}",
    "email": "write sender.email, or subscriber.email for the reader's",
    "name": "write campaign.name, or first_name for the reader's",
    **dict.fromkeys(("contact", "customer", "member", "recipient", "user"), _SUBSCRIBER),
    **dict.fromkeys(("unsubscribe_link", "unsubscribe_url"), "write links.unsubscribe"),
}


def hint_for_syntax(message: str, line: str) -> str | None:
    """What to write in a line that Jinja cannot read; ``message`` is Jinja's own."""
    if tag := _UNKNOWN_TAG.search(message):
        return _TAGS.get(tag[1])
    if foreign := next((hint for pattern, hint in _MARKS if pattern.search(line)), None):
        return foreign
    if "Unexpected end of template" in message or "end of print statement" in message:
        return "each {{ needs its }}, each {% if %} its {% endif %}"
    is_quote = "unexpected char" in message and re.search("[\u2018-\u201f\u00ab\u00bb]", line)
    return _QUOTES if is_quote else None


def hint_for_name(name: str) -> str | None:
    """What to write for a name that other programs have."""
    return _NAMES.get(name.lower())
