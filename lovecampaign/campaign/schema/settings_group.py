"""Base of the models of ``campaign.yaml``: a group of settings, and its fields."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class SettingsGroup(BaseModel):
    """A group of settings; an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


def required(description: str, example: object) -> Any:
    """A setting without a default; hints show the ``example``."""
    return Field(description=description, examples=[example])


def optional(description: str, default: object = None) -> Any:
    """An optional setting; ``default`` is in the author's spelling."""
    return Field(default=default, validate_default=True, description=description)


def optional_group(description: str, model: type[SettingsGroup]) -> Any:
    """An optional group with defaults."""
    return Field(default_factory=model, description=description)


def several(description: str) -> Any:
    """An optional list."""
    return Field(default_factory=list, description=description)
