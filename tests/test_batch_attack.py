"""The batch of the tab Extract JSON against large, odd and hostile rows, answers and events."""

from decimal import Decimal
from pathlib import Path

from chat_core.job_store import JobStore
from chat_ui import batch_run, wanted
from chat_ui.batch_job import Batch
from chat_ui.extract_job import Asked, Source

WANT = wanted.of_text('{"type": "object", "properties": {"name": {"type": "string"}, "sum": {"type": "number"}}}')
ASKED = Asked("", "Find them.", "gpt-4o-mini", WANT)
WON = Decimal(0)


def batch_of(*texts: str, name: str = "pasted") -> Batch:
    batch = Batch()
    for number, text in enumerate(texts, start=1):
        batch.add(Source("", name, "", status="ready"), text=text, number=number)
    return batch


# --- what is kept -----------------------------------------------------------------------------------------------------


async def test_a_long_korean_batch_can_be_started_and_found_again(tmp_path: Path) -> None:
    store = JobStore(tmp_path / "jobs")
    batch = batch_of(*(f"{number} " + "가나다라" * 200 for number in range(1_500)))
    await batch_run.open_job(batch, ASKED, store)
    assert batch.job is not None
    await batch.job.close()
    found = Batch()
    await batch_run.find(found, batch.job.id, store)
    assert [row.digest for row in found.rows.values()] == [row.digest for row in batch.rows.values()]
    assert all(row.gone for row in found.rows.values())


async def test_a_batch_of_very_long_names_can_be_started(tmp_path: Path) -> None:
    batch = batch_of(*(f"{number} " for number in range(5_000)), name="긴이름" * 40)
    await batch_run.open_job(batch, ASKED, JobStore(tmp_path / "jobs"))
    assert batch.job is not None
    await batch.job.close()


async def test_the_rows_are_not_written_again_at_each_start(tmp_path: Path) -> None:
    store = JobStore(tmp_path / "jobs")
    batch = batch_of("one", "two")
    sizes = []
    for _ in range(3):
        await batch_run.open_job(batch, ASKED, store)
        assert batch.job is not None
        await batch.job.close()
        sizes.append(batch.job.path.stat().st_size)
    assert sizes == sizes[:1] * 3
    batch.add(Source("", "pasted", "", status="ready"), text="three", number=3)
    await batch_run.open_job(batch, ASKED, store)
    await batch.job.close()
    assert batch.job.path.stat().st_size > sizes[0]
