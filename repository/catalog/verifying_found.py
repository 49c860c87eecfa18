"""What verifying found."""

from dataclasses import dataclass, field

MOST_TOLD = 10_000


@dataclass(slots=True)
class Verified:
    """What was looked at and what was wrong: Vietnamese sentences in `problems`; `left` counts those not mended, `more`
    those beyond the first MOST_TOLD, which are only counted. `withdrawn` masters are away by law, not lost."""

    masters: int = 0
    pages: int = 0
    problems: list[str] = field(default_factory=list)
    left: int = 0
    more: int = 0
    withdrawn: int = 0
    notes: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return {
            "masters": self.masters,
            "pages": self.pages,
            "problems": self.problems,
            "left": self.left,
            "more": self.more,
            "withdrawn": self.withdrawn,
            "notes": self.notes,
        }

    def add(self, problem: str, mended: bool, how: str = "Đã giao làm lại.") -> None:
        """Note a problem; `how` says what was done when it is mended."""
        self.left += not mended
        if len(self.problems) < MOST_TOLD:
            self.problems.append(f"{problem} {how}" if mended else problem)
        else:
            self.more += 1

    def note(self, sentence: str) -> None:
        """Say something that is no problem."""
        if len(self.notes) < MOST_TOLD:
            self.notes.append(sentence)
