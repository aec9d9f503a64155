"""200 rows extracted in a process of its own, which a test kills: it keeps its finished rows, and goes on from them.

    python -m tests.batch_process URL FOLDER [JOB_ID]

Says a line for its job, for each kept answer, and a last one with all results in the order of the rows.
"""

import asyncio
import gc
import json
import sys
import tracemalloc
from contextlib import aclosing
from pathlib import Path

from chat_core import Connection, RowDone, RowResult, RowSource, extract_rows, extraction_task
from chat_core.extract_task import Source
from chat_core.field_table import Field, schema_of
from chat_core.job_store import Job, JobStore, row_key
from chat_core.settings import Clocks

ROWS = 200
PASSES = 10
# Answers after which all that stays in memory for good is there, the list of prices for one.
SETTLED = 20
SCHEMA = schema_of([Field("row"), Field("text")])
PROMPT = "Say it again."
TASK = extraction_task(SCHEMA, model="gpt-4o-mini", instructions=PROMPT)
CLOCKS = Clocks(first_token=60, patient_first_token=60, silence=60, retry_pause=0.01)


def say(word: str, value: object) -> None:
    print(json.dumps({word: value}), flush=True)


def key(number: int) -> str:
    return row_key(content=f"row {number}", schema=SCHEMA, model=TASK.model, prompt=PROMPT)


def row(number: int) -> RowSource:
    async def read() -> Source:
        return f"row {number}"

    return RowSource(key(number), read)


async def finish(connection: Connection, job: Job) -> int:
    """Run what is not kept yet, failed rows again; how many bytes memory grew by since it had settled."""
    kept = 0
    for _ in range(PASSES):
        rows = [row(number) for number in range(ROWS)]
        async with aclosing(extract_rows(connection, TASK, rows, job=job, clocks=CLOCKS)) as events:
            async for event in events:
                if not isinstance(event, RowDone):
                    continue
                assert event.lost is None
                kept += 1
                say("kept", kept)
                if kept == SETTLED:
                    tracemalloc.start()
    # The last pass has left what it was given.
    del rows, events, event
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


async def main(url: str, folder: str, job_id: str = "") -> None:
    store = JobStore(Path(folder))
    async with await (store.resume(job_id) if job_id else store.begin()) as job:
        say("job", job.id)
        grown = await finish(Connection("custom", url, "sk-test-1234567890abcdef"), job)
        results = [
            RowResult.from_row(kept) if kept else None async for kept in job.rows(key(number) for number in range(ROWS))
        ]
        names = [result.data["row"] if result and result.valid else None for result in results]
        repaired = sum(result.repaired for result in results if result)
        say("ended", {"rows": names, "repaired": repaired, "spent": str(job.spent), "grown": grown})


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
