"""Checks a proof of randomization: plain Python, standard library only, one file, no part of the system.

    python verify.py [--published SHA256 ...]

Put it beside the files of the proof (a copy of it lies there). It prints what it checked and what does not
fit, and ends with status 0 or 1. Give the digests that were published before the first subject: without
them it can say only that the files agree with each other. It is written anew from the descriptions of the
algorithms and shares no code with what made the list.
"""

import argparse
import csv
import hashlib
import hmac
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Lines = list[str]


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def compact(*values: Any) -> str:
    """One line of the published text.

    >>> compact("", 1, "A")
    '["",1,"A"]'
    """
    return json.dumps(list(values), separators=(",", ":"))


# ---------------------------------------------------------------- the list from its seed
def numbers(key: bytes) -> Iterator[int]:
    """32-bit numbers: SHA-256 of key and counter, cut into eight."""
    counter = 0
    while True:
        digest = hashlib.sha256(key + counter.to_bytes(8, "big")).digest()
        yield from (int.from_bytes(digest[at : at + 4], "big") for at in range(0, 32, 4))
        counter += 1


def arms_from_seed(
    algorithm: str, seed: bytes, sizes: list[int], arms: list[list[Any]], stratum: str, length: int
) -> list[str]:
    """The arms of the first slots of a stratum: permuted blocks of sizes drawn anew."""
    tag = hashlib.sha256(f"{algorithm}\n{stratum}".encode()).digest()[:8]
    stream = numbers(seed + tag)

    def below(n: int) -> int:
        while True:
            word = next(stream)
            if word < 2**32 // n * n:
                return word % n

    shares = sum(share for _code, share in arms)
    drawn: list[str] = []
    while len(drawn) < length:
        size = sorted(sizes)[below(len(sizes))]
        block = [code for code, share in sorted(arms) for _ in range(share * size // shares)]
        for last in reversed(range(1, size)):
            other = below(last + 1)
            block[last], block[other] = block[other], block[last]
        drawn += block
    return drawn[:length]


def text_from_seed(text: str) -> str:
    """The slot lines of a published text, made again from the parameters at its head."""
    head: dict[str, str] = {}
    arms: list[list[Any]] = []
    lengths: dict[str, int] = {}
    for line in text.splitlines():
        word, _blank, rest = line.partition(" ")
        if word == "arm":
            arms.append(json.loads(rest))
        elif word == "slot":
            stratum, number, _arm = json.loads(rest)
            lengths[stratum] = max(number, lengths.get(stratum, 0))
        else:
            head[word] = rest
    sizes, seed = [int(size) for size in head["block_sizes"].split()], bytes.fromhex(head["seed"])
    made = ""
    for stratum, length in sorted(lengths.items()):
        drawn = arms_from_seed(head["algorithm"], seed, sizes, arms, stratum, length)
        made += "".join(f"slot {compact(stratum, n, arm)}\n" for n, arm in enumerate(drawn, 1))
    return made


# ---------------------------------------------------------------- what was published
def within(lines: Lines, word: str, lengths: dict[str, int]) -> str:
    """The file as it was when its strata had these lengths."""

    def kept(line: str) -> bool:
        if not line.startswith(f"{word} "):
            return True
        stratum, number = json.loads(line.removeprefix(f"{word} ").rpartition("]")[0] + "]")[:2]
        return number <= lengths.get(stratum, 0)

    return "".join(line for line in lines if kept(line))


def check_list(folder: Path, each: dict[str, Any], published: set[str]) -> Iterator[str]:
    """One list: its commitments and, where it is shown to its end, its whole text."""
    name, order = each["name"], each["order"]
    commitments = (folder / f"list-{order}-commitments.txt").read_text("ascii")
    whole = folder / f"list-{order}.txt"
    for number, then in enumerate(each["publications"], 1):
        kinds = [("commitments", "commitment", commitments, then["commitments_digest"])]
        if whole.exists():
            kinds.append(("text", "slot", whole.read_text("ascii"), then["digest"]))
        for kind, word, text, digest in kinds:
            if sha256(within(text.splitlines(keepends=True), word, then["lengths"])) != digest:
                yield f"list {name}: its {kind} do not give digest {number}"
            if published and digest not in published:
                yield f"list {name}: digest {number} of its {kind} is none of those published: {digest}"
    if whole.exists():
        yield from check_text(name, whole.read_text("ascii"), commitments)


def check_text(name: str, text: str, commitments: str) -> Iterator[str]:
    slots = "".join(line for line in text.splitlines(keepends=True) if line.startswith("slot "))
    if "\nseed " in text and text_from_seed(text) != slots:
        yield f"list {name}: the seed does not give these slots"
    nonce, made = bytes.fromhex(text.split()[1]), commitments.splitlines(keepends=True)[:1]
    for line in slots.splitlines():
        stratum, number, arm = json.loads(line.removeprefix("slot "))
        made.append(f"commitment {commitment(stratum, number, arm, salt(nonce, stratum, number))}\n")
    if "".join(made) != commitments:
        yield f"list {name}: its slots do not give its commitments"


def salt(nonce: bytes, stratum: str, number: int) -> str:
    text = f"slot-commitments-sha256-v1\n{compact(stratum, number)}"
    return hmac.new(nonce, text.encode("ascii"), hashlib.sha256).hexdigest()


def commitment(stratum: str, number: int, arm: str, its_salt: str) -> str:
    opened = f"{compact(stratum, number, arm)} {its_salt}\n"
    return f"{compact(stratum, number)} {sha256(opened)}"


# ---------------------------------------------------------------- what was done
def check_allocations(folder: Path, lists: list[dict[str, Any]]) -> Iterator[str]:
    """Each allocation opens its commitment; slots were given in order, none twice, none left out."""
    committed = {
        (str(each["order"]), line.removeprefix("commitment "))
        for each in lists
        for line in (folder / f"list-{each['order']}-commitments.txt").read_text("ascii").splitlines()
    }
    closed = {str(each["order"]) for each in lists if each["closed_at"]}
    used: dict[str, list[tuple[int, int]]] = {}
    subjects = set()
    for row in rows(folder / "allocations.csv"):
        where, number = f"allocation {row['order']}", int(row["slot"])
        if (row["list"], commitment(row["stratum"], number, row["arm"], row["salt"])) not in committed:
            yield f"{where}: arm and salt do not open the commitment of its slot"
        if row["subject"] in subjects:
            yield f"{where}: {row['subject']} was randomized twice"
        subjects.add(row["subject"])
        used.setdefault(row["stratum"], []).append((int(row["list"]), number))
    taken_out: dict[str, set[tuple[int, int]]] = {}
    for row in rows(folder / "unusable.csv"):
        taken_out.setdefault(row["stratum"], set()).add((int(row["list"]), int(row["slot"])))
    for stratum, places in used.items():
        if any(first >= second for first, second in zip(places, places[1:], strict=False)):
            yield f"stratum {stratum or '(none)'}: slots were not given in their order"
        gone = {*places, *taken_out.get(stratum, set())}
        for each in lists:
            order, length = each["order"], each["publications"][-1]["lengths"].get(stratum, 0)
            last = max((number for listed, number in places if listed == order), default=0)
            follows = any(listed > order for listed, _number in places)
            until = length if follows and str(order) not in closed else last
            for number in range(1, until + 1):
                if (order, number) not in gone:
                    yield f"stratum {stratum or '(none)'}: slot {number} of list {order} was left out"


def rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def faults(folder: Path, published: set[str]) -> list[str]:
    """Everything that does not fit; empty when the proof holds."""
    lists = json.loads((folder / "published.json").read_text("utf-8"))["lists"]
    found = [fault for each in lists for fault in check_list(folder, each, published)]
    return [*found, *check_allocations(folder, lists)]


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def main() -> int:
    parser = argparse.ArgumentParser(description="Check a proof of randomization.")
    parser.add_argument("--folder", type=Path, default=Path(__file__).resolve().parent)
    parser.add_argument("--published", nargs="+", default=[], metavar="SHA256")
    chosen = parser.parse_args()
    found = faults(chosen.folder, {digest.lower() for digest in chosen.published})
    for fault in found:
        say(f"DOES NOT FIT: {fault}")
    number = sum(1 for _row in rows(chosen.folder / "allocations.csv"))
    if not found:
        say(f"Proved: {number} allocations in the order of the list, none left out.")
        if not chosen.published:
            say("The digests were not compared with published ones: give them with --published.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
