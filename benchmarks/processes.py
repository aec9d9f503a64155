"""The programs that are measured, each in a process of its own, and what they use of the processor."""

import asyncio
import os
import re
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

import httpx2

ROOT = Path(__file__).resolve().parent.parent
_START_SECONDS = 60.0
_STOP_SECONDS = 5.0

# A developer's own keys, proxies and settings must not decide a measurement.
_FOREIGN = re.compile(
    r"(OPENAI|VITRINE|GRADIO|HF|HUGGING_?FACE|SPACE)_.*|SYSTEM|(ALL|HTTPS?|NO|FTP|WSS?)_PROXY", re.IGNORECASE
)


class StartFailed(RuntimeError):
    """A program ended, or did not answer, before it could be measured; the message ends in what it wrote."""


class Program:
    """A program that serves HTTP on loopback. ``written``: what it has said so far."""

    def __init__(self, module: str, process: asyncio.subprocess.Process, written: IO[bytes], port: int) -> None:
        self._module = module
        self._process = process
        self._written = written
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    async def ready(self) -> None:
        """Wait until it answers. Raises StartFailed."""
        deadline = time.monotonic() + _START_SECONDS
        async with httpx2.AsyncClient(trust_env=False) as http:
            while time.monotonic() < deadline and self._process.returncode is None:
                try:
                    await http.get(f"{self.url}/config", timeout=10)
                except httpx2.TransportError:
                    await asyncio.sleep(0.1)
                else:
                    return
        self._written.seek(0)
        raise StartFailed(f"{self._module} did not start:\n{self._written.read().decode(errors='replace')[-2000:]}")

    def cpu_seconds(self) -> float | None:
        """Processor seconds used so far, of all its threads; None where the system has no /proc."""
        try:
            stat = Path(f"/proc/{self._process.pid}/stat").read_text()
        except OSError:
            return None
        # The name of the program stands in brackets and may hold blanks; utime and stime are fields 14 and 15 of all.
        fields = stat.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@asynccontextmanager
async def running(module: str, *arguments: str, port: int, **variables: str) -> AsyncIterator[Program]:
    """Run ``python -m module`` until the block ends; ``Program.ready`` tells when it can be used.

    ``variables``: its environment, beside the caller's own without keys, proxies and settings.
    """
    environment = {name: value for name, value in os.environ.items() if not _FOREIGN.fullmatch(name)}
    environment |= {"GRADIO_ANALYTICS_ENABLED": "False", "NO_PROXY": "localhost,127.0.0.1", **variables}
    with tempfile.TemporaryFile() as written:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            module,
            *arguments,
            cwd=ROOT,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=written,
            stderr=asyncio.subprocess.STDOUT,
            # A session of its own: Ctrl-C reaches the benchmarks alone, which then end the others.
            start_new_session=True,
        )
        try:
            yield Program(module, process, written, port)
        finally:
            await _end(process)


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
