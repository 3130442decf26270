"""The gate: what a release must satisfy before anyone sees it. `expectations.gate.judge` is the one door.

Importing this package is cheap; Great Expectations (1–3 s) is loaded by `expectations.gate`.
"""

import os

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
