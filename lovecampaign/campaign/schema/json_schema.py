"""JSON Schema of campaign.yaml and of a day file's front matter, for editors."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from lovecampaign.campaign.schema.models import CampaignFile, DayGroup

DRAFT = "https://json-schema.org/draft/2020-12/schema"

JsonSchema = dict[str, Any]


def campaign_schema() -> JsonSchema:
    """The schema of ``campaign.yaml``."""
    return _schema_of(CampaignFile, "campaign.yaml")


def day_schema() -> JsonSchema:
    """The schema of the front matter of ``days/NN-*.md``."""
    return _schema_of(DayGroup, "days/NN-*.md")


def _schema_of(model: type[BaseModel], title: str) -> JsonSchema:
    written: JsonSchema = _as_written(model.model_json_schema(mode="validation"))
    return {"$schema": DRAFT, **written, "title": title}


def _as_written(part: Any) -> Any:
    """pydantic's schema without null and without titles from our class names."""
    if isinstance(part, list):
        return [_as_written(item) for item in part]
    if not isinstance(part, dict):
        return part
    schema = {key: _as_written(value) for key, value in part.items()}
    if isinstance(schema.get("title"), str):
        del schema["title"]
    if schema.get("default", ...) is None:
        del schema["default"]
    return _with_names(_without_null(schema))


def _without_null(part: JsonSchema) -> JsonSchema:
    """A key without a value is a mistake, so null is never valid."""
    branches = part.get("anyOf")
    if not branches or {"type": "null"} not in branches:
        return part
    rest = [branch for branch in branches if branch != {"type": "null"}]
    others = {key: value for key, value in part.items() if key != "anyOf"}
    return {**rest[0], **others} if len(rest) == 1 else {**others, "anyOf": rest}


def _with_names(part: JsonSchema) -> JsonSchema:
    """``patternProperties`` allows keys outside the pattern; we do not."""
    patterns = part.get("patternProperties")
    if not patterns:
        return part
    (pattern, value), *_ = patterns.items()
    others = {key: each for key, each in part.items() if key != "patternProperties"}
    names = {**others.get("propertyNames", {}), "pattern": pattern}
    return {**others, "additionalProperties": value, "propertyNames": names}
