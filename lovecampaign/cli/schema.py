"""What do editors and validators need to know about our files?"""

from __future__ import annotations
