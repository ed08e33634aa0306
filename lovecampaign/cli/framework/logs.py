"""What do the rooms' log lines look like on a terminal?"""

from __future__ import annotations

import logging

from lovecampaign.cli.output.output import Output

_LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)


class OutputHandler(logging.Handler):
    """Hands log lines to the one module that prints."""

    def __init__(self, output: Output) -> None:
        super().__init__()
        self._output = output

    def emit(self, record: logging.LogRecord) -> None:
        self._output.show_aside(self.format(record))


def start_logging(output: Output, verbosity: int) -> None:
    """Warnings always, each step with ``-v``, everything with ``-vv``."""
    handler = OutputHandler(output)
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    logger = logging.getLogger("lovecampaign")
    logger.handlers[:] = [handler]
    logger.setLevel(_LEVELS[min(verbosity, 2)])
    logger.propagate = False
