"""Bytes as people say them."""

_UNITS = ("B", "KB", "MB", "GB", "TB")


def spoken(size: int) -> str:
    """`size` bytes in the largest unit of which there is one at least, with a decimal comma: 1,5 GB."""
    amount, unit = float(size), 0
    while amount >= 1024 and unit < len(_UNITS) - 1:
        amount, unit = amount / 1024, unit + 1
    text = f"{amount:.1f}" if unit else str(size)
    return f"{text.removesuffix('.0').replace('.', ',')} {_UNITS[unit]}"
