"""Which leaves does an expression read, and for whom does it therefore come out the same?"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass

from lovecampaign.render.model.recipient import Recipient
from lovecampaign.render.values.expressions import Expression, leaves_in
from lovecampaign.render.values.inputs import Leaf


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """What an expression depends on; equal for expressions that read the same leaves."""

    leaves: tuple[Leaf, ...]
    #: For two people with equal keys the expression has equal values.
    key: Callable[[Recipient], Hashable]
    #: Whether equal keys are common enough to remember what they led to.
    is_shared: bool

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Dependencies) and other.leaves == self.leaves

    def __hash__(self) -> int:
        return hash(self.leaves)


def dependencies_of(expression: Expression) -> Dependencies:
    """What an expression reads, in the order of the leaves' names."""
    leaves = tuple(sorted(set(leaves_in(expression)), key=lambda leaf: leaf.name))
    return Dependencies(
        leaves=leaves,
        key=_key(tuple(leaf.key for leaf in leaves)),
        is_shared=all(leaf.is_shared for leaf in leaves),
    )


def _key(keys: tuple[Callable[[Recipient], Hashable], ...]) -> Callable[[Recipient], Hashable]:
    if len(keys) == 1:
        return keys[0]
    return lambda recipient: tuple([key(recipient) for key in keys])
