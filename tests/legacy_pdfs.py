"""PDFs with text of before Unicode, made sign by sign as programs wrote them: fonts, encodings, Unicode maps."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pikepdf
from pdfminer.glyphlist import glyphname2unicode
from PIL import ImageFont

from repository.domain.legacy_tables import TCVN3, VISCII, VNI_LETTERS, VNI_PAIRS, VPS, Encoding

TABLES = {Encoding.TCVN3: TCVN3, Encoding.VISCII: VISCII, Encoding.VPS: VPS}
A4 = (595, 842)


@dataclass(frozen=True)
class Font:
    """`maps`: winansi, tounicode, bare (no encoding at all), differences, renumbered (a subset whose codes begin at 33,
    with a Unicode map), identity (two bytes, with a Unicode map) or unicode (two bytes, true Unicode)."""

    name: str
    encoding: Encoding
    maps: str = "winansi"
    capitals: bool = False


def to_bytes(text: str, encoding: Encoding) -> bytes:
    """Vietnamese text in an encoding of before Unicode; what has no code there (capitals in TCVN3) is a KeyError."""
    text = unicodedata.normalize("NFC", text)
    if encoding is Encoding.CP1258:
        return _halfway(text).encode("cp1258")
    if encoding is Encoding.VNI:
        signs = {letter: pair for pair, letter in sorted(VNI_PAIRS.items()) if pair.islower() or pair.isupper()}
        signs |= {letter: code for code, letter in VNI_LETTERS.items()}
        return b"".join(signs.get(char, char).encode("cp1252") for char in text)
    codes = {letter: code for code, letter in TABLES[encoding].items()}
    return bytes(codes[char] if char in codes else char.encode("ascii")[0] for char in text)


def _halfway(text: str) -> str:
    """Letters with their shape composed and the tone apart, as windows-1258 has them."""
    made = []
    for char in text:
        parts = unicodedata.normalize("NFD", char)
        tones = [part for part in parts if part in "\u0300\u0301\u0303\u0309\u0323"]
        rest = unicodedata.normalize("NFC", "".join(part for part in parts if part not in tones))
        made.append(rest + "".join(tones))
    return "".join(made)


@cache
def _measure() -> ImageFont.FreeTypeFont:
    return ImageFont.truetype("LiberationSerif-Regular.ttf", 1000)


def _char(code: int) -> str:
    return bytes([code]).decode("cp1252", "replace")


class Maker:
    """One page that text is set on; `save` writes the PDF."""

    def __init__(
        self, size: tuple[int, int] = A4, rotate: int = 0, crop: tuple[int, int, int, int] | None = None
    ) -> None:
        self.pdf = pikepdf.new()
        self._fonts: dict[Font, tuple[str, dict[int, int]]] = {}
        self._set = bytearray()
        self._size, self._rotate, self._crop = size, rotate, crop

    def line(
        self, x: float, y: float, runs: Iterable[tuple[str, Font]], size: float = 12, spaces: bool = True
    ) -> float:
        """Set runs of text from (x, y), in points; gives where they end. Without `spaces` there are no blanks between
        the words, which stand apart all the same."""
        for text, font in runs:
            for number, word in enumerate(text.split(" ")):
                if number:
                    x += size * 0.28 if not spaces else self._show(x, y, _coded(" ", font), font, size)
                if word:
                    x += self._show(x, y, _coded(word, font), font, size)
        return x

    def _show(self, x: float, y: float, data: bytes, font: Font, size: float) -> float:
        name, codes = self._fonts.setdefault(font, (f"F{len(self._fonts)}", {}))
        units = [ord(char) for char in data.decode("utf-16-be")] if font.maps == "unicode" else list(data)
        if font.maps == "renumbered":
            out = [codes.setdefault(unit, 33 + len(codes)) for unit in units]
        else:
            codes.update((unit, unit) for unit in units)
            out = units
        wide = font.maps in ("identity", "unicode")
        string = b"".join(unit.to_bytes(2 if wide else 1, "big") for unit in out).hex()
        self._set += f"BT /{name} {size} Tf 1 0 0 1 {x:.2f} {y:.2f} Tm <{string}> Tj ET\n".encode()
        return sum(_width(unit, font) for unit in units) * size / 1000

    def save(self, path: Path, invisible: bool = False) -> Path:
        """Write the page; `invisible` as OCR leaves its text."""
        fonts = pikepdf.Dictionary({f"/{name}": self._font(font, codes) for font, (name, codes) in self._fonts.items()})
        page = pikepdf.Dictionary(
            Type=pikepdf.Name.Page, MediaBox=[0, 0, *self._size], Resources=pikepdf.Dictionary(Font=fonts),
            Contents=pikepdf.Stream(self.pdf, (b"3 Tr\n" if invisible else b"") + bytes(self._set)),
            Rotate=self._rotate,
        )  # fmt: skip
        if self._crop:
            page.CropBox = list(self._crop)
        self.pdf.pages.append(pikepdf.Page(self.pdf.make_indirect(page)))
        self.pdf.save(path)
        return path

    def _font(self, font: Font, codes: dict[int, int]) -> pikepdf.Object:
        if font.maps in ("identity", "unicode"):
            return self._wide(font, codes)
        first, last = min(codes.values()), max(codes.values())
        of_code = {code: unit for unit, code in codes.items()}
        widths = [_width(of_code[code], font) if code in of_code else 0 for code in range(first, last + 1)]
        made = pikepdf.Dictionary(
            Type=pikepdf.Name.Font, Subtype=pikepdf.Name.TrueType, BaseFont=pikepdf.Name("/" + font.name),
            FirstChar=first, LastChar=last, Widths=widths, FontDescriptor=self._descriptor(font),
        )  # fmt: skip
        if font.maps in ("winansi", "tounicode", "renumbered"):
            made.Encoding = pikepdf.Name.WinAnsiEncoding
        if font.maps == "differences":
            names = {chr_: name for name, chr_ in sorted(glyphname2unicode.items(), reverse=True)}
            listed = [entry for code in sorted(codes) for entry in (code, pikepdf.Name("/" + names[_char(code)]))]
            made.Encoding = pikepdf.Dictionary(Type=pikepdf.Name.Encoding, Differences=listed)
        if font.maps in ("tounicode", "renumbered"):
            made.ToUnicode = self._map({code: _char(unit) for unit, code in codes.items()}, 1)
        return self.pdf.make_indirect(made)

    def _wide(self, font: Font, codes: dict[int, int]) -> pikepdf.Object:
        name = pikepdf.Name("/" + font.name)
        below = pikepdf.Dictionary(
            Type=pikepdf.Name.Font, Subtype=pikepdf.Name.CIDFontType2, BaseFont=name,
            CIDSystemInfo=pikepdf.Dictionary(Registry="Adobe", Ordering="Identity", Supplement=0),
            FontDescriptor=self._descriptor(font), DW=500,
            W=[entry for unit in sorted(codes) for entry in (unit, [_width(unit, font)])],
        )  # fmt: skip
        chars = {unit: chr(unit) if font.maps == "unicode" else _char(unit) for unit in codes}
        return self.pdf.make_indirect(
            pikepdf.Dictionary(
                Type=pikepdf.Name.Font,
                Subtype=pikepdf.Name.Type0,
                BaseFont=name,
                Encoding=pikepdf.Name("/Identity-H"),
                DescendantFonts=[self.pdf.make_indirect(below)],
                ToUnicode=self._map(chars, 2),
            )
        )

    def _descriptor(self, font: Font) -> pikepdf.Object:
        return self.pdf.make_indirect(
            pikepdf.Dictionary(
                Type=pikepdf.Name.FontDescriptor,
                FontName=pikepdf.Name("/" + font.name),
                Ascent=891,
                Descent=-216,
                Flags=4 if font.maps == "bare" else 32,
                FontBBox=[-200, -250, 1200, 950],
                ItalicAngle=0,
                CapHeight=660,
                StemV=80,
            )
        )

    def _map(self, chars: dict[int, str], length: int) -> pikepdf.Stream:
        rows = "\n".join(
            f"<{code:0{2 * length}x}> <{char.encode('utf-16-be').hex()}>" for code, char in sorted(chars.items())
        )
        span = f"<{'00' * length}> <{'ff' * length}>"
        text = f"""/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapType 2 def
1 begincodespacerange {span} endcodespacerange
{len(chars)} beginbfchar
{rows}
endbfchar endcmap end end"""
        return pikepdf.Stream(self.pdf, text.encode())


def _coded(word: str, font: Font) -> bytes:
    if font.maps == "unicode":
        return word.encode("utf-16-be")
    return to_bytes(word.lower() if font.capitals else word, font.encoding)


def _width(unit: int, font: Font) -> int:
    if font.encoding is Encoding.VNI and chr(unit) in "ùøûõïâáàåãäêéèúüëÙØÛÕÏÂÁÀÅÃÄÊÉÈÚÜË":
        return 0  # marks take no room
    char = chr(unit) if font.maps == "unicode" else TABLES.get(font.encoding, {}).get(unit, _char(unit))
    char = char.upper() if font.capitals else char
    return round(_measure().getlength(char)) or 500


def wrapped(words: Sequence[str], points: float, size: float) -> list[str]:
    """Words in lines of at most that width."""
    lines, line = [], ""
    for word in words:
        longer = f"{line} {word}".strip()
        if line and _measure().getlength(longer) * size / 1000 > points:
            lines.append(line)
            longer = word
        line = longer
    return [*lines, line]


def abc_runs(line: str, font: Font, capital: Font) -> list[tuple[str, Font]]:
    """A line in the two fonts that TCVN3 needs: capitals with marks come from the one that draws them."""
    runs: list[tuple[str, Font]] = []
    for char in line:
        needs = char.isupper() and not char.isascii() and char not in "ĂÂÊÔƠƯĐ"
        chosen = capital if needs else font
        if runs and runs[-1][1] is chosen:
            runs[-1] = (runs[-1][0] + char, chosen)
        else:
            runs.append((char, chosen))
    return runs
