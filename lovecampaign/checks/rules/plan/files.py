"""Could an email be read from its files?"""

from __future__ import annotations

from collections.abc import Iterator

from lovecampaign.checks.base.rule import EmailDraft
from lovecampaign.core.problems import Place, Problem


class BrokenFiles:
    """An email with mistakes in its files does not go out.

    The other emails of the campaign do. `lovecampaign check` shows each mistake with its line.

    Bad:  a day file whose subject is missing
    Good: the same file, with its subject
    """

    code = "LC223"

    def find(self, draft: EmailDraft) -> Iterator[Problem]:
        if draft.email.is_broken:
            yield Problem(
                code=self.code,
                message=f"the files of {draft.email.key} hold mistakes",
                place=Place(file=draft.email.copy.file),
                hint="type: lovecampaign check",
            )
