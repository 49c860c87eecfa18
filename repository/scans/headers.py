"""What an image file's headers say, held against the limits before anything is decoded."""

import warnings
from dataclasses import dataclass
from pathlib import Path

from repository.domain.errors import N_, InputRefused
from repository.scans import tiff
from repository.scans.jpeg import END, MAX_SCANS, jpeg_facts
from repository.scans.limits import Limits
from repository.scans.sniff import MediaType, sniff

IMAGES = (MediaType.JPEG, MediaType.PNG, MediaType.TIFF, MediaType.JP2, MediaType.GIF, MediaType.BMP, MediaType.WEBP)
_LOADERS = {
    MediaType.JPEG: "jpegload",
    MediaType.PNG: "pngload",
    MediaType.TIFF: "tiffload",
    MediaType.GIF: "gifload",
    MediaType.WEBP: "webpload",
}
_MM_PER_INCH = 25.4
_SCREEN_DPI = 72  # what libraries put where a file says nothing
_TURNED = (5, 6, 7, 8)
_TAIL = 65_536
# decoders hold these whole: a progressive JPEG's coefficients, an interlaced PNG
_WHOLE_IN_MEMORY = 60_000_000


@dataclass(frozen=True, slots=True)
class Header:
    """Sizes as stored; `dpi` 0 when nothing tells. `apart`: decode it in a limited process.

    `rows`: rows of a TIFF's strip, 0 when it has one.
    `complete`: the file's own end mark is where it should be; without it only decoding tells."""

    media_type: MediaType
    frame: int
    width: int
    height: int
    orientation: int
    dpi: int
    apart: bool = False
    complete: bool = True
    compression: int = 1
    rows: int = 0

    @property
    def loader(self) -> str:
        """Name of libvips' loader."""
        return _LOADERS[self.media_type]

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height once the orientation tag is applied."""
        return (self.height, self.width) if self.orientation in _TURNED else (self.width, self.height)


def read_header(path: Path, frame: int, limits: Limits) -> Header:
    """The header of frame `frame`. Raises InputRefused: no image, no such frame, broken, cut short, over the limits."""
    kind = sniff(path)
    if kind is MediaType.TIFF:
        return tiff_header(_tiff_frame(path, frame), limits)
    if kind not in IMAGES:
        raise InputRefused(NOT_AN_IMAGE)
    if frame != 0:
        raise InputRefused(_NO_FRAME, number=frame + 1)
    header = _with_pillow(path, kind) if kind in (MediaType.JP2, MediaType.BMP) else _with_vips(path, kind)
    check_size(header.width, header.height, limits)
    return header


def check_size(width: int, height: int, limits: Limits) -> None:
    """Raises InputRefused for a page too big to open or too small to be one; pixels."""
    if width * height > limits.max_pixels:
        raise InputRefused(_TOO_BIG, width=width, height=height, limit=limits.max_pixels // 1_000_000)
    if min(width, height) < limits.smallest_side:
        raise InputRefused(_TOO_SMALL, width=width, height=height)


def tiff_header(frame: tiff.Frame, limits: Limits) -> Header:
    """A TIFF directory as a header. Raises InputRefused."""
    if frame.cut:
        raise InputRefused(CUT)
    if not frame.width or not frame.height or not 1 <= frame.samples <= 64:
        raise InputRefused(BROKEN)
    check_size(frame.width, frame.height, limits)
    dpi = frame.dpi if frame.dpi > _SCREEN_DPI else 0
    return Header(
        MediaType.TIFF,
        frame.number,
        frame.width,
        frame.height,
        frame.orientation,
        dpi,
        apart=frame.odd,
        compression=frame.compression,
        rows=frame.rows,
    )


def _tiff_frame(path: Path, number: int) -> tiff.Frame:
    for frame in tiff.frames(path):
        if frame.number == number:
            return frame
    raise InputRefused(_NO_FRAME, number=number + 1)


def _with_vips(path: Path, kind: MediaType) -> Header:
    from repository.scans.vips import VipsError, vips

    complete, apart = True, False
    if kind is MediaType.JPEG:
        facts = jpeg_facts(path)
        if facts is None:
            raise InputRefused(CUT)
        complete = facts.ended
        big = facts.width * facts.height > _WHOLE_IN_MEMORY
        apart = facts.progressive and (facts.scans > MAX_SCANS or big)
    elif kind is MediaType.PNG:
        complete, interlaced = _png_ends(path)
        apart = interlaced and path.stat().st_size > 0
    try:
        image = getattr(vips.Image, _LOADERS[kind])(str(path), access="sequential", fail_on="error")
    except VipsError as error:
        raise InputRefused(BROKEN) from error
    if image.get_typeof("n-pages") and image.get("n-pages") > 1:
        raise InputRefused(_ANIMATED)
    orientation = image.get("orientation") if image.get_typeof("orientation") else 1
    dpi = round(image.xres * _MM_PER_INCH)
    apart = apart and (kind is MediaType.JPEG or image.width * image.height > _WHOLE_IN_MEMORY)
    known = dpi if _SCREEN_DPI < dpi < 10_000 else 0
    return Header(kind, 0, image.width, image.height, orientation, known, apart, complete)


def _png_ends(path: Path) -> tuple[bool, bool]:
    """Whether the last chunk is there, and whether the image is interlaced (PNG 11.2.2)."""
    with path.open("rb") as file:
        head = file.read(29)
        file.seek(max(0, path.stat().st_size - _TAIL))
        return b"IEND" in file.read(), head[28:29] == b"\x01"


def _with_pillow(path: Path, kind: MediaType) -> Header:
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # the house's own limit is checked on the header, for every decoder alike
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path, formats=["JPEG2000", "BMP"]) as image:
                width, height = image.size
                dpi = round(image.info.get("dpi", (0, 0))[0])
    except Exception as error:  # Pillow's plugins let any kind escape on broken data
        raise InputRefused(BROKEN) from error
    if kind is MediaType.JP2 and not _jp2_ends(path):
        # OpenJPEG fills what is missing with grey and says nothing
        raise InputRefused(CUT)
    return Header(kind, 0, width, height, 1, dpi if _SCREEN_DPI < dpi < 10_000 else 0, apart=True)


def _jp2_ends(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL))
        return END in file.read()


NOT_AN_IMAGE = N_("Tệp không phải là ảnh; hãy kiểm tra lại tệp đã gửi.")
BROKEN = N_("Phần đầu của tệp ảnh bị hỏng nên không mở được; hãy xuất lại từ phần mềm quét hoặc quét lại rồi gửi lại.")
CUT = N_("Tệp ảnh bị cắt cụt, thiếu phần cuối; hãy sao chép lại tệp gốc hoặc quét lại rồi gửi lại.")
_NO_FRAME = N_("Tệp không có trang ảnh thứ {number}; hãy kiểm tra lại tệp gốc.")
_ANIMATED = N_("Tệp là ảnh động nhiều khung hình, không phải bản quét; hãy xuất từng trang thành JPEG hoặc TIFF.")
_TOO_BIG = N_(
    "Trang ảnh {width}×{height} điểm ảnh vượt giới hạn {limit} triệu điểm ảnh; "
    "hãy quét với độ phân giải thấp hơn hoặc chia trang thành nhiều phần."
)
_TOO_SMALL = N_("Ảnh chỉ có {width}×{height} điểm ảnh, quá nhỏ để là một trang; hãy gửi bản quét gốc.")
DAMAGED = N_(
    "Dữ liệu ảnh bị hỏng hoặc bị cắt cụt nên không đọc được trọn trang; hãy chép lại tệp gốc hoặc quét lại trang."
)
SAMPLES = N_("Ảnh dùng kiểu điểm ảnh mà hệ thống không đọc được; hãy xuất lại thành TIFF hoặc JPEG xám hay màu 8 bit.")
TOO_HEAVY = N_(
    "Ảnh bị hỏng hoặc cần nhiều bộ nhớ hơn mức cho phép để giải mã; hãy xuất lại thành TIFF nén LZW hoặc JPEG."
)
