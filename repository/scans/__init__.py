"""Opens any file into page images: what it is, which pages it has, one page's image, its pixels.

Names that need big libraries are loaded when first asked for: the short-lived process of `repository.scans.probe`
must not pay for those that it does not use.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from repository.scans.archive import Member, members
from repository.scans.limits import Limits
from repository.scans.naming import gaps, group, natural_key, runs
from repository.scans.sniff import MediaType, sniff

if TYPE_CHECKING:
    from repository.scans.image import PageImage, image_size, read_image
    from repository.scans.opening import Scan, ScanPage, open_scan
    from repository.scans.quality import PageQuality, inspect
    from repository.scans.taking import TakenPage, take_page

__all__ = [
    "Limits",
    "MediaType",
    "Member",
    "PageImage",
    "PageQuality",
    "Scan",
    "ScanPage",
    "TakenPage",
    "gaps",
    "group",
    "image_size",
    "inspect",
    "members",
    "natural_key",
    "open_scan",
    "read_image",
    "runs",
    "sniff",
    "take_page",
]

_HOMES = {
    "image": ("PageImage", "image_size", "read_image"),
    "opening": ("Scan", "ScanPage", "open_scan"),
    "quality": ("PageQuality", "inspect"),
    "taking": ("TakenPage", "take_page"),
}


def __getattr__(name: str) -> object:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
