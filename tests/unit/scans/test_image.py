"""Pixels out of every kind of image: right side up, eight bits, on white, whole or not at all."""

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from shared_data import SHARED

from repository.domain.errors import InputRefused
from repository.scans import Limits, image_size, open_scan, read_image, take_page

HARD = SHARED / "hard"
SCAN = SHARED / "ocr-dev/001.jpg"


def picture() -> Image.Image:
    """Left half red, right half blue, a white bar along the top: any turn or mirroring shows."""
    made = Image.new("RGB", (60, 40), (0, 0, 255))
    made.paste((255, 0, 0), (0, 0, 30, 40))
    made.paste((255, 255, 255), (0, 0, 60, 8))
    return made


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "trang"


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "TIFF", "PNG"])
def test_orientation_tags_are_applied(path: Path, kind: str, orientation: int) -> None:
    upright = picture()
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = upright.transpose(undo[orientation]) if orientation > 1 else upright
    exif = Image.Exif()
    exif[274] = orientation
    stored.save(path, kind, exif=exif, **({"quality": 95, "subsampling": 0} if kind == "JPEG" else {}))
    image = read_image(path)
    assert image_size(path)[:2] == (60, 40)
    assert np.abs(image.pixels.astype(int) - np.asarray(upright).astype(int)).mean() < 3


def test_rotation_is_clockwise_and_after_the_tag(path: Path) -> None:
    picture().save(path, "PNG")
    turned = read_image(path, rotate=90).pixels
    assert turned.shape == (60, 40, 3)
    assert image_size(path, rotate=90)[:2] == (40, 60)
    assert turned[30, 39].tolist() == [255, 255, 255]  # the top bar is now on the right
    assert turned[5, 5].tolist() == [255, 0, 0]  # the left half is now above


@pytest.mark.parametrize(
    ("mode", "kind", "options"),
    [
        ("1", "TIFF", {"compression": "group4"}),
        ("1", "TIFF", {"compression": "group3"}),
        ("1", "PNG", {}),
        ("L", "TIFF", {"compression": "tiff_lzw"}),
        ("L", "TIFF", {"compression": "packbits"}),
        ("L", "TIFF", {"compression": "tiff_adobe_deflate"}),
        ("L", "BMP", {}),
        ("P", "PNG", {}),
        ("P", "GIF", {}),
        ("RGB", "TIFF", {"compression": "jpeg", "quality": 95}),
        ("RGB", "TIFF", {"big_tiff": True}),
        ("RGB", "JPEG2000", {}),
        ("RGB", "WEBP", {"lossless": True}),
        ("CMYK", "TIFF", {"compression": "tiff_lzw"}),
    ],
)
def test_every_format_gives_the_same_page(path: Path, mode: str, kind: str, options: dict[str, object]) -> None:
    scan = Image.open(SCAN).crop((300, 300, 900, 700))
    page = scan.point(lambda value: 255 * (value > 128)) if mode in ("1", "P") else scan
    page.convert("RGB" if mode == "CMYK" else "L").convert(mode).save(path, kind, **options)  # type: ignore[arg-type]
    pixels = read_image(path).pixels
    grey = pixels if pixels.ndim == 2 else pixels.mean(axis=2)
    if mode == "1":
        assert pixels.ndim == 2
        assert set(np.unique(pixels)) == {0, 255}
    # CMYK black without a black plate is brown on paper; all else is what it was
    assert np.abs(grey.astype(float) - np.asarray(page, float)).mean() < (30 if mode == "CMYK" else 4)


def test_transparency_lies_on_white_paper(path: Path) -> None:
    Image.new("RGBA", (20, 20), (10, 10, 10, 0)).save(path, "PNG")
    assert read_image(path).pixels.min() == 255
    Image.new("LA", (20, 20), (10, 0)).save(path, "PNG")
    assert read_image(path).pixels.min() == 255


@pytest.mark.parametrize(("top", "seen"), [(65_535, 255), (4_095, 255), (1_023, 255), (30_000, 117)])
def test_sixteen_bits_are_scaled_by_the_range_that_the_scanner_used(path: Path, top: int, seen: int) -> None:
    values = np.linspace(0, top, 64 * 64).astype(np.uint16).reshape(64, 64)
    Image.fromarray(values).save(path, "TIFF")
    pixels = read_image(path).pixels
    assert (pixels.min(), pixels.max()) == (0, seen)


def test_resolution_comes_from_the_file_unless_it_is_a_screens(path: Path) -> None:
    for dpi, expected in ((300, 300), (150, 150), (72, 0)):
        picture().save(path, "TIFF", dpi=(dpi, dpi))
        assert read_image(path).dpi == expected
        picture().save(path, "JPEG", dpi=(dpi, dpi))
        assert image_size(path)[2] == expected
    picture().save(path, "PNG")
    assert image_size(path)[2] == 0


def test_a_thumbnail_is_no_page_and_keeps_the_frames_in_place(path: Path) -> None:
    pages = [Image.new("L", (100 + number, 100), 10 * number) for number in range(3)]
    small = Image.new("L", (10, 10))
    small.encoderinfo = {"tiffinfo": {254: 1}}
    pages[0].save(path, "TIFF", save_all=True, append_images=[small, pages[2]])
    found = [(page.index, page.width) for page in open_scan(path, "a.tif").pages]
    assert found == [(0, 100), (1, 102)]
    taken = take_page(path, 1, path.parent)
    assert taken.frame == 2
    assert read_image(taken.path, taken.frame).pixels.shape == (100, 102)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "JPEG2000", "BMP"])
@pytest.mark.parametrize("kept", [0.2, 0.6, 0.97])
def test_half_a_file_is_never_taken_for_a_page(path: Path, kind: str, kept: float) -> None:
    options = {"compression": "tiff_lzw"} if kind == "TIFF" else {}
    Image.open(SCAN).crop((300, 300, 900, 1200)).save(path, kind, **options)  # type: ignore[arg-type]
    whole = path.read_bytes()
    open_scan(path, "a")
    path.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(InputRefused):
        read_image(path)
    if kind != "BMP":  # its decoding tells, its header does not
        with pytest.raises(InputRefused):
            open_scan(path, "a")


def test_what_a_camera_appends_after_the_end_is_no_damage(path: Path) -> None:
    path.write_bytes(SCAN.read_bytes() + b"trailer" * 30_000)
    assert open_scan(path, "a").page_count == 1
    path.write_bytes(SCAN.read_bytes() + bytes(10))
    assert read_image(path).pixels.shape == (2480, 1748)


def test_a_directory_with_two_sizes_does_not_pass_the_limits(path: Path) -> None:
    Image.new("L", (4000, 3000)).save(path, "TIFF", compression="tiff_lzw")
    data = bytearray(path.read_bytes())
    directory = int.from_bytes(data[4:8], "little")
    count = int.from_bytes(data[directory : directory + 2], "little")
    entries = [bytes(data[directory + 2 + 12 * at :][:12]) for at in range(count)]
    # the later width says 100
    entries[2:2] = [entries[0][:8] + (100).to_bytes(4, "little")]
    data += (count + 1).to_bytes(2, "little") + b"".join(entries) + bytes(4)
    data[4:8] = (len(data) - 12 * (count + 1) - 6).to_bytes(4, "little")
    path.write_bytes(data)
    with pytest.raises(InputRefused):
        read_image(path, limits=Limits(max_pixels=1_000_000))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_damage_is_either_read_or_refused(path: Path, data: st.DataObject) -> None:
    names = ["multipage.tiff", "hopper_bigtiff.tif", "g4_orientation_6.tif", "hopper_orientation_6.jpg"]
    whole = bytearray((HARD / "pillow" / data.draw(st.sampled_from(names))).read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(whole)
    with suppress(InputRefused):
        for page in open_scan(path, "a", Limits(max_pixels=10_000_000)).pages:
            if page.problem is None:
                image = read_image(path, page.index, 0, Limits(max_pixels=10_000_000))
                assert image.pixels.shape[:2] == (page.height, page.width)


# what the limited processes may take is theirs by setrlimit; this is what stays for the worker itself
MEASURED = """
import resource, sys, tempfile
from pathlib import Path
from repository.domain.errors import InputRefused
from repository.scans import open_scan, read_image, take_page
path = Path(sys.argv[1])
with tempfile.TemporaryDirectory() as folder:
    try:
        for page in open_scan(path, path.name).pages:
            taken = take_page(path, page.index, Path(folder))
            read_image(taken.path, taken.frame, taken.rotate)
    except InputRefused:
        pass
# ru_maxrss of the process itself would still hold what the tests' own process took before it started this one
own = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(max(int(own.split()[1]), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) * 1024)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "ocrmypdf/enormous.pdf",
        "ocrmypdf/hugemono.pdf",
        "pillow/decompression_bomb.gif",
        "pillow/decompression_bomb.ico",
        "pillow/oom-225817ca0f8c663be7ab4b9e717b02c661e66834.tif",
        "pillow/crash-0c7e0e8e11ce787078f00b5b0ca409a167f070e0.tif",
    ],
)
def test_no_bomb_takes_much_memory(name: str) -> None:
    done = subprocess.run([sys.executable, "-c", MEASURED, HARD / name], capture_output=True, check=True, timeout=60)
    assert int(done.stdout) < 1_000_000_000


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "mode"), [("PNG", "L"), ("PNG", "RGB"), ("TIFF", "1")])
def test_a_page_just_under_the_limit_stays_in_memory(path: Path, kind: str, mode: str) -> None:
    Image.new(mode, (14_000, 14_000), 1).save(path, kind)
    done = subprocess.run([sys.executable, "-c", MEASURED, path], capture_output=True, check=True, timeout=100)
    assert int(done.stdout) < 1_500_000_000
