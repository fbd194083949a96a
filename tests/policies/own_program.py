"""What our own program declares for a stack file, as the engine would show it to the pack in a first preview."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from headroom.settings import yaml_file
from tests.components.program import BEFORE_THE_SALE, ROOT, Answers
from tests.policies.programs import preview


def declared_by(config: Path | Mapping[str, Any], now: datetime = BEFORE_THE_SALE) -> list[Any]:
    """The messages of a stack file, or of a config as it would be read."""
    values = yaml_file.read(config) if isinstance(config, Path) else config
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("headroom.clock.now", lambda: now)
        return preview(ROOT / "__main__.py", "test", texts, Answers().call)
