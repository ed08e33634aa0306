"""Compares npm's ``mjml`` with our compiler, over a folder of templates.

    npm install --prefix /tmp/mjml mjml@5.4.1
    python -m tools.compare_mjml FOLDER --npm /tmp/mjml [--screenshots FOLDER]

Prints a line for each template that only we refuse, with the reason, and for each whose links,
words, widths or (with ``--screenshots``, at 640 and 320 px) pixels differ; then the figures.
Templates are plain MJML: Jinja is not run.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

from lovecampaign.render.markup.compile_mjml import (
    DocumentSettings,
    MjmlCompilerError,
    compile_mjml,
)
from lovecampaign.render.markup.mjml_tree import MjmlFault
from lovecampaign.render.markup.scanner import MarkupSyntaxError, StartTag, Text, scan
from lovecampaign.render.model.mj_include import with_jinja_includes
from lovecampaign.render.model.problem_codes import RenderCode
from lovecampaign.render.plain.compile import InvalidMjml, read_mjml
from tools.compare_pictures import compare_pictures

#: Reads a list of files on stdin, writes their HTML (null where it throws) and their errors.
_NODE = """
const mjml = require("mjml");
const compile = mjml.default || mjml;
const fs = require("fs");
(async () => {
  const results = {};
  for (const file of JSON.parse(fs.readFileSync(0, "utf8"))) {
    const options = {
      filePath: file, ignoreIncludes: false, includePath: process.argv[1], keepComments: false,
    };
    try {
      const { html, errors } = await compile(fs.readFileSync(file, "utf8"), options);
      results[file] = { html, errors: errors.map((one) => one.formattedMessage) };
    } catch (error) {
      results[file] = { html: null, errors: [String(error.message || error)] };
    }
  }
  fs.writeFileSync(1, JSON.stringify(results));
})();
"""
_SETTINGS = DocumentSettings(language="en", direction="ltr", title="", preheader="", pictures={})
_NO_TOKEN = re.compile(r"(?!)")
_WIDTH = re.compile(r"(?:^|[;\s])(?:max-)?width\s*:\s*([\d.]+)(?:px|(%))")
_INCLUDE = re.compile(r'\{% include "([^"]+)" %\}')
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What both compilers make of a template."""

    file: Path
    reference: str
    #: What the reference says against a template that it compiles.
    complaints: Sequence[str]
    #: None for a template that we refuse, with the reasons in ``faults``.
    ours: str | None
    faults: Sequence[MjmlFault] = ()
    source: str = ""

    def differences(self) -> Iterator[str]:
        """One text for each kind of difference."""
        if self.ours is None:
            return
        for name, read in _READERS.items():
            theirs, own = Counter(read(self.reference)), Counter(read(self.ours))
            theirs, own = theirs - own, own - theirs
            if name == "widths":
                _cancel_rounded(theirs, own)
            if missing := +theirs:
                yield f"{name} missing: {_few(missing)}"
            if surplus := +own:
                yield f"{name} added: {_few(surplus)}"


def compare(files: Sequence[Path], folder: Path, npm: Path) -> Iterator[Comparison]:
    """Compare all templates that the reference compiles."""
    for file, result in _reference(files, folder, npm).items():
        if result["html"] is None:
            continue
        source = _read(Path(file).relative_to(folder).as_posix(), folder)
        ours, faults = _compile(source)
        yield Comparison(
            file=Path(file),
            reference=result["html"],
            complaints=result["errors"],
            ours=ours,
            faults=faults,
            source=source,
        )


def _reference(files: Sequence[Path], folder: Path, npm: Path) -> Mapping[str, Mapping[str, Any]]:
    names = json.dumps([str(file.resolve()) for file in files])
    done = subprocess.run(  # noqa: S603 - the command stands here
        ["node", "-e", _NODE, str(folder)],  # noqa: S607 - node may be anywhere
        input=names,
        capture_output=True,
        check=True,
        cwd=npm,
        text=True,
    )
    results: Mapping[str, Mapping[str, Any]] = json.loads(done.stdout)
    return results


def _read(name: str, folder: Path) -> str:
    """A template with the files that it includes."""
    source = (folder / name).read_text("utf-8-sig", "replace")
    source = with_jinja_includes(source, name, lambda one: (folder / one).is_file())
    return _INCLUDE.sub(lambda found: _read(found[1], folder), source)


def _compile(source: str) -> tuple[str | None, Sequence[MjmlFault]]:
    try:
        tree, warnings = read_mjml(source, _NO_TOKEN)
        html = compile_mjml(source, tree, _SETTINGS, (one.edit for one in warnings if one.edit))
        list(scan(html))
    except InvalidMjml as invalid:
        return None, invalid.faults
    except (MjmlCompilerError, MarkupSyntaxError) as error:
        return None, [MjmlFault(code=RenderCode.MJML_REFUSED, message=str(error), offset=0)]
    return html, ()


def _links(html: str) -> Iterator[str]:
    for tag in _tags(html):
        for attribute in tag.attributes:
            if attribute.name in ("href", "src", "background"):
                yield _SPACES.sub("", unescape(attribute.value))


def _words(html: str) -> Iterator[str]:
    for piece in scan(html):
        if isinstance(piece, Text) and not piece.raw_in:
            yield from _SPACES.sub(" ", unescape(piece.data)).split()


def _widths(html: str) -> Iterator[str]:
    for tag in _tags(html):
        for attribute in tag.attributes:
            if attribute.name == "width":
                yield f"{tag.name} {attribute.value.removesuffix('px')}"
            elif attribute.name == "style":
                for width, percent in _WIDTH.findall(attribute.value):
                    yield f"{tag.name} style {float(width):g}{percent}"


def _cancel_rounded(theirs: Counter[str], own: Counter[str]) -> None:
    """Removes pairs of widths that differ by less than a pixel: npm's ``mjml`` rounds them."""
    for one in own:
        kind, _, width = one.rpartition(" ")
        for other in theirs:
            other_kind, _, other_width = other.rpartition(" ")
            is_percent = width.endswith("%") or other_width.endswith("%")
            if kind == other_kind and not is_percent and _is_near(width, other_width):
                count = min(own[one], theirs[other])
                own[one] -= count
                theirs[other] -= count


def _is_near(one: str, other: str) -> bool:
    try:
        return abs(float(one) - float(other)) < 1
    except ValueError:  # "auto"
        return False


def _tags(html: str) -> Iterator[StartTag]:
    return (piece for piece in scan(html) if isinstance(piece, StartTag))


_READERS = {"links": _links, "words": _words, "widths": _widths}


def _few(counted: Counter[str]) -> str:
    shown = [f"{count} × {what}" for what, count in counted.most_common(6)]
    return ", ".join(shown) + (" …" if len(counted) > len(shown) else "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--npm", type=Path, required=True, help="where node_modules/mjml is")
    parser.add_argument("--screenshots", type=Path, help="where pairs that differ are written")
    options = parser.parse_args()
    files = [one for one in sorted(options.folder.rglob("*.mjml")) if _is_document(one)]
    compared = list(compare(files, options.folder.resolve(), options.npm))
    found = {_name(one, options.folder): [*one.differences()] for one in compared}
    if options.screenshots:
        pairs = {
            _name(one, options.folder): (one.reference, one.ours) for one in compared if one.ours
        }
        for name, difference in compare_pictures(pairs, options.screenshots):
            found[name].append(difference)
    refused = [one for one in compared if one.ours is None]
    for one in refused:
        fault = one.faults[0]
        line = one.source.count("\n", 0, fault.offset) + 1
        note = "; npm's mjml complains, too" if one.complaints else ""
        _say(f"refused {_name(one, options.folder)}:{line}: {fault.code} {fault.message}{note}")
    for name, differences in found.items():
        for difference in differences:
            _say(f"differs {name}: {difference}")
    _say(
        f"{len(files)} templates; npm's mjml compiles {len(compared)}; refused only here: "
        f"{len(refused)}, without any complaint of npm's mjml: "
        f"{sum(not one.complaints for one in refused)}; differing: {sum(map(bool, found.values()))}"
    )


def _name(one: Comparison, folder: Path) -> str:
    return str(one.file.relative_to(folder.resolve()))


def _is_document(file: Path) -> bool:
    """Whether it is more than a part for ``mj-include``."""
    return "<mj-body" in file.read_text("utf-8", "replace")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
