"""Vietnamese encodings of before Unicode: which letter each code stood for.

A text in one of them reaches us as characters that stand for its bytes. `code` finds the byte again, whichever way
the characters were named: by Windows' code page 1252, as private or control characters, or by the look-alikes that
PDF writers put in their place.
"""

import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache


class Encoding(StrEnum):
    """How a text's characters are to be taken; `UNICODE` is as they stand."""

    UNICODE = "unicode"
    TCVN3 = "tcvn3"
    VNI = "vni"
    VISCII = "viscii"
    VPS = "vps"
    CP1258 = "windows-1258"
    VIQR = "viqr"


def _table(pairs: str) -> dict[int, str]:
    """`"B5à B6ả"` as codes and letters."""
    return {int(pair[:2], 16): pair[2:] for pair in pairs.split()}


# TCVN 5712:1993, third form, called ABC: no capitals but these seven, the fonts whose names end in H draw the rest.
TCVN3 = _table(
    """A1Ă A2Â A3Ê A4Ô A5Ơ A6Ư A7Đ A8ă A9â AAê ABô ACơ ADư AEđ B5à B6ả B7ã B8á B9ạ BBằ BCẳ BDẵ BEắ
    C6ặ C7ầ C8ẩ C9ẫ CAấ CBậ CCè CEẻ CFẽ D0é D1ẹ D2ề D3ể D4ễ D5ế D6ệ D7ì D8ỉ DCĩ DDí DEị DFò E1ỏ E2õ E3ó E4ọ
    E5ồ E6ổ E7ỗ E8ố E9ộ EAờ EBở ECỡ EDớ EEợ EFù F1ủ F2ũ F3ú F4ụ F5ừ F6ử F7ữ F8ứ F9ự FAỳ FBỷ FCỹ FDý FEỵ"""
)
VISCII = _table(
    """02Ẳ 05Ẵ 06Ẫ 14Ỷ 19Ỹ 1EỴ 80Ạ 81Ắ 82Ằ 83Ặ 84Ấ 85Ầ 86Ẩ 87Ậ 88Ẽ 89Ẹ 8AẾ 8BỀ 8CỂ 8DỄ 8EỆ 8FỐ 90Ồ 91Ổ 92Ỗ 93Ộ 94Ợ
    95Ớ 96Ờ 97Ở 98Ị 99Ỏ 9AỌ 9BỈ 9CỦ 9DŨ 9EỤ 9FỲ A0Õ A1ắ A2ằ A3ặ A4ấ A5ầ A6ẩ A7ậ A8ẽ A9ẹ AAế ABề ACể ADễ AEệ AFố
    B0ồ B1ổ B2ỗ B3Ỡ B4Ơ B5ộ B6ờ B7ở B8ị B9Ự BAỨ BBỪ BCỬ BDơ BEớ BFƯ C0À C1Á C2Â C3Ã C4Ả C5Ă C6ẳ C7ẵ C8È C9É CAÊ
    CBẺ CCÌ CDÍ CEĨ CFỳ D0Đ D1ứ D2Ò D3Ó D4Ô D5ạ D6ỷ D7ừ D8ử D9Ù DAÚ DBỹ DCỵ DDÝ DEỡ DFư E0à E1á E2â E3ã E4ả E5ă
    E6ữ E7ẫ E8è E9é EAê EBẻ ECì EDí EEĩ EFỉ F0đ F1ự F2ò F3ó F4ô F5õ F6ỏ F7ọ F8ụ F9ù FAú FBũ FCủ FDý FEợ FFỮ"""
)
# Where capital and small letter share a code, the small one is meant.
VPS = _table(
    """E1á E0à E4ả E3ã E5ạ E6ă A1ắ A2ằ A3ẳ A4ẵ A5ặ E2â C3ấ C0ầ C4ẩ C5ẫ C6ậ E9é E8è C8ẻ EBẽ CBẹ EAê 89ế 8Aề 8Bể CDễ
    8Cệ F3ó F2ò D5ỏ F5õ 86ọ F4ô D3ố D2ồ B0ổ 87ỗ B6ộ D6ơ A7ớ A9ờ AAở ABỡ AEợ FAú F9ù FBủ DBũ F8ụ DCư D9ứ D8ừ BAử
    BBữ BFự EDí ECì CCỉ EFĩ CEị 9Aý FFỳ 9Bỷ CFỹ 9Cỵ C7đ F1Đ C1Á 80À 81Ả 82Ã C2Â 83Ấ 84Ầ 85Ẩ 88Ă 8DẮ 8EẰ 8FẲ F0Ẵ
    C9É D7È DEẺ FEẼ CAÊ 90Ế 93Ề 94Ể 95Ễ B9Ó BCÒ BDỎ BEÕ D4Ô 96Ố 97Ồ 98Ổ 99Ỗ F7Ơ 9DỚ 9EỜ 9FỞ A6Ỡ DAÚ A8Ù D1Ủ ACŨ
    D0Ư ADỨ AFỪ B1Ử B4Í B5Ì B7Ỉ B8Ĩ DDÝ B2Ỳ FDỶ B3Ỹ"""
)
ONE_TO_ONE: Mapping[Encoding, Mapping[int, str]] = {
    Encoding.TCVN3: TCVN3,
    Encoding.VISCII: VISCII,
    Encoding.VPS: VPS,
}

# VNI for Windows: a letter, then a mark that takes a place of its own; some letters have a code to themselves.
_TONES = ("\u0301", "\u0300", "\u0309", "\u0303", "\u0323")  # sắc, huyền, hỏi, ngã, nặng
_PLAIN = tuple(zip("ùøûõï", _TONES, strict=True))
_CIRCUMFLEX = tuple(zip("âáàåãä", ("", *_TONES), strict=True))
_BREVE = tuple(zip("êéèúüë", ("", *_TONES), strict=True))
VNI_LETTERS = dict(zip("ñöôæóòîÑÖÔÆÓÒÎ", "đươỉĩịỵĐƯƠỈĨỊỴ", strict=True))


def _vni_pairs() -> dict[str, str]:
    """Letter and mark as VNI writes them, and the letter they make; marks in either case."""
    bases = {letter: letter for letter in "aeouy"} | {"ô": "ơ", "ö": "ư"}
    made = {base + mark: letter + tone for base, letter in bases.items() for mark, tone in _PLAIN}
    made |= {letter + mark: letter + "\u0302" + tone for letter in "aeo" for mark, tone in _CIRCUMFLEX}
    made |= {"a" + mark: "a\u0306" + tone for mark, tone in _BREVE}
    return {
        case(pair[0]) + mark: unicodedata.normalize("NFC", case(letter))
        for pair, letter in made.items()
        for case in (str.lower, str.upper)
        for mark in (pair[1], pair[1].upper())
    }


VNI_PAIRS = _vni_pairs()

# What stands in PDFs for a code of 1252 besides 1252's own character.
_LOOK_ALIKES = {
    "\u2212": 0xAD, "\u2010": 0xAD, "\u2011": 0xAD, "\u2219": 0xB7, "\u22c5": 0xB7, "\u03bc": 0xB5, "\u0110": 0xD0,
    "\u0111": 0xF0, "\u02c9": 0xAF, "\u0304": 0xAF, "\u0327": 0xB8, "\u0301": 0xB4, "\u0308": 0xA8, "\u2126": 0x57,
}  # fmt: skip
_PRIVATE = range(0xF000, 0xF100)


@lru_cache(maxsize=1 << 12)
def code(char: str) -> int | None:
    """The byte (0 to 255) that one character of such a text stands for, or None when it cannot be one."""
    point = ord(char)
    if point < 0x100:
        return point
    if point in _PRIVATE:
        return point - _PRIVATE.start
    try:
        return char.encode("cp1252")[0]
    except UnicodeEncodeError:
        return _LOOK_ALIKES.get(char)
