"""Takes one page out of a file: as the file itself, as bytes out of a PDF, or rendered."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pikepdf

from repository.domain.errors import N_, InputRefused
from repository.scans import pdf, tiff
from repository.scans.extract import extract, is_grey
from repository.scans.headers import check_size, read_header, tiff_header
from repository.scans.limits import Limits
from repository.scans.pdf_content import SoleImage, sole_image
from repository.scans.render import Wanted, render
from repository.scans.sniff import MediaType, sniff

_HIGHEST_DPI = 600


@dataclass(frozen=True, slots=True)
class TakenPage:
    """Where a page's image is: frame `frame` of `path`, to be turned by `rotate` degrees clockwise after its own
    orientation tag. `dpi` 0 when nothing tells. `how`: the file that came in, an image taken out of a PDF byte for
    byte, or a rendering."""

    path: Path
    frame: int
    media_type: MediaType
    how: Literal["original", "extracted", "rendered"]
    dpi: int
    rotate: int = 0


def take_page(
    path: Path,
    index: int,
    folder: Path,
    limits: Limits = Limits(),  # noqa: B008
    passwords: tuple[str, ...] = (),
) -> TakenPage:
    """Take page `index` (from 0, as `open_scan` numbered it) of the file at `path`; new files are made in `folder`.

    Raises InputRefused or PasswordNeeded when the page cannot be taken, EngineFailed when poppler ran out of time.
    """
    kind = sniff(path)
    if kind is MediaType.PDF:
        return _take_pdf_page(path, index, folder, limits, passwords)
    if kind is MediaType.TIFF:
        return _take_frame(path, index, limits)
    header = read_header(path, index, limits)
    return TakenPage(path, 0, kind, "original", header.dpi)


def _take_frame(path: Path, index: int, limits: Limits) -> TakenPage:
    for at, frame in enumerate(tiff.frames(path)):
        if at == index:
            header = tiff_header(frame, limits)
            return TakenPage(path, frame.number, MediaType.TIFF, "original", header.dpi)
    raise InputRefused(_NO_PAGE, number=index + 1)


def _take_pdf_page(path: Path, index: int, folder: Path, limits: Limits, passwords: tuple[str, ...]) -> TakenPage:
    with pdf.opened(path, passwords) as document:
        if index >= len(document.pages):
            raise InputRefused(_NO_PAGE, number=index + 1)
        page = document.pages[index]
        sole = sole_image(document, page)
        if sole is not None:
            check_small(sole, limits)
            taken = _extracted(sole, folder / f"page{index + 1}", limits)
            if taken is not None:
                return taken
        wanted = _wanted(path, index, page, sole, limits)
        if document.is_encrypted:
            wanted = _decrypted(document, wanted, folder)
    made, dpi = render(wanted, folder, limits)
    return TakenPage(made, 0, MediaType.PNG, "rendered", dpi)


def check_small(sole: SoleImage, limits: Limits) -> None:
    """Raises InputRefused for a page that is an image too small to be one: no rendering would add to it."""
    width, height = int(sole.image.Width), int(sole.image.Height)
    if min(width, height) < limits.smallest_side:
        check_size(width, height, limits)


def _extracted(sole: SoleImage, stem: Path, limits: Limits) -> TakenPage | None:
    taken = extract(sole, stem, limits)
    if taken is None:
        return None
    path, kind = taken
    try:
        read_header(path, 0, limits)
    except InputRefused:
        # poppler may still read what lone readers do not
        path.unlink()
        return None
    return TakenPage(path, 0, kind, "extracted", sole.dpi, sole.rotate)


def _wanted(path: Path, index: int, page: pikepdf.Page, sole: SoleImage | None, limits: Limits) -> Wanted:
    width, height = (side / pdf.POINTS_PER_INCH for side in pdf.page_size(page))
    if sole is None:
        return Wanted(path, index + 1, width, height, limits.render_dpi)
    size = int(sole.image.Width), int(sole.image.Height)
    pixels = (size[::-1] if sole.rotate % 180 else size) if sole.fills else None
    dpi = max(1, min(sole.dpi, _HIGHEST_DPI))
    return Wanted(path, index + 1, width, height, dpi, pixels if dpi == sole.dpi else None, is_grey(sole.image))


def _decrypted(document: pikepdf.Pdf, wanted: Wanted, folder: Path) -> Wanted:
    """The wanted page alone in an unlocked file: a password never stands on another program's command line."""
    for at in range(len(document.pages) - 1, -1, -1):
        if at != wanted.number - 1:
            del document.pages[at]
    unlocked = folder / f"unlocked{wanted.number}.pdf"
    document.save(unlocked, encryption=False)
    return Wanted(unlocked, 1, wanted.width, wanted.height, wanted.dpi, wanted.pixels, wanted.grey)


_NO_PAGE = N_("Tệp không có trang thứ {number}; hãy kiểm tra lại tệp gốc.")
