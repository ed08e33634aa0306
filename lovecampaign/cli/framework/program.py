"""By which name does this shell find the program?"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

from lovecampaign.cli.framework.help_page import PROGRAM


def typed_program() -> str:
    """``lovecampaign`` where the shell finds it, else its path: ``.venv/bin/lovecampaign``.

    ``make demo`` calls the program by its path, and a shell in which no environment is active
    knows no other way to it.
    """
    called = Path(sys.argv[0])
    if shutil.which(PROGRAM) is not None or called.name != PROGRAM or not called.is_file():
        return PROGRAM
    nearest = min(str(called), os.path.relpath(called), key=len)
    return shlex.quote(nearest)
