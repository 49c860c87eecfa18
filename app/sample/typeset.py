"""Sets a text as the pages of a small book: justified columns, titles, running heads, page numbers, verse."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

FONTS = Path(__file__).with_name("fonts")
A5_INCHES = (5.83, 8.27)
POINTS = 72
LEADING = 1.42
INDENT = 1.4
GUTTER = 0.34


@dataclass(frozen=True)
class Style:
    """How an item is printed: `dpi` of its scans, type size in points, number of columns, prose or verse."""

    dpi: int = 250
    points: float = 11.5
    columns: int = 1
    verse: bool = False
    _widths: dict[tuple[str, bool], float] = field(default_factory=dict, compare=False, repr=False)
    _stamps: dict[tuple[str, bool], Image.Image] = field(default_factory=dict, compare=False, repr=False)

    def pixels(self, inches: float) -> int:
        """Inches on the page as pixels of the scan."""
        return round(inches * self.dpi)

    def face(self, name: str, scale: float = 1.0) -> ImageFont.FreeTypeFont:
        """The typeface `name` (`Regular`, `Bold`, `Italic`) at this style's size times `scale`."""
        size = self.points * scale * self.dpi / POINTS
        return ImageFont.truetype(FONTS / f"NotoSerif-{name}.ttf", size, layout_engine=ImageFont.Layout.BASIC)

    @cached_property
    def body(self) -> ImageFont.FreeTypeFont:
        """The typeface of the running text."""
        return self.face("Regular")

    @cached_property
    def title(self) -> ImageFont.FreeTypeFont:
        """The typeface of titles."""
        return self.face("Bold", 1.25)

    @cached_property
    def small(self) -> ImageFont.FreeTypeFont:
        """The typeface of running heads."""
        return self.face("Italic", 0.85)

    @property
    def pitch(self) -> int:
        """Pixels from one line of the body to the next."""
        return round(self.points * LEADING * self.dpi / POINTS)

    @property
    def sheet(self) -> tuple[int, int]:
        """Width and height of the scan in pixels."""
        return self.pixels(A5_INCHES[0]), self.pixels(A5_INCHES[1])

    @property
    def column(self) -> int:
        """Width of one column in pixels."""
        text = self.sheet[0] - 2 * self.pixels(0.6)
        return (text - (self.columns - 1) * self.pixels(GUTTER)) // self.columns

    @property
    def rows(self) -> int:
        """Lines that fit into a column."""
        return (self.sheet[1] - self.pixels(1.6)) // self.pitch

    def width(self, word: str, *, title: bool = False) -> float:
        """Width of a word in pixels, remembered: the same syllables come again and again."""
        key = word, title
        if key not in self._widths:
            self._widths[key] = (self.title if title else self.body).getlength(word)
        return self._widths[key]

    def stamp(self, word: str, *, title: bool = False) -> Image.Image:
        """A word's ink (mode L, 255 inks), with room around it, remembered likewise."""
        key = word, title
        if key not in self._stamps:
            width = int(self.width(word, title=title)) + self.pitch
            stamp = Image.new("L", (width, 2 * self.pitch), 0)
            font = self.title if title else self.body
            ImageDraw.Draw(stamp).text((self.pitch // 2, self.baseline), word, font=font, fill=255, anchor="ls")
            self._stamps[key] = stamp
        return self._stamps[key]

    @property
    def baseline(self) -> int:
        """Pixels from a stamp's top to its baseline."""
        return self.pitch * 3 // 2


@dataclass(frozen=True, slots=True)
class Line:
    """One line to print; `spread` fills the column to its right edge, `indent` is in pixels. An empty one is a gap."""

    words: tuple[str, ...] = ()
    title: bool = False
    indent: int = 0
    spread: bool = False


def lines_of(text: str, style: Style) -> Iterator[Line]:
    """Break a text into lines. A paragraph that starts with `# ` is a title; in verse a paragraph is a line."""
    for number, paragraph in enumerate(text.splitlines()):
        if paragraph.startswith("# "):
            if number:
                yield Line()
            yield from _title(paragraph[2:], style)
        elif style.verse:
            words = tuple(paragraph.split())
            yield Line(words, indent=style.pixels(1.0 if len(words) == 6 else 0.75))
        else:
            yield from _paragraph(paragraph, style)


def _title(title: str, style: Style) -> Iterator[Line]:
    for words in _broken(title, style, first_indent=0, title=True):
        width = sum(style.width(word, title=True) for word in words) + style.width(" ", title=True) * (len(words) - 1)
        yield Line(words, title=True, indent=round((style.column - width) / 2))
    yield Line()


def _paragraph(paragraph: str, style: Style) -> Iterator[Line]:
    indent = round(style.width("m") * INDENT)
    broken = list(_broken(paragraph, style, first_indent=indent, title=False))
    for number, words in enumerate(broken):
        yield Line(words, indent=0 if number else indent, spread=number < len(broken) - 1)


def _broken(paragraph: str, style: Style, *, first_indent: int, title: bool) -> Iterator[tuple[str, ...]]:
    space = style.width(" ", title=title)
    room, words, used = style.column - first_indent, list[str](), 0.0
    for word in paragraph.split():
        width = style.width(word, title=title)
        if words and used + space + width > room:
            yield tuple(words)
            room, words, used = style.column, [], 0.0
        used += width + (space if words else 0)
        words.append(word)
    yield tuple(words)


def pages_of(lines: list[Line], style: Style) -> list[list[list[Line]]]:
    """Deal the lines out to pages of columns; a title is never left alone at a column's foot."""
    columns: list[list[Line]] = [[]]
    for number, line in enumerate(lines):
        starts_title = line.title and not lines[number - 1].title
        room = style.rows - len(columns[-1])
        if room == 0 or (starts_title and room < 5):
            columns.append([])
        if line.words or columns[-1]:
            columns[-1].append(line)
    return [columns[at : at + style.columns] for at in range(0, len(columns), style.columns)]


def print_page(columns: list[list[Line]], style: Style, head: str, number: int) -> Image.Image:
    """The ink of one page: mode L, 255 where the paper is bare."""
    ink = Image.new("L", style.sheet, 255)
    pen = ImageDraw.Draw(ink)
    width, height = style.sheet
    margin, top = style.pixels(0.6), style.pixels(0.45)
    if number > 1:
        pen.text((width / 2, top), head, font=style.small, fill=0, anchor="mm")
        rule = top + style.pixels(0.12)
        pen.line((margin, rule, width - margin, rule), fill=0, width=max(1, style.dpi // 150))
    pen.text((width / 2, height - style.pixels(0.45)), str(number), font=style.body, fill=0, anchor="mm")
    for place, column in enumerate(columns):
        left = margin + place * (style.column + style.pixels(GUTTER))
        if place:
            middle = left - style.pixels(GUTTER) // 2
            pen.line((middle, style.pixels(0.8), middle, height - style.pixels(0.8)), fill=90, width=1)
        for row, line in enumerate(column):
            _print_line(ink, line, style, left, style.pixels(0.85) + row * style.pitch)
    return ink


def _print_line(ink: Image.Image, line: Line, style: Style, left: int, baseline: int) -> None:
    space = style.width(" ", title=line.title)
    if line.spread and len(line.words) > 1:
        used = sum(style.width(word) for word in line.words) + line.indent
        space = (style.column - used) / (len(line.words) - 1)
    across = float(left + line.indent)
    for word in line.words:
        corner = round(across) - style.pitch // 2, baseline - style.baseline
        ink.paste(0, corner, style.stamp(word, title=line.title))
        across += style.width(word, title=line.title) + space
