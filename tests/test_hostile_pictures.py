"""The table of hostile and odd pictures: each is repaired or refused in words; and the memory that all of them take."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from chat_core.errors import ImageError
from chat_core.images import load_image
from chat_ui.notes import sentence
from tests.hostile_pictures import BOMBS, CASES, SECRET, Taken

ROOT = Path(__file__).parents[1]
METADATA = {"comment", "exif", "xmp", "icc_profile", "photoshop", "XML:com.adobe.xmp"}


@pytest.mark.parametrize("which", [name for name, case in CASES.items() if isinstance(case.outcome, Taken)])
def test_what_is_odd_is_repaired(which: str) -> None:
    case = CASES[which]
    part = load_image(case.data, name=case.name)
    assert Taken(part.media_type, part.changes, (part.width, part.height)) == case.outcome
    assert SECRET not in part.data
    with Image.open(io.BytesIO(part.data)) as image:
        image.load()
        assert Image.MIME[image.format or ""] == part.media_type
        assert image.size == (part.width, part.height)
        assert not image.getexif()
        assert not METADATA & set(image.info)
        assert getattr(image, "n_frames", 1) == 1
    again = load_image(part.data)
    assert (again.data, again.changes) == (part.data, ())


@pytest.mark.parametrize("which", [name for name, case in CASES.items() if isinstance(case.outcome, str)])
def test_what_is_hostile_is_refused_in_words(which: str) -> None:
    case = CASES[which]
    with pytest.raises(ImageError) as refused:
        load_image(case.data, name=f"dir/{case.name}")
    assert refused.value.fields == {"name": case.name, "reason": case.outcome}
    assert refused.value.message.startswith(f"{case.name} ")
    assert all(case.name in sentence(refused.value, language) for language in ("en", "ko"))


def test_the_table_is_long_enough_and_its_files_are_small() -> None:
    assert len(CASES) >= 60
    assert all(len(case.data) < 1_000_000 for case in CASES.values())
    assert all(len(case.data) < 200_000 for case in BOMBS.values())


# What getrusage gives begins with the parent's peak, so it is not asked.
MEMORY_SCRIPT = """
import json, re, sys
from pathlib import Path
from chat_core.errors import ImageError
from chat_core.images import load_image

def kilobytes(line):
    return int(re.search(line + r":\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1])

load_image(Path(sys.argv[1]))
before = kilobytes("VmRSS")
peaks = []
for path in sys.argv[1:]:
    try:
        load_image(Path(path))
    except ImageError:
        pass
    peaks.append(kilobytes("VmHWM"))
print(json.dumps([before, peaks]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_the_whole_table_takes_little_memory(tmp_path: Path) -> None:
    """In a process of its own: at most 1.5 times what it took before, and 300 MB."""
    paths = [tmp_path / f"{number}.png" for number in range(len(CASES))]
    for path, case in zip(paths, CASES.values(), strict=True):
        path.write_bytes(case.data)
    command = [sys.executable, "-c", MEMORY_SCRIPT, *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    before, peaks = json.loads(done.stdout)
    allowed = 1.5 * before + 300_000
    assert [name for name, peak in zip(CASES, peaks, strict=True) if peak > allowed] == []
