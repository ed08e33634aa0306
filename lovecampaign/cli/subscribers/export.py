"""Export of subscribers as CSV, to stdout or to a file."""

from __future__ import annotations

import io
import os
import shlex
import tempfile
from pathlib import Path

from lovecampaign.cli.output.format import count_of
from lovecampaign.cli.output.output import Output
from lovecampaign.cli.output.result import Result
from lovecampaign.cli.resources.file_arguments import find_free_name
from lovecampaign.store.database.engine import Database
from lovecampaign.store.subscribers.export import export_subscribers

_IMPORT = ("lovecampaign", "subscribers", "import")


def export_to_stdout(database: Database, output: Output) -> Result:
    """Row by row, so that memory stays flat; in JSON as one string."""
    if output.as_json:
        text = io.StringIO()
        count = export_subscribers(database, text.write)
        return Result(data={"people": count, "csv": text.getvalue()})
    export_subscribers(database, output.show_raw)
    free = find_free_name(Path("people.csv"))
    return Result(next_command=f"lovecampaign subscribers export {free}")


def export_to_file(database: Database, file: Path) -> Result:
    """A file that only its owner can read, renamed into place when it is complete."""
    descriptor, part = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
            count = export_subscribers(database, stream.write)
        Path(part).replace(file)
    finally:
        Path(part).unlink(missing_ok=True)
    return Result(
        data={"people": count, "file": file},
        text=f"{file}: {count_of(count, 'person')}",
        next_command=shlex.join([*_IMPORT, str(file)]),
    )
