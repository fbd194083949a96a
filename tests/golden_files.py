"""Golden files: what a command prints, kept beside the tests so that a review shows what a change moves."""

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
    assert text == kept, f"{path.name} is no longer what is printed: if the change is meant, renew it with: make golden"
