"""Rules about the attributes of MJML in templates."""

from __future__ import annotations

from collections.abc import Iterator

from lovecampaign.checks.base.mjml_attributes import INEFFECTIVE, WRONG_VALUE
from lovecampaign.checks.base.rule import EmailDraft, EmailRule
from lovecampaign.core.problems import Problem


class _AttributeRule(EmailRule):
    """The problems of a template's attributes were found when it was rendered."""

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        problems = draft.rendered.attribute_problems if draft.rendered else ()
        return (problem for problem in problems if problem.code == self.code)


class IneffectiveAttribute(_AttributeRule, code=INEFFECTIVE):
    """Attributes of templates have an effect.

    MJML's documentation names attributes that the compiler here, MRML, leaves out. The letter
    would look different from what its author wrote.

    Bad:  <mj-image border-top="1px solid #333333">
    Good: <mj-image border="1px solid #333333">
    """


class WrongAttributeValue(_AttributeRule, code=WRONG_VALUE):
    """Values of attributes are understood by mail programs.

    A length without a unit, a word that MJML does not know or a misspelt colour is left out by
    every mail program: the letter gets its own defaults there.

    Bad:  font-size="20", align="middle", color="bleu"
    Good: font-size="20px", align="center", color="blue"
    """
