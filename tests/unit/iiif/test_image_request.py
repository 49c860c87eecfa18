"""Image API 3.0 §4 and 2.1 §4: what an image URL means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iiif.image_request import ImageRequest, ImageSize, NotOffered, Version, canonical, parse
from repository.domain.errors import WrongUse
from repository.domain.pages import Box

PAGE = ImageSize(2480, 3508)
SQUARE = ImageSize(1000, 1000)


def ask(path: str, image: ImageSize = PAGE, version: Version = 3) -> ImageRequest:
    region, size, rotation, last = path.split("/")
    return parse(version, region, size, rotation, last, image)


@pytest.mark.parametrize(
    ("region", "box"),
    [
        ("full", Box(0, 0, 2480, 3508)),
        ("square", Box(0, 514, 2480, 2480)),
        ("10,20,30,40", Box(10, 20, 30, 40)),
        ("2400,3500,256,256", Box(2400, 3500, 80, 8)),
        ("pct:50,50,50,50", Box(1240, 1754, 1240, 1754)),
        ("pct:0,.5,10.25,10", Box(0, 18, 254, 351)),
    ],
)
def test_regions(region: str, box: Box) -> None:
    assert ask(f"{region}/max/0/default.jpg").region == box


@pytest.mark.parametrize(
    "region",
    [
        *("", "1,2,3,4\n", "9" * 40 + ",0,1,1"),
        *"fulll 1,2,3 1,2,3,4,5 -1,0,5,5 0,0,0,10 0,0,10,0 2480,0,1,1 0,3508,1,1 1.5,0,5,5 ٣,0,5,5".split(),
        *"pct:100,0,1,1 pct:1,2,3 pct:a,b,c,d pct:1e1,0,5,5 pct:0,0,0,0".split(),
    ],
)
def test_regions_that_are_wrong_are_refused_in_a_sentence(region: str) -> None:
    with pytest.raises(WrongUse) as refusal:
        ask(f"{region}/max/0/default.jpg")
    assert str(refusal.value).endswith(".")


@pytest.mark.parametrize(
    ("size", "result"),
    [
        ("max", (1000, 1000)),
        ("500,", (500, 500)),
        (",250", (250, 250)),
        ("300,400", (300, 400)),
        ("pct:50", (500, 500)),
        ("pct:33.3", (333, 333)),
        ("!200,300", (200, 200)),
        ("!2000,3000", (1000, 1000)),
        ("1000,1000", (1000, 1000)),
    ],
)
def test_sizes(size: str, result: tuple[int, int]) -> None:
    asked = ask(f"full/{size}/0/default.jpg", SQUARE)
    assert (asked.width, asked.height) == result


@pytest.mark.parametrize("size", ["1100,1100", ",1100", "1100,", "pct:200", "1000,1001"])
def test_nothing_is_enlarged(size: str) -> None:
    with pytest.raises(WrongUse):
        ask(f"full/{size}/0/default.jpg", SQUARE)


@pytest.mark.parametrize("size", ["^max", "^2000,", "^pct:200", "^!2000,2000"])
def test_enlarging_is_not_offered(size: str) -> None:
    with pytest.raises(NotOffered):
        ask(f"full/{size}/0/default.jpg", SQUARE)


@pytest.mark.parametrize("size", ["", *", !5, !,5 0, 0,0 pct:0 full 5 5,5,5 MAX pct: x,y 1.5,".split()])
def test_sizes_that_are_wrong_are_refused(size: str) -> None:
    with pytest.raises(WrongUse):
        ask(f"full/{size}/0/default.jpg", SQUARE)


def test_the_word_full_as_a_size_belongs_to_version_2_only() -> None:
    asked = ask("full/full/0/default.jpg", SQUARE, 2)
    assert (asked.width, asked.height) == (1000, 1000)
    with pytest.raises(WrongUse):
        ask("full/full/0/default.jpg", SQUARE, 3)


def test_a_huge_map_is_never_sent_whole() -> None:
    huge = ImageSize(30_000, 20_000, max_area=6_000_000)
    largest = ask("full/max/0/default.jpg", huge)
    assert (largest.width, largest.height) == (3000, 2000)
    fitted = ask("full/!9000,9000/0/default.jpg", huge)
    assert (fitted.width, fitted.height) == (3000, 2000)
    with pytest.raises(WrongUse, match="6000000"):
        ask("full/3001,2001/0/default.jpg", huge)


def test_a_format_that_cannot_hold_the_size_is_refused() -> None:
    long = ImageSize(20_000, 100)
    assert ask("full/max/0/default.jpg", long).width == 20_000
    with pytest.raises(WrongUse, match="webp"):
        ask("full/max/0/default.webp", long)


@pytest.mark.parametrize(
    ("rotation", "mirror", "degrees"),
    [
        ("0", False, 0),
        ("90", False, 90),
        ("!0", True, 0),
        ("!270", True, 270),
        ("360", False, 0),
        ("180.0", False, 180),
    ],
)
def test_rotations(rotation: str, mirror: bool, degrees: int) -> None:
    asked = ask(f"full/max/{rotation}/default.jpg")
    assert (asked.mirror, asked.rotation) == (mirror, degrees)


def test_rotation_by_other_angles_is_not_offered() -> None:
    with pytest.raises(NotOffered):
        ask("full/max/22.5/default.jpg")


@pytest.mark.parametrize("rotation", ["", "-90", "361", "!!0", "0!", "quarter", "nan", "1e1"])
def test_rotations_that_are_wrong_are_refused(rotation: str) -> None:
    with pytest.raises(WrongUse) as refusal:
        ask(f"full/max/{rotation}/default.jpg")
    assert not isinstance(refusal.value, NotOffered)


@pytest.mark.parametrize("last", "default default. .jpg grey.jpg default.gif default.JPG default.jpg.png".split())
def test_qualities_and_formats_that_are_not_known_are_refused(last: str) -> None:
    with pytest.raises(WrongUse):
        ask(f"full/max/0/{last}")


@pytest.mark.parametrize(
    ("version", "asked", "answer"),
    [
        (3, "0,0,2480,3508/2480,/0/default.jpg", "full/max/0/default.jpg"),
        (3, "square/1240,/!360/gray.png", "0,514,2480,2480/1240,1240/!0/gray.png"),
        (2, "full/max/0/default.jpg", "full/full/0/default.jpg"),
        (2, "full/!500,500/0/default.jpg", "full/353,500/0/default.jpg"),
        (2, "full/620,/0/default.jpg", "full/620,/0/default.jpg"),
        (2, "full/620,5/0/default.jpg", "full/620,5/0/default.jpg"),
    ],
)
def test_canonical_forms(version: Version, asked: str, answer: str) -> None:
    assert canonical(version, ask(asked, PAGE, version), PAGE) == answer


side = st.integers(1, 70_000)
images = st.builds(ImageSize, side, side, st.integers(1, 100_000_000))
number = st.integers(0, 80_000).map(str) | st.decimals(0, 110, places=3).map(str) | st.just("")
regions = st.just("full") | st.just("square") | st.lists(number, min_size=3, max_size=5).map(",".join)
percents = st.lists(number, min_size=4, max_size=4).map(lambda parts: "pct:" + ",".join(parts))
sizes = st.tuples(st.sampled_from(["", "!", "^", "pct:"]), number, number).map(lambda it: f"{it[0]}{it[1]},{it[2]}")
rotations = st.sampled_from(["0", "90", "180", "!270", "!0", "45", ""])
lasts = st.tuples(
    st.sampled_from(["default", "gray", "bitonal", "native"]), st.sampled_from(["jpg", "png", "webp", "x"])
)


@given(
    version=st.sampled_from([2, 3]),
    image=images,
    region=regions | percents | st.text(max_size=12),
    size=sizes | st.sampled_from(["max", "full", "pct:50"]) | st.text(max_size=12),
    rotation=rotations | st.text(max_size=5),
    last=lasts.map(".".join) | st.text(max_size=12),
)
def test_any_request_is_refused_or_stays_inside_the_image_and_survives_its_canonical_form(
    version: Version, image: ImageSize, region: str, size: str, rotation: str, last: str
) -> None:
    try:
        asked = parse(version, region, size, rotation, last, image)
    except WrongUse:
        return
    box = asked.region
    assert box.x + box.w <= image.width
    assert box.y + box.h <= image.height
    assert 1 <= asked.width <= box.w
    assert 1 <= asked.height <= box.h
    assert asked.width * asked.height <= image.max_area
    form = canonical(version, asked, image)
    again = parse(version, *form.split("/"), image)  # type: ignore[call-arg]
    assert again == asked
    assert canonical(version, again, image) == form
