"""How fast is it, next to the usual ways of doing the same?"""

from __future__ import annotations

import gc

from lovecampaign.cli import GARBAGE_THRESHOLD

# As whatever is typed on the command line runs; the other ways have it from here as well.
gc.set_threshold(GARBAGE_THRESHOLD)
