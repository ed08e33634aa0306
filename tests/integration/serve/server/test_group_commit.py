"""Concurrent requests share a commit, and each gets its own response."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from lovecampaign.core.errors import DatabaseBusy, Unreachable, UsageError
from lovecampaign.web.serve.handler.group_commit import MAX_GROUP_SIZE, GroupCommit
from lovecampaign.web.serve.handler.request_context import NotFound, RequestContext
from lovecampaign.web.serve.handler.site import Site
from tests.support.serving import Serving


@dataclass(slots=True, kw_only=True)
class NameList:
    """Accepts names, and records their groups."""

    refuses: Callable[[Sequence[str]], bool] = lambda _: False
    error: Exception = field(default_factory=lambda: UsageError("no code is left"))
    groups: list[list[str]] = field(default_factory=list)
    #: Every call, also those that failed.
    read_of: list[str] = field(default_factory=list)
    asked: list[list[str]] = field(default_factory=list)

    def read(self, context: RequestContext) -> str | Response:
        name = context.form["name"]
        self.read_of.append(name)
        if name == "unlucky":
            raise Unreachable("the database is away")
        if name == "stranger":
            raise NotFound
        return PlainTextResponse("you again") if name == "known" else name

    def take(self, names: Sequence[str]) -> Sequence[Response]:
        self.asked.append(list(names))
        if self.refuses(names):
            raise self.error
        self.groups.append(list(names))
        return [PlainTextResponse(f"welcome {name}") for name in names]

    def meet(self, site: Site, names: Sequence[str]) -> list[Response | BaseException]:
        """All of them come at once."""
        commits = GroupCommit(read=self.read, take=self.take)

        async def answer_all() -> list[Response | BaseException]:
            answers = (commits.answer(_context(site, name)) for name in names)
            return await asyncio.gather(*answers, return_exceptions=True)

        return asyncio.run(answer_all())


def _context(site: Site, name: str) -> RequestContext:
    request = Request({"type": "http", "method": "POST", "path": "/names", "headers": []})
    return RequestContext(
        site=site, request=request, now=site.clock.now(), form={"name": name}, body=b""
    )


def said(answer: Response | BaseException) -> tuple[int, str]:
    assert isinstance(answer, Response)
    return answer.status_code, bytes(answer.body).decode()


def test_who_comes_at_once_is_taken_together_and_in_order(served: Serving) -> None:
    names_list, names = NameList(), [f"person {number}" for number in range(MAX_GROUP_SIZE + 10)]

    answers = names_list.meet(served.site, names)

    assert [said(answer) for answer in answers] == [(200, f"welcome {name}") for name in names]
    assert names_list.groups == [names[:MAX_GROUP_SIZE], names[MAX_GROUP_SIZE:]]


def test_who_is_answered_at_the_door_keeps_nobody_waiting(served: Serving) -> None:
    names_list = NameList()

    known, ana, stranger, bo = names_list.meet(served.site, ["known", "ana", "stranger", "bo"])

    assert said(known) == (200, "you again")
    assert said(stranger)[0] == 404
    assert [said(ana)[1], said(bo)[1]] == ["welcome ana", "welcome bo"]
    assert names_list.groups == [["ana", "bo"]]


def test_who_cannot_be_taken_takes_nobody_along(served: Serving) -> None:
    names_list = NameList(refuses=lambda names: "bad" in names)

    ana, bad, bo = names_list.meet(served.site, ["ana", "bad", "bo"])

    assert said(bad)[0] == 503
    assert [said(ana)[1], said(bo)[1]] == ["welcome ana", "welcome bo"]
    assert names_list.groups == [["ana"], ["bo"]]


@pytest.mark.parametrize("kind", [Unreachable, DatabaseBusy])
def test_what_is_unreachable_for_all_is_not_asked_for_each(
    served: Serving, kind: type[Unreachable]
) -> None:
    """Each would wait as long, one after the other."""
    names = ["ana", "bo", "cy"]
    names_list = NameList(refuses=lambda _: True, error=kind("the database is away"))

    answers = names_list.meet(served.site, names)

    assert [said(answer)[0] for answer in answers] == [503] * 3
    assert names_list.asked == [names]


def test_who_was_taken_before_the_database_went_keeps_the_answer(served: Serving) -> None:
    class Fading(NameList):
        def take(self, names: Sequence[str]) -> Sequence[Response]:
            self.error = Unreachable("away") if names == ["bo"] else RuntimeError("not together")
            return NameList.take(self, names)

    names_list = Fading(refuses=lambda names: names != ["ana"])

    ana, bo, cy = names_list.meet(served.site, ["ana", "bo", "cy"])

    assert said(ana) == (200, "welcome ana")
    assert (said(bo)[0], said(cy)[0]) == (503, 503)
    assert names_list.asked == [["ana", "bo", "cy"], ["ana"], ["bo"]]


def test_what_is_unreachable_at_the_door_is_so_for_those_behind(served: Serving) -> None:
    names_list = NameList()

    known, ana, *others = names_list.meet(served.site, ["known", "ana", "unlucky", "bo", "cy"])
    later = names_list.meet(served.site, ["dee"])

    assert said(known) == (200, "you again")
    assert [said(answer)[0] for answer in (ana, *others)] == [503] * 4
    assert names_list.read_of == ["known", "ana", "unlucky", "dee"]
    assert names_list.asked == [["dee"]]
    assert said(later[0]) == (200, "welcome dee")


def test_a_mistake_of_ours_is_told_to_whom_it_hit(served: Serving) -> None:
    names_list = NameList(refuses=lambda names: "bad" in names, error=RuntimeError("a fault"))

    ana, bad = names_list.meet(served.site, ["ana", "bad"])

    assert said(ana) == (200, "welcome ana")
    assert isinstance(bad, RuntimeError)


def test_who_comes_later_is_taken_too(served: Serving) -> None:
    names_list = NameList()
    commits = GroupCommit(read=names_list.read, take=names_list.take)

    async def come_twice() -> None:
        for name in ("ana", "bo"):
            await commits.answer(_context(served.site, name))

    asyncio.run(come_twice())
    assert names_list.groups == [["ana"], ["bo"]]


def test_who_went_away_keeps_nobody_waiting(served: Serving) -> None:
    names_list = NameList()
    commits = GroupCommit(read=names_list.read, take=names_list.take)

    async def leave_early() -> Response:
        gone = asyncio.create_task(commits.answer(_context(served.site, "ana")))
        stays = asyncio.create_task(commits.answer(_context(served.site, "bo")))
        await asyncio.sleep(0)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        return await stays

    assert said(asyncio.run(leave_early())) == (200, "welcome bo")
