"""A Jinja sandbox in which look-ups, calls, filters and tests of deferred values are deferred.

Jinja asks the environment for every attribute, item, call, filter and test, so here each is
recorded instead of run. Without deferred values nothing changes.
"""

from __future__ import annotations

import re
from collections.abc import Sized
from functools import partial, wraps
from typing import Any

from jinja2.exceptions import SecurityError
from jinja2.nodes import EvalContext
from jinja2.runtime import Context, markup_join
from jinja2.sandbox import SandboxedEnvironment
from jinja2.utils import _PassArg

from lovecampaign.render.templating.filters import (
    ALLOWED_FILTERS,
    ALLOWED_TESTS,
    Function,
    deferring_filter,
    refuse_sources,
)
from lovecampaign.render.values.deferred import Deferred, Untraceable, find_deferred
from lovecampaign.render.values.expressions import join_values
from lovecampaign.render.values.inputs import SubscriberFields, field_leaf

#: Characters or items that a repetition may make.
_MAX_LENGTH = 100_000
_MAX_POWER = 1_000


class DeferringEnvironment(SandboxedEnvironment):
    """A sandbox in which deferred values stay deferred."""

    #: ``"%s" % name`` never asks its right side; the others can make endless texts.
    intercepted_binops = frozenset({"%", "*", "**"})

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.filters = {
            name: deferring_filter(name, one, self._for_one(one))
            for name, one in ALLOWED_FILTERS.items()
        }
        self.tests = {name: self._test(name, one) for name, one in ALLOWED_TESTS.items()}

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, Deferred):
            return self._look_up(obj, attribute, super().getattr)
        return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Deferred):
            return self._look_up(obj, argument, super().getitem)
        if (found := find_deferred(argument)) is not None:
            refuse_sources(obj)
            return found.__apply__(super().getitem, obj, argument)
        return super().getitem(obj, argument)

    def call(self, context: Context, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        if isinstance(obj, Deferred):
            return obj.__apply__(self._call_for_one, obj, *args, **kwargs)
        if (text := _text_of_method(obj)) is not None:
            found = find_deferred([*args, *kwargs.values()])
            if found is not None:
                method = found.__apply__(super().getattr, text, obj.__name__)
                return found.__apply__(self._call_for_one, method, *args, **kwargs)
        return super().call(context, obj, *args, **kwargs)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        found = find_deferred([left, right])
        if found is None:
            _refuse_endless(operator, left, right)
            return super().call_binop(context, operator, left, right)
        return found.__apply__(self.binop_table[operator], left, right)

    def _look_up(self, owner: Deferred, name: Any, look_up: Function) -> Deferred:
        """An attribute or item; each custom field is a leaf of its own."""
        if owner.__is_leaf__("subscriber.fields") and _is_field(name):
            return owner.__leaf__(
                field_leaf(
                    name, lambda each: look_up(SubscriberFields(each.subscriber.fields), name)
                )
            )
        return owner.__apply__(look_up, owner, name)

    def _call_for_one(self, method: Any, *args: Any, **kwargs: Any) -> Any:
        return super().call(self._blank_context(), method, *args, **kwargs)

    def _test(self, name: str, function: Function) -> Function:
        takes_context = _PassArg.from_obj(function) is not None
        for_one = self._for_one(function)

        @wraps(function)
        def ask(*args: Any, **kwargs: Any) -> Any:
            given = args[1:] if takes_context else args
            found = find_deferred([*given, *kwargs.values()])
            if found is None:
                return function(*args, **kwargs)
            if name == "sameas":
                raise Untraceable("a personal value is asked whether it is the same object")
            return found.__apply__(for_one, *given, **kwargs)

        return ask

    def _for_one(self, function: Function) -> Function:
        """The filter or test for one subscriber's values, without a template's context."""
        match _PassArg.from_obj(function):
            case _PassArg.context:
                return lambda *args, **kwargs: function(self._blank_context(), *args, **kwargs)
            case _PassArg.eval_context:
                return partial(function, EvalContext(self))
            case _PassArg.environment:
                return partial(function, self)
        return function

    def _blank_context(self) -> Context:
        return self.context_class(self, {}, None, {})


def _refuse_endless(operator: str, left: Any, right: Any) -> None:
    """Raises SecurityError for texts that are too long: ``"x" * 1000000000``."""
    if operator == "%":
        widths = re.findall(r"%[^a-zA-Z%]*?(\d{5,})", left) if isinstance(left, str) else ()
        is_endless = bool(widths)
    elif operator == "**":
        is_endless = isinstance(right, int) and abs(right) > _MAX_POWER
    else:
        times, of = (left, right) if isinstance(left, int) else (right, left)
        is_long = isinstance(of, Sized) and isinstance(times, int)
        is_endless = is_long and len(of) * times > _MAX_LENGTH
    if is_endless:
        raise SecurityError("this makes a text that is too long for any letter")


def join_parts(parts: tuple[Any, ...]) -> Any:
    """Replaces Jinja's function for ``~``."""
    found = find_deferred(parts)
    return markup_join(parts) if found is None else found.__apply__(join_values, *parts)


def _is_field(name: object) -> bool:
    return isinstance(name, str) and not hasattr(SubscriberFields, name)


def _text_of_method(method: Any) -> str | None:
    """The text that the method belongs to; Jinja wraps ``format``."""
    text = getattr(getattr(method, "__wrapped__", method), "__self__", None)
    return text if isinstance(text, str) else None
