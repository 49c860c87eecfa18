"""How much of a machine one file may take."""

from dataclasses import dataclass

GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds for opening files; whatever passes one is refused with a sentence, never half read.

    Sides and pixels are of the full page; times in seconds, memory in bytes. `min_side`: a shorter page is only worth
    a finding; one shorter than `smallest_side` cannot be a page. Rendered PDF pages stay below `max_render_pixels` by
    taking a lower resolution. Poppler's memory limit comes from `DIACHI_TOOL_KB` (see `poppler/`), whose default is
    the same as `tool_memory`.
    """

    max_pixels: int = 200_000_000
    max_pages: int = 5_000
    max_file_bytes: int = 4 * GIB
    min_side: int = 200
    smallest_side: int = 8
    render_dpi: int = 300
    max_render_pixels: int = 100_000_000
    tool_seconds: int = 90
    tool_memory: int = 1_400_000_000
    zip_max_members: int = 20_000
    zip_max_bytes: int = 20 * GIB
    zip_max_ratio: int = 200
