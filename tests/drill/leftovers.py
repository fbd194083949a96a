"""What a drill may leave behind: nothing. Each look is at one folder, so that other drills may run beside it."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil


class Ground:
    """A temporary folder that servers' accounts can reach (pytest's own belongs to one user alone)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._orphans = orphaned_segments()

    def left(self) -> list[str]:
        """Processes that were started with it, files in it, and shared memory that nobody is attached to any more."""
        deadline = time.monotonic() + 3
        while (found := self._left()) and time.monotonic() < deadline:
            time.sleep(0.05)
        return found

    def _left(self) -> list[str]:
        processes = list(self._processes())
        files = [str(path) for path in self.folder.iterdir()]
        return processes + files + sorted(orphaned_segments() - self._orphans)

    def _processes(self) -> Iterator[str]:
        for process in psutil.process_iter():
            try:
                command = process.cmdline()
                used = [*command, process.environ().get("TMPDIR", "")]
                if process.status() != psutil.STATUS_ZOMBIE and any(str(self.folder) in text for text in used):
                    yield f"process {process.pid}: {' '.join(command)[:80]}"
            except psutil.Error:
                continue


def orphaned_segments() -> set[str]:
    """System V segments that no process uses, and POSIX ones of PostgreSQL's."""
    listed = subprocess.run(["ipcs", "-m"], capture_output=True, text=True, check=False).stdout.splitlines()
    rows = [line.split() for line in listed if line.startswith("0x")]
    segments = {f"segment {row[1]}" for row in rows if row[5] == "0"}
    return segments | {str(p) for p in Path("/dev/shm").glob("PostgreSQL.*")}


@contextmanager
def ground() -> Iterator[Ground]:
    """Some, with `tempfile` pointed to it."""
    before = tempfile.tempdir
    folder = Path(tempfile.mkdtemp(prefix="ground-"))
    folder.chmod(0o755)
    tempfile.tempdir = str(folder)
    try:
        yield Ground(folder)
    finally:
        tempfile.tempdir = before
        shutil.rmtree(folder, ignore_errors=True)
