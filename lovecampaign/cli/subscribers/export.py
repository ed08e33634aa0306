"""Where do exported people go? To the screen as they come, or into a file, whole."""

from __future__ import annotations

import io
import os
import shlex
import tempfile
from pathlib import Path

from lovecampaign.cli.output.output import Output
from lovecampaign.cli.output.result import Result
from lovecampaign.cli.output.words import count_of
from lovecampaign.cli.resources.new_file import find_free_name
from lovecampaign.store.database.engine import Database
from lovecampaign.store.subscribers.export import export_subscribers

_IMPORT = ("lovecampaign", "subscribers", "import")


def export_to_screen(database: Database, output: Output) -> Result:
    """Row by row, so that ten million people need no memory; as one text in JSON."""
    if output.as_json:
        held = io.StringIO()
        count = export_subscribers(database, held.write)
        return Result(data={"people": count, "csv": held.getvalue()})
    export_subscribers(database, output.raw)
    free = find_free_name(Path("people.csv"))
    return Result(next_command=f"lovecampaign subscribers export {free}")


def export_to_file(database: Database, file: Path) -> Result:
    """Readable by its owner alone; in its place only when it is complete."""
    descriptor, part = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
            count = export_subscribers(database, stream.write)
        Path(part).replace(file)
    finally:
        Path(part).unlink(missing_ok=True)
    return Result(
        data={"people": count, "file": str(file)},
        text=f"{file}: {count_of(count, 'person')}",
        next_command=shlex.join([*_IMPORT, str(file)]),
    )
