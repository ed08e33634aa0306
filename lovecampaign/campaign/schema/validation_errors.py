"""pydantic's validation errors, translated into problems for authors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from inspect import isclass
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from lovecampaign.campaign.schema.models import CampaignFile, DayGroup, DaySettings
from lovecampaign.campaign.schema.settings_group import SettingsGroup
from lovecampaign.campaign.source.problem_codes import ProblemCode
from lovecampaign.campaign.source.quotes import CURLY_DOUBLE, CURLY_SINGLE
from lovecampaign.campaign.source.source import Source, Spot, find_piece
from lovecampaign.campaign.source.tree import KeyPath, Keys, Tree
from lovecampaign.core.problems import Problem
from lovecampaign.core.suggestions import did_you_mean

_GROUP = ("a group of settings", "write each on a line of its own, indented")
_SHAPES = {
    "model_type": _GROUP,
    "model_attributes_type": _GROUP,
    "dict_type": _GROUP,
    "list_type": ("a list", "write it in brackets: [one, two]"),
    "too_short": ("at least one entry", "add one, or delete the setting"),
}

#: Keys of blogs and other newsletters for what is called otherwise here.
_OTHER_NAMES: Mapping[str, str] = {
    "description": "preheader",
    "excerpt": "preheader",
    "headline": "subject",
    "layout": "template",
    "preview": "preheader",
    "preview_text": "preheader",
    "send_at": "at",
    "summary": "preheader",
    "teaser": "preheader",
    "time": "at",
    "title": "subject",
}
#: Keys of blogs for what a day gets in another way.
_NOT_HERE: Mapping[str, str] = {
    **dict.fromkeys(("author", "from"), "delete it: every letter is from sender in campaign.yaml"),
    **dict.fromkeys(("date", "publishdate"), "delete it: the day's date follows from start"),
    **dict.fromkeys(
        ("draft", "published"), "to leave the day out, add its number to skip in campaign.yaml"
    ),
    **dict.fromkeys(("permalink", "slug", "weight"), "delete it: letters have none"),
}
_TOPICS = frozenset({"categories", "category", "keywords", "tag", "tags", "topics"})


def written_path(error: ErrorDetails) -> KeyPath:
    """The path of an error in the file."""
    return tuple(step for step in error["loc"] if step != "[key]")


def is_covered(tree: Tree, error: ErrorDetails) -> bool:
    """Whether another problem covers the error: a missing setting may be empty or further down."""
    return error["type"] == "missing" and (tree.has(written_path(error)) or not tree.is_whole)


def spot_of_error(tree: Tree, error: ErrorDetails) -> Spot:
    """The spot of the key or value that an error is about."""
    is_about_key = error["type"] in ("missing", "extra_forbidden") or "[key]" in error["loc"]
    return tree.spot(written_path(error), of_key=is_about_key)


def translate_validation_error(
    source: Source, model: type[SettingsGroup], error: ErrorDetails, spot: Spot
) -> Problem:
    """The error at its spot as a problem."""
    path = written_path(error)
    context = error.get("ctx") or {}
    if error["type"] == "missing":
        return _missing(source, model, path, spot)
    if error["type"] == "extra_forbidden":
        return _unknown(source, model, path, spot)
    if code := ProblemCode.named(error["type"]):
        spot = find_piece(source, spot, context.get("part") or "") or spot
        return source.problem(code, context["message"], spot, hint=context["hint"])
    shape, hint = _SHAPES.get(error["type"], ("another kind of value", "see lovecampaign schema"))
    return source.problem(ProblemCode.WRONG_SHAPE, f"{shape} is expected here", spot, hint=hint)


def _missing(source: Source, model: type[SettingsGroup], path: Keys, spot: Spot) -> Problem:
    *group, key = path
    note = "" if key == "version" else " (an example: write your own)"
    hint = f"add {key}: {_example(model, path)}{note}"
    return source.problem(
        ProblemCode.MISSING_KEY, f"{key} is missing{_under(group)}", spot, hint=hint
    )


def _unknown(source: Source, model: type[SettingsGroup], path: Keys, spot: Spot) -> Problem:
    *group, key = path
    message = f"there is no setting {key}{_under(group)}"
    hint = _suggestion(model, group, str(key))
    return source.problem(ProblemCode.UNKNOWN_KEY, message, spot, hint=hint)


def _under(group: Keys) -> str:
    return f" under {_dotted(group)}" if group else ""


def _suggestion(model: type[SettingsGroup], group: Keys, key: str) -> str | None:
    word = key.strip(CURLY_DOUBLE + CURLY_SINGLE + "'\" ").replace("-", "_").replace(" ", "_")
    choices = list(_fields(_group_at(model, group) or model))
    if word.lower() in _TOPICS and "with_tags" in choices:
        return "delete it: emails have no topics; with_tags is about the tags of subscribers"
    if word.lower() in _NOT_HERE and "kind" in choices:
        return _NOT_HERE[word.lower()]
    if (ours := _OTHER_NAMES.get(word.lower())) in choices:
        return f"did you mean {ours}?"
    if near := did_you_mean(word, choices):
        return near
    homes = [path for path in _homes(CampaignFile, word) if path != _dotted([*group, word])]
    if homes and model is CampaignFile:
        return f"{word} belongs {' or '.join(map(_home, homes))}"
    return f"what is allowed here: {', '.join(choices)}"


def _home(path: str) -> str:
    group = path.rpartition(".")[0]
    return f"under {group}" if group else "at the left margin"


def _example(model: type[SettingsGroup], path: Keys) -> str:
    *group, key = path
    setting = _fields(_group_at(model, group) or model).get(str(key))
    examples = setting.examples if setting else None
    if examples and isinstance(examples[0], dict):
        return "{" + ", ".join(f"{name}: {value}" for name, value in examples[0].items()) + "}"
    return str(examples[0]) if examples else "…"


def _fields(model: type[SettingsGroup]) -> dict[str, FieldInfo]:
    """The fields by the names in the file."""
    return {setting.alias or name: setting for name, setting in model.model_fields.items()}


def _group_at(kind: Any, path: Keys) -> type[SettingsGroup] | None:
    """The model of the group at a path."""
    kind = _bare(kind)
    if isclass(kind) and issubclass(kind, SettingsGroup):
        if not path:
            return kind
        setting = _fields(kind).get(str(path[0]))
        return _group_at(setting.annotation, path[1:]) if setting else None
    if get_origin(kind) in (dict, list) and path:
        return _group_at(get_args(kind)[-1], path[1:])
    return None


def _homes(kind: Any, key: str, path: tuple[str, ...] = ()) -> Iterator[str]:
    """All paths of a setting in campaign.yaml, short ones first."""
    kind = _bare(kind)
    if get_origin(kind) in (dict, list):
        yield from _homes(get_args(kind)[-1], key, (*path, "…"))
    if not (isclass(kind) and issubclass(kind, SettingsGroup)):
        return
    if key in _fields(kind):
        yield _dotted([*path, key])
    for name, setting in _fields(kind).items():
        yield from _homes(setting.annotation, key, (*path, name))


def _bare(kind: Any) -> Any:
    """A type without ``Annotated`` and None."""
    if get_origin(kind) is Annotated:
        return _bare(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        return _bare(next(arg for arg in get_args(kind) if arg is not type(None)))
    if kind is DaySettings:
        return dict[int, DayGroup]
    return kind


def _dotted(path: Keys) -> str:
    return ".".join(str(step) for step in path)
