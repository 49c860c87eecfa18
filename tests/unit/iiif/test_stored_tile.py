"""A whole tile is sent as it was stored, and shows the same pixels as decoding it would."""

from pathlib import Path

import pytest
import pyvips
from shared_data import SHARED

from iiif.image import render
from iiif.image_request import ImageRequest, ImageSize, parse
from iiif.stored_tile import stored_tile
from repository.domain.errors import StoreFailed
from repository.scans.pyramid import write_pyramid

PAGE = ImageSize(2480, 3508)


@pytest.fixture(scope="module", params=["grey", "colour"])
def pyramid(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pyramid")
    scan = pyvips.Image.new_from_file(str(SHARED / "ocr-dev" / "000.jpg"))
    if request.param == "colour":
        scan = scan.bandjoin([scan.linear(0.9, 0), scan.linear(0.7, 0)]).copy(interpretation="srgb")
    scan.pngsave(str(folder / "page.png"), compression=1)
    write_pyramid(folder / "page.png", folder / "page.tif")
    return folder / "page.tif"


def ask(path: str) -> ImageRequest:
    region, size, rotation, last = path.split("/")
    return parse(3, region, size, rotation, last, PAGE)


@pytest.mark.parametrize("level", [0, 1, 2, 3])
def test_a_stored_tile_shows_the_same_pixels_as_its_level(pyramid: Path, level: int) -> None:
    side = 256 << level
    for column, row in [(0, 0), (2480 // side - 1, 3508 // side - 1)]:
        data = stored_tile(pyramid, ask(f"{column * side},{row * side},{side},{side}/256,256/0/default.jpg"))
        assert data is not None
        stored = pyvips.Image.new_from_buffer(data, "")
        expected = pyvips.Image.tiffload(str(pyramid), page=level).crop(column * 256, row * 256, 256, 256)
        assert stored.bands == expected.bands
        assert (stored - expected).abs().max() == 0


def test_a_tile_is_sent_as_it_was_stored(pyramid: Path) -> None:
    asked = ask("0,0,512,512/256,256/0/default.jpg")
    assert render(pyramid, asked) == (stored_tile(pyramid, asked), "image/jpeg")


@pytest.mark.parametrize(
    "path",
    [
        "2304,0,176,256/176,256/0/default.jpg",
        "128,0,256,256/256,256/0/default.jpg",
        "0,0,256,256/128,128/0/default.jpg",
        "0,0,768,768/256,256/0/default.jpg",
        "0,0,256,256/256,256/90/default.jpg",
        "0,0,256,256/256,256/!0/default.jpg",
        "0,0,256,256/256,256/0/gray.jpg",
        "0,0,256,256/256,256/0/default.png",
        "0,0,256,512/256,256/0/default.jpg",
        "full/155,220/0/default.jpg",
    ],
)
def test_anything_else_is_drawn(pyramid: Path, path: str) -> None:
    assert stored_tile(pyramid, ask(path)) is None
    assert render(pyramid, ask(path))[0]


def test_a_pyramid_cut_short_is_not_sent(pyramid: Path, tmp_path: Path) -> None:
    (tmp_path / "cut.tif").write_bytes(pyramid.read_bytes()[:5000])
    with pytest.raises(StoreFailed, match=r"cut\.tif"):
        render(tmp_path / "cut.tif", ask("0,0,256,256/256,256/0/default.jpg"))
