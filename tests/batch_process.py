"""A batch of 200 rows in a process of its own, which a test kills: it keeps its finished rows, and goes on from them.

    python -m tests.batch_process URL FOLDER [JOB_ID]

Says a line for its job, for each kept row, and a last one with all results in the order of the rows.
"""

import asyncio
import gc
import json
import sys
import tracemalloc
from contextlib import aclosing
from pathlib import Path

from chat_core import ChatRequest, Connection, user
from chat_core.batch import Item, ItemDone, run
from chat_core.job_store import Job, JobStore, Row, row_key
from chat_core.settings import Clocks

ROWS = 200
PASSES = 10
# Rows after which all that stays in memory for good is there, the list of prices for one.
SETTLED = 20
MODEL = "gpt-4o-mini"
PROMPT = "Say it again."
CLOCKS = Clocks(first_token=60, patient_first_token=60, silence=60, retry_pause=0.01)


def say(word: str, value: object) -> None:
    print(json.dumps({word: value}), flush=True)


def key(number: int) -> str:
    return row_key(content=f"row {number}", schema=None, model=MODEL, prompt=PROMPT)


def item(number: int) -> Item:
    async def request() -> ChatRequest:
        return ChatRequest(MODEL, (user(f"row {number}"),), persona=PROMPT)

    return Item(key(number), request)


async def finish(connection: Connection, job: Job) -> int:
    """Run what is not kept yet, failed rows again; how many bytes memory grew by since it had settled."""
    kept = 0
    for _ in range(PASSES):
        todo = [item(number) for number in range(ROWS) if key(number) not in job]
        async with aclosing(run(connection, todo, clocks=CLOCKS)) as progress:
            async for event in progress:
                if not isinstance(event, ItemDone):
                    continue
                assert event.completion.finished is not None
                finished = event.completion.finished
                row = Row(event.key, event.completion.text, finished.usage, finished.cost, "plain")
                assert await job.put(row) is None
                kept += 1
                say("kept", len(job))
                if kept == SETTLED:
                    tracemalloc.start()
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


async def main(url: str, folder: str, job_id: str = "") -> None:
    store = JobStore(Path(folder))
    async with await (store.resume(job_id) if job_id else store.begin()) as job:
        say("job", job.id)
        grown = await finish(Connection("custom", url, "sk-test-1234567890abcdef"), job)
        rows = [row async for row in job.rows(key(number) for number in range(ROWS))]
        texts = [row.value[:20].strip() if row else None for row in rows]
        say("ended", {"texts": texts, "spent": str(job.spent), "grown": grown})


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
