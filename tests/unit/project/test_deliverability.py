"""The table of `make deliverability` shows what a letter itself costs at a spam filter."""

from __future__ import annotations

from tools.check_deliverability import (
    about_the_letter,
    read_rspamd,
    read_spamassassin,
    write_table,
)

SPAMASSASSIN = """\
Content analysis details:   (-0.3 points, 5.0 required)

 pts rule name              description
---- ---------------------- --------------------------------------------------
-0.0 NO_RECEIVED            Informational: message has no Received headers
 0.7 HTML_FONT_LOW_CONTRAST BODY: HTML font color similar or identical to
                            background
-1.0 MAILING_LIST_MULTI     Multiple indicators imply a widely-seen list
                            manager
"""
RSPAMD = """{"score": 3.4, "symbols": {
  "HFILTER_HOSTNAME_UNKNOWN": {"score": 2.5},
  "SUBJECT_ENDS_QUESTION": {"score": 1.0},
  "MIME_TRACE": {"score": 0.0}}}"""


def test_rules_of_no_points_and_of_the_connection_are_left_out() -> None:
    assert about_the_letter(read_spamassassin(SPAMASSASSIN)) == {
        "HTML_FONT_LOW_CONTRAST": 0.7,
        "MAILING_LIST_MULTI": -1.0,
    }
    assert about_the_letter(read_rspamd(RSPAMD)) == {"SUBJECT_ENDS_QUESTION": 1.0}


def test_a_line_has_the_sum_the_subject_and_the_most_expensive_rule_first() -> None:
    rules = {"MAILING_LIST_MULTI": -1.0, "HTML_FONT_LOW_CONTRAST": 0.7}
    table = write_table("SpamAssassin", [("Find a jam jar", rules)])
    assert table.splitlines()[1].split() == [
        "-0.3",
        *("Find", "a", "jam", "jar"),
        "HTML_FONT_LOW_CONTRAST",
        "+0.7,",
        "MAILING_LIST_MULTI",
        "-1.0",
    ]
