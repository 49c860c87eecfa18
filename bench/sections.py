"""Each benchmark's place in docs/benchmarks.md."""

from pathlib import Path

FILE = Path(__file__).parents[1] / "docs" / "benchmarks.md"


def write_section(name: str, section: str) -> None:
    """Put `section` between the marks of benchmark `name`; the rest of the file stays as it is."""
    start, end = f"<!-- {name}:start -->", f"<!-- {name}:end -->"
    text = FILE.read_text("utf-8") if FILE.exists() else "# Benchmarks\n"
    marked = f"{start}\n{section.strip()}\n{end}"
    if start in text and end in text:
        before, rest = text.split(start, 1)
        text = before + marked + rest.split(end, 1)[1]
    else:
        text = f"{text.rstrip()}\n\n{marked}\n"
    FILE.write_text(text, "utf-8")
