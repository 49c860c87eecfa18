"""libvips as this house uses it: one thread (one process a core already), no cache of files that may change."""

import os

os.environ.setdefault("VIPS_CONCURRENCY", "1")

import pyvips as vips
from pyvips import Error as VipsError

vips.cache_set_max(0)

__all__ = ["VipsError", "vips"]
