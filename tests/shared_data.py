"""Where the shared test data lies: beside the checkout, or where DIACHI_SHARED says."""

import os
from pathlib import Path

SHARED = Path(os.environ.get("DIACHI_SHARED", Path(__file__).parents[2] / "shared")) / "data"
