"""The effects of an edit as text, JSON and annotations of a pull request (``plan --against``)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.cli.output.excerpt import format_annotation
from lovecampaign.cli.output.format import count_of, format_reasons, local_time
from lovecampaign.cli.output.result import Result
from lovecampaign.cli.output.table import format_table
from lovecampaign.core.errors import ExitCode
from lovecampaign.core.problems import Place, Problem, Severity
from lovecampaign.schedule.reasons import Change
from lovecampaign.store.reports.edit_effects import ChangeExample, EditEffects, LetterEffect

_MOST_EXAMPLES = 10
_SHOWN = {
    Change.MOVED: "get it at another time",
    Change.ADDED: "get it now",
    Change.LOST: "no longer get it",
    Change.DOUBLED: "get it twice",
}


def report_edit(
    campaign: Campaign,
    version: str,
    effects: EditEffects,
    failing: Collection[Change],
    *,
    as_github: bool,
) -> Result:
    """The result of a comparison; it fails on the given changes."""
    problems = list(_problems(campaign, effects, failing))
    errors = [each for each in problems if each.is_error]
    lines = map(format_annotation, problems) if as_github else _lines(campaign, version, effects)
    shows_people = effects.people and not as_github
    following = f"explain {_first_address(effects)}" if shows_people else f"check {campaign.slug}"
    return Result(
        data={
            "campaign": campaign.slug,
            "against": version,
            "people": effects.people,
            **{change.value: effects.total(change) for change in Change},
            "no_room": sum(each.no_room for each in effects.letters),
            "emails": [_as_json(each) for each in effects.letters],
        },
        text="\n".join(lines),
        json_problems=errors,
        exit_code=ExitCode.PROBLEMS if errors else ExitCode.DONE,
        next_command=f"lovecampaign {following}",
    )


def _as_json(effect: LetterEffect) -> Mapping[str, object]:
    return {
        "key": effect.key,
        "was": effect.was,
        **{change.value: effect.counts[change] for change in Change},
        "earlier": effect.earlier,
        "later": effect.counts[Change.MOVED] - effect.earlier,
        "languages": [
            {"before": before, "after": after, "people": number}
            for (before, after), number in sorted(effect.languages.items())
        ],
        "reasons": dict(effect.reasons),
        "examples": effect.examples,
    }


def _lines(campaign: Campaign, version: str, effects: EditEffects) -> Iterator[str]:
    changed = [each for each in effects.letters if each.counts.total() or each.languages]
    if not changed:
        yield f"{campaign.name} against {version}: the same letters at the same times for everyone."
        return
    yield f"{campaign.name} against {version}: {count_of(effects.people, 'person')} affected"
    headings = ("email", *(change.value for change in Change), "why")
    yield format_table(
        headings,
        [
            (_name(each), *(each.counts[change] for change in Change), _why(each))
            for each in changed
        ],
    )
    yield from _no_room_lines(changed)
    yield ""
    found = [(effect.key, each) for effect in changed for each in _one_of_each(effect)]
    found.sort(key=lambda one: one[1].change is Change.MOVED)
    rows = [
        (key, each.change.value, each.email, _times(each)) for key, each in found[:_MOST_EXAMPLES]
    ]
    if rows:
        yield format_table(("for example", "", "", ""), rows)
    if len(found) > _MOST_EXAMPLES:
        yield f"{count_of(len(found) - _MOST_EXAMPLES, 'example')} more with --json"


def _name(effect: LetterEffect) -> str:
    return f"{effect.key} (was {effect.was})" if effect.was else effect.key


def _times_moved(effect: LetterEffect) -> Iterator[str]:
    later = effect.counts[Change.MOVED] - effect.earlier
    for word, number in (("earlier", effect.earlier), ("later", later)):
        if number:
            yield f"{number:,} {word}"


def _why(effect: LetterEffect, change: Change | None = None) -> str:
    """Of all changes, or of one."""
    words = list(_times_moved(effect)) if change in (None, Change.MOVED) else []
    if change in (None, Change.LOST) and effect.reasons:
        words.append(format_reasons(effect.reasons))
    if change is None:
        words += _languages(effect)
    return ", ".join(words)


def _languages(effect: LetterEffect) -> Iterator[str]:
    for (before, after), number in sorted(effect.languages.items()):
        yield f"{number:,} in {after}, not {before}"


def _no_room_lines(changed: Collection[LetterEffect]) -> Iterator[str]:
    for effect in changed:
        if effect.no_room:
            yield (
                f"{effect.key} no longer fits into the month of "
                f"{count_of(effect.no_room, 'person')}."
            )


def _one_of_each(effect: LetterEffect) -> Iterator[ChangeExample]:
    seen: set[Change] = set()
    for example in effect.examples:
        if example.change not in seen:
            seen.add(example.change)
            yield example


def _times(example: ChangeExample) -> str:
    before, after = (
        local_time(at, example.zone) if at else None for at in (example.before, example.after)
    )
    if before is None or after is None:
        return f"{before or after} ({example.zone})"
    return f"{before} → {after} ({example.zone})"


def _first_address(effects: EditEffects) -> str:
    return next((each.examples[0].email for each in effects.letters if each.examples), "EMAIL")


def _problems(
    campaign: Campaign, effects: EditEffects, failing: Collection[Change]
) -> Iterator[Problem]:
    """One for each letter and change, without addresses: logs of a pull request are public."""
    for effect in effects.letters:
        email = campaign.find_email(effect.key)
        for change in Change:
            number = effect.counts[change]
            if not number:
                continue
            why = _why(effect, change)
            yield Problem(
                code=change.value,
                message=f"{_name(effect)}: {count_of(number, 'person')} {_SHOWN[change]}"
                + (f" ({why})" if why else ""),
                place=Place(file=email.copy.file if email else campaign.file),
                severity=Severity.ERROR if change in failing else Severity.WARNING,
                hint="lovecampaign plan --against shows examples",
            )
        for words in _languages(effect):
            yield Problem(
                code="language",
                message=f"{_name(effect)}: {words}",
                place=Place(file=email.copy.file if email else campaign.file),
                severity=Severity.WARNING,
                hint="lovecampaign plan --against --json has the numbers",
            )
