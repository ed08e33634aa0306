"""What is said before and after a person is forgotten?"""

from __future__ import annotations

from lovecampaign.store.subscribers.records import AddressRecord


def is_gone(person: AddressRecord) -> bool:
    """Whether there is nothing left to erase."""
    return person.is_forgotten and person.profile is None


def ask_to_forget(email: str, was: AddressRecord) -> str:
    if was.is_unknown:
        return f"Nobody is known by {email}. No import will ever bring that address in."
    return (
        f"All that tells who {email} is will be erased for good: name, fields, tags, lists, and "
        "what is still planned for them. What stays: a keyed hash of the address, so that no "
        "import brings them back, and the counts of what was sent."
    )


def say_forgotten(email: str, was: AddressRecord) -> str:
    barred = "no import brings that address in again"
    if is_gone(was):
        return f"{email} was forgotten already; {barred}."
    if was.is_unknown:
        return f"Nobody is known by {email}. From now on {barred}."
    return f"{email} is forgotten; {barred}."
