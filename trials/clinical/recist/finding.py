"""What is remarked on: a rule that is not kept, or cannot be judged, in words."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """A remark. `rule` is a fixed code, `lesions` the labels it concerns, `words` a whole sentence.

    >>> Finding("too_many_targets", ("T1", "T2"), "there are 6 target lesions, 5 at most are followed").rule
    'too_many_targets'
    """

    rule: str
    lesions: tuple[str, ...]
    words: str
