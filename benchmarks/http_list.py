"""A page of a hundred laboratory samples with their results over HTTP."""

import json

from benchmarks import plain, wide
from benchmarks.rounds import Compared, compare, timed
from benchmarks.server import Client

SIZE = 100
TIMES = 3
PATH = f"/api/v1/lab-samples/?page_size={SIZE}"


def measure(port: int, token: str, rounds: int, queries: int) -> Compared:
    """Seconds for one page; raw: one joined SELECT of the same columns and `json.dumps`."""
    client, connection = Client(port, token), plain.connect()
    samples = json.loads(client.get(PATH))["results"]
    results = sum(len(each["results"]) for each in samples)

    def raw() -> None:
        shown = raw_page(connection)
        assert sum(len(each["results"]) for each in json.loads(shown)) == results

    found = compare(
        f"page of {len(samples)} samples with {results} results over HTTP",
        timed(lambda: client.get(PATH), TIMES),
        timed(lambda: raw_page(connection), TIMES),
        rounds=rounds,
        per=TIMES,
        unit="page",
        note=f"{queries} queries",
    )
    raw()
    client.close()
    connection.close()
    return found


def raw_page(connection: plain.Plain) -> str:
    """The same samples, each with its results under it, as JSON."""
    columns, lines = wide.page(connection, SIZE)
    samples: dict[int, dict[str, object]] = {}
    split = next(place for place, name in enumerate(columns) if name.startswith("result."))
    end = len(columns) - wide.CODES.count(",") - 1
    for line in lines:
        if line[0] not in samples:
            own = dict(zip(columns[:split] + columns[end:], line[:split] + line[end:], strict=True))
            samples[line[0]] = {**own, "results": []}
        held = samples[line[0]]["results"]
        assert isinstance(held, list)
        held.append(dict(zip(columns[split:end], line[split:end], strict=True)))
    return json.dumps(list(samples.values()), default=str)
