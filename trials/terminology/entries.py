"""Terms as a file gives them, and what is wrong with a file."""

from dataclasses import dataclass, field

from trials.faults import FaultyFile


class DictionaryError(FaultyFile):
    """Every fault that was found, each naming file or sheet, row and column; the first of them are kept."""

    most = 20


@dataclass(frozen=True)
class TermEntry:
    """A term as it stands in a file. `parent` is the code of the term above it; `where`: its place there."""

    term: str
    system_organ_class: str
    code: str = ""
    grades: str = ""
    descriptions: dict[str, str] = field(default_factory=dict)
    definition: str = ""
    note: str = ""
    parent: str = ""
    high_level_term: str = ""
    high_level_group_term: str = ""
    is_current: bool = True
    where: str = ""
