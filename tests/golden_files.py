"""Golden files: what a command prints, kept beside the tests so that a review shows what a change moves."""

import difflib
import os
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"
RENEWING = os.environ.get("HEADROOM_GOLDEN") == "renew"  # `make golden` sets it


def check_golden(path: Path, text: str) -> None:
    """The file holds exactly this text; `make golden` writes it."""
    if RENEWING:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    kept = path.read_text(encoding="utf-8") if path.exists() else ""
    moved = "\n".join(difflib.unified_diff(kept.splitlines(), text.splitlines(), "kept", "now", n=0, lineterm=""))
    assert not moved, f"{path.name} is no longer what is made: if that is meant, renew it with: make golden\n{moved}"
    assert text == kept
