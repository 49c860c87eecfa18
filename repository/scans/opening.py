"""Opens a file that came in: what it is and which pages it has, from headers, or why it is refused."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from repository.domain.errors import N_, InputRefused
from repository.scans import tiff
from repository.scans.apart import run_apart
from repository.scans.headers import IMAGES, Header, read_header, tiff_header
from repository.scans.limits import Limits
from repository.scans.sniff import MediaType, sniff

_POINTS_PER_INCH = 72
# the largest side that ISO 32000-1 (annex C) lets a viewer show, with room: 5 m at 1/72 inch is 14,400
_LONGEST_SIDE = 200_000


@dataclass(frozen=True, slots=True)
class ScanPage:
    """A page as the file's headers tell: `index` from 0; pixels upright, 0 when not known before rendering; `dpi` 0
    when nothing tells. With a `problem` the page cannot be taken; the others can."""

    index: int
    label: str
    width: int
    height: int
    dpi: int
    problem: InputRefused | None = None


@dataclass(frozen=True, slots=True)
class Scan:
    """An opened file. `pages` in reading order; at least one is without a problem."""

    media_type: MediaType
    page_count: int
    pages: tuple[ScanPage, ...]


def open_scan(path: Path, name: str, limits: Limits = Limits(), passwords: tuple[str, ...] = ()) -> Scan:  # noqa: B008
    """Open the file at `path`, called `name` in messages. Nothing but headers is read.

    Raises PasswordNeeded for an encrypted PDF that no password opens, InputRefused for what is no scan, is broken, cut
    short or over the limits, and when no page of it can be taken; EngineFailed when looking takes too long.
    """
    size = path.stat().st_size
    kind = sniff(path)
    if size > limits.max_file_bytes:
        raise InputRefused(_FILE_TOO_BIG, name=name, size=size >> 20, limit=limits.max_file_bytes >> 20)
    if kind is MediaType.PDF:
        pages = _pdf_pages(path, name, limits, passwords)
    elif kind is MediaType.TIFF:
        pages = _tiff_pages(path, name, limits)
    elif kind in IMAGES:
        pages = (_image_page(path, limits),)
    else:
        raise InputRefused(_REFUSED.get(kind, _UNKNOWN), name=name)
    problems = [page.problem for page in pages if page.problem is not None]
    if len(problems) == len(pages):
        raise problems[0]
    return Scan(kind, len(pages), pages)


def _image_page(path: Path, limits: Limits) -> ScanPage:
    header = read_header(path, 0, limits)
    if not header.complete:
        # an end mark may be missing though all rows are there, or hide behind what a camera appended
        from repository.scans.image import read_image

        read_image(path, 0, 0, limits)
    return _page(0, header)


def _page(index: int, header: Header) -> ScanPage:
    width, height = header.upright_size
    return ScanPage(index, "", width, height, header.dpi)


def _tiff_pages(path: Path, name: str, limits: Limits) -> tuple[ScanPage, ...]:
    pages = []
    for index, frame in enumerate(tiff.frames(path)):
        if index >= limits.max_pages:
            raise InputRefused(_TOO_MANY_FRAMES, name=name, limit=limits.max_pages)
        try:
            pages.append(_page(index, tiff_header(frame, limits)))
        except InputRefused as problem:
            pages.append(ScanPage(index, "", frame.width, frame.height, frame.dpi, problem))
    if not pages:
        raise InputRefused(_NO_FRAMES, name=name)
    return tuple(pages)


def _pdf_pages(path: Path, name: str, limits: Limits, passwords: tuple[str, ...]) -> tuple[ScanPage, ...]:
    ask: dict[str, object] = {"path": str(path), "name": name, "passwords": list(passwords)}
    broken = InputRefused(_BROKEN_PDF, name=name)
    answer = run_apart("pdf", {**ask, "max_pages": limits.max_pages}, limits, broken)
    return tuple(_measured(answer["pages"], limits))


def _measured(pages: object, limits: Limits) -> Iterator[ScanPage]:
    for index, (width, height, label) in enumerate(pages):  # type: ignore[var-annotated,arg-type]
        pixels = min(width, height) * limits.render_dpi / _POINTS_PER_INCH
        problem = None
        if pixels < limits.smallest_side:
            problem = InputRefused(_PAGE_TOO_SMALL, number=index + 1)
        elif max(width, height) > _LONGEST_SIDE:
            problem = InputRefused(_PAGE_TOO_BIG, number=index + 1)
        yield ScanPage(index, label, 0, 0, 0, problem)


_FILE_TOO_BIG = N_("Tệp {name} nặng {size} MB, vượt giới hạn {limit} MB; hãy tách thành nhiều tệp rồi gửi lại.")
_TOO_MANY_FRAMES = N_("Tệp {name} có hơn {limit} trang, vượt giới hạn; hãy tách thành nhiều tệp rồi gửi lại.")
_NO_FRAMES = N_("Tệp TIFF {name} không có trang ảnh nào; hãy quét hoặc xuất lại rồi gửi lại.")
_BROKEN_PDF = N_("Tệp PDF {name} bị hỏng nặng nên không mở được; hãy xuất lại từ phần mềm gốc rồi gửi lại.")
_PAGE_TOO_SMALL = N_("Trang PDF thứ {number} có khổ quá nhỏ để là một trang sách; hãy xuất lại PDF từ bản quét gốc.")
_PAGE_TOO_BIG = N_("Trang PDF thứ {number} có khổ lớn bất thường; hãy xuất lại PDF với khổ giấy đúng.")
_UNKNOWN = N_(
    "Không nhận ra loại của tệp {name}; kho nhận PDF, TIFF, JPEG, PNG và JPEG 2000, "
    "hãy xuất lại sang một trong các loại này."
)
_REFUSED = {
    MediaType.EMPTY: N_("Tệp {name} rỗng (0 byte); hãy kiểm tra lại bản gốc rồi sao chép và gửi lại."),
    MediaType.AUDIO: N_("Tệp {name} là tệp âm thanh; hiện kho mới nhận bản quét và PDF, hãy giữ tệp này để gửi sau."),
    MediaType.VIDEO: N_("Tệp {name} là phim; hiện kho mới nhận bản quét và PDF, hãy giữ tệp này để gửi sau."),
    MediaType.TEXT: N_(
        "Tệp {name} chỉ chứa văn bản thuần, không phải ảnh quét hay PDF; hãy gửi bản quét hoặc xuất văn bản thành PDF."
    ),
    MediaType.OFFICE: N_("Tệp {name} là tài liệu Office; hãy mở ra, lưu thành PDF rồi gửi lại."),
    MediaType.XLSX: N_("Tệp {name} là bảng tính, không phải bản quét; hãy lưu thành PDF nếu đây là tài liệu cần nạp."),
    MediaType.ZIP: N_("Tệp {name} là tệp nén ZIP nằm ở chỗ cần bản quét; hãy giải nén rồi gửi các tệp bên trong."),
    MediaType.OTHER_ARCHIVE: N_("Tệp {name} là tệp nén không hỗ trợ; hãy giải nén hoặc nén lại bằng ZIP rồi gửi."),
    MediaType.HEIF: N_("Tệp {name} là ảnh HEIC/AVIF của điện thoại; hãy xuất sang JPEG rồi gửi lại."),
    MediaType.PSD: N_("Tệp {name} là ảnh Photoshop; hãy lưu sang TIFF rồi gửi lại."),
    MediaType.DJVU: N_("Tệp {name} là DjVu; hãy xuất sang PDF hoặc TIFF rồi gửi lại."),
    MediaType.ICO: N_("Tệp {name} là biểu tượng (ICO), không phải bản quét; hãy gửi ảnh gốc dạng JPEG, PNG hoặc TIFF."),
    MediaType.POSTSCRIPT: N_("Tệp {name} là PostScript; hãy chuyển sang PDF rồi gửi lại."),
}
