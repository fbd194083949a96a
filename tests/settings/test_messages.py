"""Every error message, whole. `make golden` renews golden_messages.txt; read its diff as a user would."""

import os
from pathlib import Path

import pytest

from headroom.settings import rules
from headroom.settings.draft import Draft
from headroom.settings.errors import Problem
from tests.settings.cases import CASES
from tests.settings.files import GONE, as_engine, changed, errors

GOLDEN = Path(__file__).with_name("golden_messages.txt")


def named(case: list[tuple[str, object]]) -> str:
    said = (f"{path} {'removed' if value is GONE else f'= {value!r}'}"[:160] for path, value in case)
    return "; ".join(said).encode("unicode_escape").decode()


def rendered() -> dict[str, str]:
    return {named(case): "\n".join(errors(changed(*case))) for case in CASES}


def golden() -> dict[str, str]:
    blocks = GOLDEN.read_text(encoding="utf-8").strip().removeprefix("# ").split("\n\n# ")
    return {name: messages for name, _, messages in (block.partition("\n") for block in blocks)}


if os.environ.get("HEADROOM_GOLDEN") == "renew":
    GOLDEN.write_text("\n\n".join(f"# {name}\n{text}" for name, text in rendered().items()) + "\n", encoding="utf-8")


def test_the_golden_file_has_every_case_and_no_other() -> None:
    assert list(golden()) == [named(case) for case in CASES]


@pytest.mark.parametrize("case", CASES, ids=named)
def test_the_message_is_the_golden_one(case: list[tuple[str, object]]) -> None:
    assert "\n".join(errors(changed(*case))) == golden()[named(case)]


@pytest.mark.parametrize("case", CASES, ids=named)
def test_every_case_is_refused_with_where_what_and_what_to_do(case: list[tuple[str, object]]) -> None:
    found = errors(changed(*case))
    assert found
    for message in found:
        file, path, said = message.split(": ", 2)
        assert file == "Pulumi.test.yaml"
        assert path.startswith(("headroom:", "aws:region", "'"))
        assert ": " in said or said.startswith("unknown key"), message


# The engine decrypts a secret, and can't hold NaN or infinity: those cases exist only in the file.
IN_BOTH = [case for case in CASES if not any(str(value) in ("nan", "inf", "{'secure': 'v1:abc'}") for _, value in case)]


@pytest.mark.parametrize("case", IN_BOTH, ids=named)
def test_the_engine_s_reading_gets_the_same_message(case: list[tuple[str, object]]) -> None:
    assert errors(as_engine(changed(*case))) == errors(changed(*case))


def test_every_rule_is_broken_by_some_case(monkeypatch: pytest.MonkeyPatch) -> None:
    broken: set[str] = set()

    def check(draft: Draft) -> list[Problem]:
        broken.update(rule.__name__ for rule in rules.RULES if list(rule(draft)))
        return []

    monkeypatch.setattr(rules, "check", check)
    for case in CASES:
        errors(changed(*case))
    assert broken == {rule.__name__ for rule in rules.RULES}
