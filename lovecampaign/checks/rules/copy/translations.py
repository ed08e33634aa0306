"""Rule about the translations of letters."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lovecampaign.campaign.model.campaign import Email, Role
from lovecampaign.checks.base.locate import setting
from lovecampaign.checks.base.rule import MonthDraft, MonthRule
from lovecampaign.core.problems import Problem


class TranslationsThere(MonthRule, code="LC229"):
    """Every letter is there in every language of `languages`.

    A reader gets a letter that lacks their language in the first one. If that is meant, ignore
    this code with the reason.

    Bad:  languages: [en, fr], and days/02-soil.md without days/02-soil.fr.md
    Good: languages: [en, fr], with days/02-soil.md and days/02-soil.fr.md
    """

    def findings(self, draft: MonthDraft) -> Iterator[Problem]:
        campaign = draft.campaign
        others = campaign.languages[1:]
        if campaign.language in others:
            return  # the same month in another language
        missing = {
            language: [one for one in campaign.emails if language not in one.translations]
            for language in others
        }
        lists = [
            f"{language}: {', '.join(email.key for email in emails)}"
            for language, emails in missing.items()
            if emails
        ]
        if lists:
            number = sum(map(len, missing.values()))
            first = next(language for language in others if missing[language])
            yield setting(campaign, "languages", first).error(
                f"{number} {'translation is' if number == 1 else 'translations are'} missing, "
                f"{'; '.join(lists)}",
                hint=f"write {_file_of(missing[first][0], first)}, and so on; or ignore LC229 with "
                f"the reason why they stay in {campaign.language}",
            )


def _file_of(email: Email, language: str) -> str:
    """The file to write, beside the letter's own."""
    if email.role is Role.LAUNCH and email.copy.file.endswith("campaign.yaml"):
        return f"launch/{email.key}.{language}.md"
    path = Path(email.copy.file)
    return path.with_name(f"{path.stem}.{language}{path.suffix}").as_posix()
