"""`python -m infra.demo.analysis docs/analysis.md`: the ten questions, asked of the sample shop."""

import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from exporter.lake.catalog import open_catalog
from exporter.queries import QUESTIONS, LakeQueries, Question, Result
from fashion_kit.aws import client
from fashion_kit.ids import new_id
from infra.demo.sample import LAST_DAY, write_sample
from infra.local.aws_endpoint import AwsEndpoint
from infra.local.settings import adopted

_HEAD = """# Ten questions to the lake

What a manager asks each morning, in Athena's SQL. The questions are files in `services/exporter/src/exporter/queries/named/`; Athena
keeps the same texts as named queries of the workgroup `fashion-store`, where the day is yesterday. This page is written by
`make lake-docs`; a test asks all ten again and says when it is stale. What a column means: [data dictionary](lake.md).

## Quick start

```
make up                                        # in one terminal
make query                                     # lists the questions
make query NAME=best_sellers DAY=2026-03-08    # asks one, by default of yesterday
make query SQL="SELECT type, COUNT(*) AS n FROM events WHERE business_day = DATE '2026-03-08' GROUP BY type"
make marts                                     # renews what the questions ask, if the night did not
```

`python -m infra.local run exporter query --name cohorts --format csv` prints the same for other programs (`json`: one object a line).

The answers below are those of the sample shop: sixty days of a made-up fashion store up to Sunday 8 March 2026, always the same
(`infra/src/infra/demo/sample.py`). In it shoes come into fashion on the last day, kurtas are bought with bags, and watches lie in stock.
"""


def analysis(queries: LakeQueries) -> str:
    """Return the page."""
    sections = [
        _section(number, question, queries.query(question.sql, **question.parameters(LAST_DAY)))
        for number, question in enumerate(QUESTIONS, start=1)
    ]
    return "\n".join([_HEAD, *sections])


def sample_lake() -> LakeQueries:
    """Return the sample shop in a lake of its own, at the endpoint that the environment names."""
    name = f"sample-{new_id().lower()}"
    client("s3").create_bucket(Bucket=name)
    catalog = open_catalog()
    catalog.create_namespace(name)
    return write_sample(catalog, database=name, bucket=name)


def _section(number: int, question: Question, answer: Result) -> str:
    told = f" DAY={LAST_DAY}" if question.asks_day else ""
    lines = [f"## {number}. {question.title}", "", f"`make query NAME={question.name}{told}`", ""]
    lines += ["```sql", question.sql.rstrip(), "```", ""]
    lines += [_row(answer.columns), _row(["---"] * len(answer.columns)), *map(_row, answer.rows)]
    return "\n".join([*lines, ""])


def _row(cells: Sequence[object]) -> str:
    return f"| {' | '.join('' if cell is None else str(cell) for cell in cells)} |"


def main(arguments: Sequence[str]) -> None:
    """Write the page to the path given."""
    [path] = arguments
    with TemporaryDirectory() as folder:
        endpoint = AwsEndpoint(Path(folder))
        endpoint.start()
        try:
            with adopted(endpoint.environment()):
                Path(path).write_text(analysis(sample_lake()))
        finally:
            endpoint.stop()


if __name__ == "__main__":
    main(sys.argv[1:])
