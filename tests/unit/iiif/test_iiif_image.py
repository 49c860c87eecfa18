"""Pictures cut from a pyramid show what was asked for, whichever stored level they come from."""

from pathlib import Path

import numpy as np
import pytest
import pyvips

from iiif.image import render
from iiif.image_info import info_json
from iiif.image_request import ImageSize, parse
from repository.domain.errors import StoreFailed
from repository.scans.pyramid import level_count, read_pyramid, write_pyramid

WIDTH, HEIGHT = 1501, 2003
Pixels = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]


@pytest.fixture(scope="module")
def gradient() -> Pixels:
    """Red grows to the right, green downwards: a pixel's colour tells where it is."""
    red = np.broadcast_to(np.linspace(0, 255, WIDTH), (HEIGHT, WIDTH))
    green = np.broadcast_to(np.linspace(0, 255, HEIGHT)[:, None], (HEIGHT, WIDTH))
    return np.dstack([red, green, np.full((HEIGHT, WIDTH), 128)]).astype(np.uint8)


@pytest.fixture(scope="module")
def pyramid(gradient: Pixels, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pyramid")
    pyvips.Image.new_from_array(gradient).pngsave(str(folder / "page.png"))
    write_pyramid(folder / "page.png", folder / "page.tif")
    return folder / "page.tif"


def picture(pyramid: Path, path: str) -> pyvips.Image:
    region, size, rotation, last = path.split("/")
    data, _ = render(pyramid, parse(3, region, size, rotation, last, ImageSize(WIDTH, HEIGHT)))
    return pyvips.Image.new_from_buffer(data, "")


@pytest.mark.parametrize(
    ("region", "size"),
    [
        ((0, 0, WIDTH, HEIGHT), (WIDTH, HEIGHT)),
        ((0, 0, WIDTH, HEIGHT), (188, 251)),
        ((256, 512, 256, 256), (256, 256)),
        ((512, 1024, 512, 512), (256, 256)),
        ((1024, 1536, 477, 467), (239, 234)),
        ((1024, 1024, 477, 979), (120, 245)),
        ((333, 777, 641, 213), (200, 66)),
        ((1500, 2002, 1, 1), (1, 1)),
    ],
)
def test_a_region_at_any_scale_shows_its_own_place(
    pyramid: Path, region: tuple[int, int, int, int], size: tuple[int, int]
) -> None:
    x, y, w, h = region
    image = picture(pyramid, f"{x},{y},{w},{h}/{size[0]},{size[1]}/0/default.png")
    assert (image.width, image.height) == size
    for across, down in [(0, 0), (size[0] - 1, 0), (size[0] // 2, size[1] // 2), (size[0] - 1, size[1] - 1)]:
        there = x + (across + 0.5) * w / size[0], y + (down + 0.5) * h / size[1]
        expected = there[0] / WIDTH * 255, there[1] / HEIGHT * 255
        assert image(across, down)[:2] == pytest.approx(expected, abs=3)


def test_tiles_laid_side_by_side_are_the_whole_page(pyramid: Path) -> None:
    info = info_json(3, "https://thuvien.example.vn/iiif/image/3/p", ImageSize(WIDTH, HEIGHT))
    tile = info["tiles"][0]
    for factor, size in zip(tile["scaleFactors"][1:], info["sizes"][::-1][1:], strict=True):
        side = tile["width"] * factor
        canvas = pyvips.Image.black(size["width"], size["height"], bands=3)
        for x in range(0, WIDTH, side):
            for y in range(0, HEIGHT, side):
                w, h = min(side, WIDTH - x), min(side, HEIGHT - y)
                got = picture(pyramid, f"{x},{y},{w},{h}/{-(-w // factor)},{-(-h // factor)}/0/default.png")
                canvas = canvas.insert(got, x // factor, y // factor)
        whole = picture(pyramid, f"full/{size['width']},{size['height']}/0/default.png")
        assert (canvas - whole).abs().max() == 0


def test_sizes_and_scale_factors_are_the_stored_levels(pyramid: Path) -> None:
    info = info_json(3, "https://thuvien.example.vn/iiif/image/3/p", ImageSize(WIDTH, HEIGHT))
    assert len(info["sizes"]) == len(info["tiles"][0]["scaleFactors"]) == read_pyramid(pyramid).levels


@pytest.mark.parametrize(("width", "height"), [(1, 1), (256, 256), (257, 1), (255, 4097), (1000, 1000), (513, 700)])
def test_the_number_of_levels_is_known_without_opening_the_pyramid(tmp_path: Path, width: int, height: int) -> None:
    pyvips.Image.black(width, height).pngsave(str(tmp_path / "page.png"))
    assert write_pyramid(tmp_path / "page.png", tmp_path / "page.tif") == read_pyramid(tmp_path / "page.tif")
    assert level_count(width, height) == read_pyramid(tmp_path / "page.tif").levels


@pytest.mark.parametrize(
    ("rotation", "top_left"),
    [("0", (0, 0)), ("90", (0, 255)), ("180", (255, 255)), ("270", (255, 0)), ("!0", (255, 0)), ("!90", (255, 255))],
)
def test_mirroring_comes_before_turning_clockwise(pyramid: Path, rotation: str, top_left: tuple[int, int]) -> None:
    image = picture(pyramid, f"full/300,400/{rotation}/default.png")
    assert (image.width, image.height) == ((400, 300) if "90" in rotation or "270" in rotation else (300, 400))
    assert image(0, 0)[:2] == pytest.approx(top_left, abs=3)


def test_qualities(pyramid: Path) -> None:
    assert picture(pyramid, "full/300,/0/color.jpg").bands == 3
    assert picture(pyramid, "full/300,/0/gray.jpg").bands == 1
    bitonal = picture(pyramid, "full/300,/0/bitonal.png")
    assert set(np.unique(bitonal.numpy())) == {0, 255}


@pytest.mark.parametrize(
    ("suffix", "magic", "media_type"),
    [("jpg", b"\xff\xd8\xff", "image/jpeg"), ("png", b"\x89PNG", "image/png"), ("webp", b"RIFF", "image/webp")],
)
def test_formats(pyramid: Path, suffix: str, magic: bytes, media_type: str) -> None:
    asked = parse(3, "full", "200,", "0", f"default.{suffix}", ImageSize(WIDTH, HEIGHT))
    data, sent_as = render(pyramid, asked)
    assert data.startswith(magic)
    assert sent_as == media_type


def test_a_missing_pyramid_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreFailed, match=r"gone\.tif"):
        render(tmp_path / "gone.tif", parse(3, "full", "max", "0", "default.jpg", ImageSize(10, 10)))


def test_a_limit_on_area_is_told_to_clients() -> None:
    huge = ImageSize(30_000, 20_000, max_area=6_000_000)
    assert info_json(3, "https://x.vn/i", huge)["maxArea"] == 6_000_000
    assert info_json(2, "https://x.vn/i", huge)["profile"][1]["maxArea"] == 6_000_000
    assert all(size["width"] * size["height"] <= 6_000_000 for size in info_json(3, "https://x.vn/i", huge)["sizes"])
    assert "maxArea" not in info_json(3, "https://x.vn/i", ImageSize(100, 100))
