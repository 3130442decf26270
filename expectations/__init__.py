"""The gate: what a release must satisfy before anyone sees it. `expectations.gate.judge` is the one door.

Importing this package is cheap; Great Expectations (1 to 3 s) is loaded by `expectations.gate`. It is kept quiet from
here: no analytics, no log of its own. What it has to say stands in the findings.
"""

import logging
import os

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
_log = logging.getLogger("great_expectations")
_log.addHandler(logging.NullHandler())
_log.propagate = False
