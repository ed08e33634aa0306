"""Benchmarks against targets and against the usual ways of doing the same."""

from __future__ import annotations

import gc

from lovecampaign.cli import GARBAGE_THRESHOLD

# As on the command line; the peers run with it too.
gc.set_threshold(GARBAGE_THRESHOLD)
