"""Opens PDFs with pikepdf: which pages there are, and under which password."""

import logging
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pikepdf

from repository.domain.errors import N_, InputRefused, PasswordNeeded

# qpdf tells of every repair it makes; the outcome says enough
logging.getLogger("pikepdf").setLevel(logging.ERROR)

POINTS_PER_INCH = 72.0
_A4 = (595.3, 841.9)


@contextmanager
def opened(path: Path, passwords: tuple[str, ...] = ()) -> Iterator[pikepdf.Pdf]:
    """The PDF at `path`, opened with the first of the passwords that fits (the empty one first).

    Raises PasswordNeeded, or InputRefused when it cannot be opened; also for what goes wrong inside the block.
    """
    pdf = _open(path, passwords)
    try:
        yield pdf
    except (InputRefused, OSError):
        raise
    except (pikepdf.PdfError, RuntimeError, ValueError, TypeError, KeyError, AttributeError, ArithmeticError) as error:
        # qpdf and pikepdf raise all of these on structures that are not what the standard says
        raise InputRefused(BROKEN_PDF) from error
    finally:
        pdf.close()


def _open(path: Path, passwords: tuple[str, ...]) -> pikepdf.Pdf:
    refused: pikepdf.PasswordError | None = None
    for password in ("", *passwords):
        try:
            return pikepdf.open(path, password=password, suppress_warnings=True)
        except pikepdf.PasswordError as error:
            refused = error
        except (pikepdf.PdfError, RuntimeError, ValueError) as error:
            raise InputRefused(BROKEN_PDF) from error
    raise PasswordNeeded(_WRONG_PASSWORD if passwords else _PASSWORD) from refused


def structure(path: Path, name: str, passwords: list[str], max_pages: int) -> dict[str, object]:
    """Pages of the PDF as `[[width, height, label], …]`: upright, in points. Raises as `opened`, or InputRefused
    when there are none or too many."""
    with opened(path, tuple(passwords)) as pdf:
        if not len(pdf.pages):
            raise InputRefused(_NO_PAGES, name=name)
        if len(pdf.pages) > max_pages:
            raise InputRefused(TOO_MANY_PAGES, name=name, pages=len(pdf.pages), limit=max_pages)
        labelled = "/PageLabels" in pdf.Root
        found = []
        for page in pdf.pages:
            width, height = page_size(page)
            found.append([width, height, page.label if labelled else ""])
        return {"pages": found}


def page_size(page: pikepdf.Page) -> tuple[float, float]:
    """Width and height in points (1/72 inch, /UserUnit applied) of the page as shown: cropped and turned."""
    left, bottom, right, top = visible_box(page)
    unit = user_unit(page)
    width, height = (right - left) * unit, (top - bottom) * unit
    return (height, width) if rotation(page) % 180 else (width, height)


def visible_box(page: pikepdf.Page) -> tuple[float, float, float, float]:
    """The crop box within the media box, in the page's own units, corners in order; A4 when there is none."""
    media = _corners(page.obj.get("/MediaBox", None) or page.mediabox) or (0.0, 0.0, *_A4)
    crop = _corners(page.cropbox) or media
    left, bottom = max(media[0], crop[0]), max(media[1], crop[1])
    right, top = min(media[2], crop[2]), min(media[3], crop[3])
    return (left, bottom, right, top) if right > left and top > bottom else media


def _corners(box: object) -> tuple[float, float, float, float] | None:
    numbers = [float(value) for value in box]  # type: ignore[attr-defined]
    if len(numbers) != 4 or not all(math.isfinite(number) for number in numbers):
        return None
    left, right = sorted((numbers[0], numbers[2]))
    bottom, top = sorted((numbers[1], numbers[3]))
    return (left, bottom, right, top) if right > left and top > bottom else None


def rotation(page: pikepdf.Page) -> int:
    """Degrees clockwise by which the page is shown turned: 0, 90, 180 or 270 (ISO 32000-1, 7.7.3.3)."""
    turned = int(page.rotation) if hasattr(page, "rotation") else int(page.obj.get("/Rotate", 0))
    return turned % 360 if turned % 90 == 0 else 0


def user_unit(page: pikepdf.Page) -> float:
    """Size of the page's unit in points."""
    unit = float(page.obj.get("/UserUnit", 1.0))
    return unit if math.isfinite(unit) and 0 < unit <= 75_000 else 1.0


BROKEN_PDF = N_(
    "Tệp PDF bị hỏng hoặc bị cắt cụt nên không mở được; hãy xuất lại từ phần mềm gốc hoặc quét lại rồi gửi lại."
)
_NO_PAGES = N_("Tệp {name} là PDF không có trang nào; hãy xuất lại từ phần mềm gốc rồi gửi lại.")
TOO_MANY_PAGES = N_("Tệp {name} có {pages} trang, vượt giới hạn {limit} trang; hãy tách thành nhiều tệp rồi gửi lại.")
_PASSWORD = N_("Tệp PDF được khóa bằng mật khẩu; hãy nhập mật khẩu cho tệp này hoặc gửi bản không khóa.")
_WRONG_PASSWORD = N_("Mật khẩu đã nhập không mở được tệp PDF này; hãy kiểm tra lại mật khẩu hoặc gửi bản không khóa.")
