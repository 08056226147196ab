"""Permuted-block randomization, specified here completely so that a list can be regenerated for ever.

The algorithm is named `permuted-blocks-sha256-v1`. It uses SHA-256 (FIPS 180-4) and integers only; no
library's random number generator takes part. Any change of a result is a new algorithm with a new name.

1. Stream. A stratum's tag is the first 8 bytes of SHA-256(UTF-8 of the algorithm's name, one line feed
   (0x0A), UTF-8 of the stratum's name). Piece number c of the stream (c = 0, 1, 2, ...) is
   SHA-256(seed bytes, tag, c as 8 bytes big-endian): 32 bytes, read as eight 32-bit big-endian words in
   order. Strata therefore have independent streams, and a stratum's list depends on no other stratum.
2. below(n), for 1 <= n <= 2^32: draw words until one is less than the largest multiple of n that does not
   exceed 2^32; the result is that word modulo n. Every call draws at least one word, also for n = 1.
3. Block. Block sizes are put in ascending order; the size is the one at index below(number of sizes),
   drawn anew for every block. With arms in ascending order of their codes (by code point), the block
   starts as size x ratio / (sum of ratios) copies of each code, and is shuffled: for i = size - 1 down
   to 1, the elements at i and at below(i + 1) change places (Fisher-Yates, as in Durstenfeld 1964).
4. List. Blocks follow each other; the list ends after `length` slots, where the last block may be cut. A
   longer list of the same stratum begins with the shorter one.

Seed and list are secret until the trial is unblinded; errors never repeat them.
"""

import json
from collections.abc import Iterator, Sequence
from hashlib import sha256

ALGORITHM = "permuted-blocks-sha256-v1"

MIN_SEED_BYTES = 16
MAX_SEED_BYTES = 1024
NONCE_BYTES = 32
MAX_LENGTH = 100_000
MAX_BLOCK_SIZE = 1_000
MAX_NAME = 200

_WORD_VALUES = 2**32


class RandomizationError(ValueError):
    """A list cannot be made from these settings; the message names the setting and the reason."""


class WordStream:
    """The stream of 32-bit words of one stratum (steps 1 and 2 of the algorithm).

    >>> stream = WordStream(seed=bytes(range(16)), stratum="ECOG 0")
    >>> [stream.below(6) for _ in range(8)]
    [4, 3, 2, 5, 3, 0, 0, 3]
    """

    def __init__(self, *, seed: bytes, stratum: str) -> None:
        tag = sha256(f"{ALGORITHM}\n{stratum}".encode()).digest()[:8]
        self._words = _words(bytes(seed) + tag)

    def below(self, n: int) -> int:
        """An integer from 0 to n - 1, each equally likely; n from 1 to 2^32, or RandomizationError."""
        if not 1 <= n <= _WORD_VALUES:
            raise RandomizationError("n must be from 1 to 2^32")
        limit = _WORD_VALUES - _WORD_VALUES % n
        return next(word for word in self._words if word < limit) % n


def allocate(
    *, seed: bytes, stratum: str, arms: Sequence[tuple[str, int]], block_sizes: Sequence[int], length: int
) -> list[str]:
    """The arm codes of the first `length` slots of a stratum, by the algorithm of this module.

    `arms` are (code, ratio) pairs; neither their order nor that of the block sizes changes the list. An
    unstratified list has the stratum "". Raises RandomizationError for a seed shorter than 16 bytes, fewer
    than two arms, a code or block size given twice, a ratio below 1, a block size that is no multiple
    of the sum of the ratios, and a length outside 1 to 100,000.

    >>> "".join(allocate(seed=bytes(range(16)), stratum="ECOG 0", arms=[("A", 1), ("B", 1)],
    ...                  block_sizes=[4, 6], length=10))
    'AABBBABABA'
    """
    _require_seed(seed)
    _require_name("stratum", stratum)
    _require_arms(arms)
    _require_block_sizes(block_sizes, sum(ratio for _, ratio in arms))
    if not 1 <= length <= MAX_LENGTH:
        raise RandomizationError(f"length must be from 1 to {MAX_LENGTH}")
    stream = WordStream(seed=seed, stratum=stratum)
    sizes = sorted(block_sizes)
    slots: list[str] = []
    while len(slots) < length:
        slots += _block(stream, arms, sizes[stream.below(len(sizes))])
    return slots[:length]


def published_text(
    *,
    nonce: bytes,
    seed: bytes,
    block_sizes: Sequence[int],
    arms: Sequence[tuple[str, int]],
    slots: Sequence[tuple[str, int, str]],
) -> str:
    """The canonical text whose digest is published before the first subject and which is shown at the end.

    Lines of ASCII, each ended by one line feed: `nonce` and `seed` in lower-case hexadecimal, `algorithm`,
    `block_sizes` in ascending order, one line `arm` per arm by code (JSON array of code and ratio), one
    line `slot` per slot by stratum and number (JSON array of stratum, number, arm). JSON without blanks,
    non-ASCII characters as \\uXXXX. The nonce stands first and keeps the digest from being guessed.
    Raises RandomizationError like `allocate`, and for a nonce that is not 32 bytes, no slots, a slot
    number below 1, a slot given twice, and a slot of an unknown arm.

    >>> print(published_text(nonce=bytes(32), seed=bytes(16), block_sizes=[4, 2], arms=[("B", 1), ("A", 1)],
    ...                      slots=[("", 2, "B"), ("", 1, "A")]), end="")
    nonce 0000000000000000000000000000000000000000000000000000000000000000
    algorithm permuted-blocks-sha256-v1
    seed 00000000000000000000000000000000
    block_sizes 2 4
    arm ["A",1]
    arm ["B",1]
    slot ["",1,"A"]
    slot ["",2,"B"]
    """
    if not isinstance(nonce, bytes) or len(nonce) != NONCE_BYTES:
        raise RandomizationError(f"nonce must be {NONCE_BYTES} bytes")
    _require_seed(seed)
    _require_arms(arms)
    _require_block_sizes(block_sizes, sum(ratio for _, ratio in arms))
    _require_slots(slots, {code for code, _ in arms})
    lines = [
        f"nonce {nonce.hex()}",
        f"algorithm {ALGORITHM}",
        f"seed {seed.hex()}",
        f"block_sizes {' '.join(str(size) for size in sorted(block_sizes))}",
        *(f"arm {_json(arm)}" for arm in sorted(arms)),
        *(f"slot {_json(slot)}" for slot in sorted(slots)),
    ]
    return "".join(f"{line}\n" for line in lines)


def published_digest(
    *,
    nonce: bytes,
    seed: bytes,
    block_sizes: Sequence[int],
    arms: Sequence[tuple[str, int]],
    slots: Sequence[tuple[str, int, str]],
) -> str:
    """SHA-256 of `published_text`, in lower-case hexadecimal: publish it, and show the text at unblinding.

    Anyone can then compare the shown text with the published digest with any SHA-256 program. Raises like
    `published_text`.

    >>> published_digest(nonce=bytes(32), seed=bytes(16), block_sizes=[4, 2], arms=[("B", 1), ("A", 1)],
    ...                  slots=[("", 2, "B"), ("", 1, "A")])
    '39443ca6bdc09d0123514c54e1f61af70409e0eb2e87b271678dae0bc6b529df'
    """
    text = published_text(nonce=nonce, seed=seed, block_sizes=block_sizes, arms=arms, slots=slots)
    return sha256(text.encode("ascii")).hexdigest()


def _words(key: bytes) -> Iterator[int]:
    counter = 0
    while True:
        piece = sha256(key + counter.to_bytes(8, "big")).digest()
        for start in range(0, len(piece), 4):
            yield int.from_bytes(piece[start : start + 4], "big")
        counter += 1


def _block(stream: WordStream, arms: Sequence[tuple[str, int]], size: int) -> list[str]:
    per_ratio = size // sum(ratio for _, ratio in arms)
    block = [code for code, ratio in sorted(arms) for _ in range(ratio * per_ratio)]
    for i in range(size - 1, 0, -1):
        j = stream.below(i + 1)
        block[i], block[j] = block[j], block[i]
    return block


def _json(values: Sequence[str | int]) -> str:
    return json.dumps(list(values), ensure_ascii=True, separators=(",", ":"))


def _require_seed(seed: bytes) -> None:
    if not isinstance(seed, bytes) or not MIN_SEED_BYTES <= len(seed) <= MAX_SEED_BYTES:
        raise RandomizationError(f"seed must be {MIN_SEED_BYTES} to {MAX_SEED_BYTES} bytes")


def _require_name(what: str, name: str) -> None:
    if len(name) > MAX_NAME:
        raise RandomizationError(f"{what} must have at most {MAX_NAME} characters")
    if any(0xD800 <= ord(character) <= 0xDFFF for character in name):
        raise RandomizationError(f"{what} holds a character that has no UTF-8 form")


def _require_arms(arms: Sequence[tuple[str, int]]) -> None:
    codes = [code for code, _ in arms]
    if len(codes) < 2:
        raise RandomizationError("arms must be at least two")
    if "" in codes or len(set(codes)) < len(codes):
        raise RandomizationError("arms must have codes that are not empty and differ")
    for code, ratio in arms:
        _require_name("arm code", code)
        if type(ratio) is not int or ratio < 1:
            raise RandomizationError("each arm's ratio must be a whole number of 1 or more")


def _require_block_sizes(block_sizes: Sequence[int], ratio_sum: int) -> None:
    if not block_sizes or len(set(block_sizes)) < len(block_sizes):
        raise RandomizationError("block_sizes must hold at least one size, and none twice")
    for size in block_sizes:
        if type(size) is not int or not 1 <= size <= MAX_BLOCK_SIZE or size % ratio_sum:
            reason = f"a multiple of the sum of the ratios ({ratio_sum}), up to {MAX_BLOCK_SIZE}"
            raise RandomizationError(f"each block size must be {reason}")


def _require_slots(slots: Sequence[tuple[str, int, str]], codes: set[str]) -> None:
    if not slots:
        raise RandomizationError("slots must hold at least one slot")
    if len({(stratum, number) for stratum, number, _ in slots}) < len(slots):
        raise RandomizationError("slots must not name the same stratum and number twice")
    for stratum, number, arm in slots:
        _require_name("stratum", stratum)
        if type(number) is not int or number < 1:
            raise RandomizationError("each slot number must be a whole number of 1 or more")
        if arm not in codes:
            raise RandomizationError("each slot must hold one of the arms")
