"""Every command of the runbook can be typed: bash, AWS's own models and our command line take it."""

import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import botocore.session
import jmespath
import pytest
import typer.main
from botocore import xform_name
from botocore.validate import ParamValidator

from headroom.budget.alarms import alarm_table
from headroom.budget.alarms.model import Expression
from headroom.cli import app
from headroom.ops.permissions import action
from tests.budget.alarms.shops import NAMES, budget

ROOT = Path(__file__).parents[2]
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```console\n(.*?)^```$", RUNBOOK, re.MULTILINE | re.DOTALL)
INLINE = re.findall(r"`((?:headroom|aws) [^`]+)`", RUNBOOK)
GLOBAL = {"query", "output", "region", "profile"}
PAGED = {"max-items", "page-size", "starting-token"}
ALSO_NEEDED = {"kms:Decrypt"}  # of the key that the master user's secret is encrypted with


class Call(NamedTuple):
    """An `aws` command: service, API operation, parameters by the API's names."""

    service: str
    operation: str
    parameters: dict[str, Any]


def script(block: str) -> str:
    return re.sub(r"^\$ ", "", block, flags=re.MULTILINE)


def commands(text: str) -> Iterator[list[str]]:
    """Each simple command of a script, those in "$(...)" as well."""
    lexer = shlex.shlex(text.replace("\\\n", " ").replace("\n", " ; "), posix=True, punctuation_chars="|;&")
    lexer.whitespace_split, lexer.commenters = True, ""
    command: list[str] = []
    for token in [*lexer, ";"]:
        if set(token) <= set("|;&"):
            if command:
                yield command
            command = []
            continue
        command.append(token)
        for inner in re.findall(r"\$\(([^()]*)\)", token):
            yield from commands(inner)


def without_comments(block: str) -> str:
    return re.sub(r"(?m)\s+# .*$", "", script(block))


def all_of(program: str) -> list[list[str]]:
    found = [c for text in [*map(without_comments, BLOCKS), *INLINE] for c in commands(text) if c[0] == program]
    assert len(found) > 10
    return found


def value_of(shape: Any, words: list[str]) -> Any:
    """What the AWS CLI makes of an option's words: JSON, `Name=a,Value=b`, or the word itself."""
    if words and words[0].startswith(("[", "{")):
        return json.loads(words[0])
    if shape.type_name == "list":
        return [value_of(shape.member, [word]) for word in words]
    if shape.type_name == "structure":
        return dict(pair.split("=", 1) for pair in words[0].split(","))
    if shape.type_name == "timestamp":
        assert re.fullmatch(r"\$\(date -u (-d '-\d+ (minutes|hours)' )?\+%FT%TZ\)", words[0])
        return datetime(2026, 11, 27, 8, tzinfo=UTC)
    return int(words[0]) if shape.type_name in {"integer", "long"} else words[0]


def call_of(words: list[str]) -> Call:
    service = words[1]
    session = botocore.session.get_session()
    model = session.get_service_model(service)
    by_name = {xform_name(name, "-"): name for name in model.operation_names}
    operation = model.operation_model(by_name[words[2]])
    shape = operation.input_shape
    assert shape is not None
    members = {xform_name(name, "-"): name for name in shape.members}
    allowed = {*members, *GLOBAL}
    if (
        session.get_component("data_loader")
        .load_service_model(service, "paginators-1")["pagination"]
        .get(operation.name)
    ):
        allowed |= PAGED
    options: dict[str, list[str]] = {}
    for word in words[3:]:
        if word.startswith("--"):
            options[word.removeprefix("--")] = []
        else:
            list(options.values())[-1].append(word)
    assert set(options) <= allowed, (words, set(options) - allowed)
    assert all(options.values()), words
    if "query" in options:
        jmespath.compile(options["query"][0])
    parameters = {
        members[name]: value_of(shape.members[members[name]], said) for name, said in options.items() if name in members
    }
    report = ParamValidator().validate(parameters, shape)
    assert not report.has_errors(), (words, report.generate_report())
    for name, said in parameters.items():
        enum = getattr(shape.members[name], "enum", None)
        assert not enum or said in enum, (words, name)
    return Call(service, operation.name, parameters)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.splitlines()[0][2:60])
def test_every_block_is_a_script_that_bash_takes(block: str) -> None:
    assert all(line.startswith(("$ ", "    ")) for line in block.splitlines())
    done = subprocess.run(["bash", "-n"], input=script(block), text=True, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "<" not in without_comments(block), "a placeholder is a redirection to bash: use a variable"


def test_every_aws_command_is_one_that_awss_models_know_with_all_that_it_needs() -> None:
    assert {call_of(words).operation for words in all_of("aws")} >= {"GetMetricStatistics", "FailoverDBCluster"}


def test_every_headroom_command_is_one_that_our_command_line_takes() -> None:
    for words in all_of("headroom"):
        command: Any = typer.main.get_command(app)
        said = ["1" if word == "N" else word for word in words[1:]]
        while hasattr(command, "commands"):
            named = said and said[0] in command.commands
            command = command.commands[said.pop(0) if named else "show"]  # `headroom budget prod` shows it
        if said:  # else it is the command's bare name, in a sentence
            command.make_context(words[0], said)


def test_a_sections_command_reads_the_metric_that_its_alarm_reads() -> None:
    watched: dict[str, set[tuple[Any, ...]]] = {}
    for name in NAMES:
        for alarm in alarm_table(budget(name)).alarms:
            measure = alarm.measure
            for metric in [m for _, m in measure.metrics] if isinstance(measure, Expression) else [measure]:
                told = metric.name, metric.statistic, metric.period_seconds, frozenset(n for n, _ in metric.dimensions)
                watched.setdefault(alarm.key, set()).add(told)
    sections = re.split(r"^## ", RUNBOOK.partition("# Alarms")[2], flags=re.MULTILINE)[1:]
    compared = 0
    for section in sections:
        key = section.splitlines()[0]
        for block in re.findall(r"^```console\n(.*?)^```$", section, re.MULTILINE | re.DOTALL):
            for words in commands(without_comments(block)):
                if words[:3] != ["aws", "cloudwatch", "get-metric-statistics"]:
                    continue
                said = call_of(words).parameters
                dimensions = frozenset(d["Name"] for d in said["Dimensions"])
                assert (said["MetricName"], *said["Statistics"], said["Period"], dimensions) in watched[key], key
                compared += 1
    assert compared > 15


def test_what_the_aws_commands_need_is_listed_in_the_documentation() -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `([a-z-]+:[A-Z]\w+)` \|", page.partition("The runbook's own")[2], re.MULTILINE)
    needed = {action(call.service, call.operation) for call in map(call_of, all_of("aws"))}
    assert set(listed) == needed | ALSO_NEEDED
    assert sorted(listed) == listed
