"""Regenerates docs/rules.md from the docstrings of the rules.

python tools/write_rules_page.py
"""

from __future__ import annotations

from pathlib import Path

from lovecampaign.checks.explain import write_page

PAGE = Path(__file__).parents[1] / "docs" / "rules.md"

if __name__ == "__main__":
    PAGE.write_text(write_page(), "utf-8")
