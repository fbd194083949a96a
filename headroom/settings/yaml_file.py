"""A stack file as Pulumi's engine would read it, or a refusal: never a third reading.

PyYAML follows YAML 1.1 (`yes` is true, `0012` is ten, `1:30` is ninety, the last of two equal keys wins); the engine's
reader is Go's yaml.v3, which takes `yes` and `1:30` for text, `0012` for ten, and refuses equal keys. So PyYAML only
finds the structure here. What a plain scalar is, is decided below: what every reader takes for the same text, number,
boolean or null is that; anything else is refused where it is used.
"""

import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from headroom.settings.errors import Problem, SettingsError, Unreadable, step

_PLAIN = "plain"  # our tag of a scalar without quotes and without a tag
_STRING = "tag:yaml.org,2002:str"
_NULLS = ("", "~", "null", "Null", "NULL")
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,15})")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,15})\.[0-9]{1,17}([eE][-+][0-9]{1,2})?")
_NUMBER_TO_SOME = re.compile(
    r"[-+]?(\.?[0-9][0-9_]*([.eE_+-][0-9_.eE+-]*)?|0[xob_][0-9a-fA-F_]+|\.(inf|Inf|INF)|\.(nan|NaN|NAN))"
)
_TIME = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?")
_BYTES_MAX = 1_000_000


class _Structure(
    yaml.reader.Reader, yaml.scanner.Scanner, yaml.parser.Parser, yaml.composer.Composer, yaml.resolver.BaseResolver
):
    """PyYAML's reader up to nodes: no value is made of anything yet."""

    def __init__(self, text: str) -> None:
        yaml.reader.Reader.__init__(self, text)
        yaml.scanner.Scanner.__init__(self)
        yaml.parser.Parser.__init__(self)
        yaml.composer.Composer.__init__(self)
        yaml.resolver.BaseResolver.__init__(self)


_Structure.add_implicit_resolver(_PLAIN, re.compile(""), None)


def read(path: Path) -> dict[str, Any]:
    """The `config` mapping of a stack file.

    Raises:
        SettingsError: no such file, not readable, not YAML, no `config`, or a key that is given twice.
    """
    root = _root(path)
    if not isinstance(root, yaml.MappingNode):
        raise SettingsError([f"{path.name}: must be a mapping with the key config: start it with 'config:'"])
    builder = _Builder()
    # Everything is built, since the engine refuses a doubled key wherever it stands.
    stack_file = builder.mapping(root, "")
    if builder.problems:
        raise SettingsError(f"{path.name}: {problem.path}: {problem.message}" for problem in builder.problems)
    config = stack_file.get("config")
    if config is None:
        raise SettingsError(
            [
                f"{path.name}: config: is missing: put the settings under it, as in 'config: {{headroom:environment: dev}}'"
            ]
        )
    if not isinstance(config, dict):
        raise SettingsError(
            [
                f"{path.name}: config: must be a mapping: put the settings under it, as in 'config: {{headroom:environment: dev}}'"
            ]
        )
    return config


def _root(path: Path) -> yaml.Node | None:
    try:
        with path.open("rb") as file:
            content = file.read(_BYTES_MAX + 1)
        if len(content) > _BYTES_MAX:
            raise SettingsError([f"{path.name}: is larger than {_BYTES_MAX:,} bytes: this is no stack file"])
        text = content.decode("utf-8-sig")
    except FileNotFoundError:
        near = ", ".join(sorted(p.name for p in path.parent.glob("Pulumi.*.yaml"))) or "none"
        raise SettingsError([f"{path.name}: no such file: the stack files in that folder are: {near}"]) from None
    except OSError as error:
        raise SettingsError([f"{path.name}: can't be read: {error.strerror}"]) from None
    except UnicodeDecodeError as error:
        raise SettingsError([f"{path.name}: is not UTF-8 (byte {error.start}): save it as UTF-8"]) from None
    try:
        return _Structure(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise SettingsError(
            [f"{path.name}: {at}is not valid YAML ({error.problem or error.context}): nothing else was checked"]
        ) from None
    except yaml.reader.ReaderError as error:
        raise SettingsError(
            [f"{path.name}: is not valid YAML ({error.reason} at character {error.position}): nothing else was checked"]
        ) from None
    except RecursionError:
        raise SettingsError(
            [f"{path.name}: is nested too deeply to be a stack file: nothing else was checked"]
        ) from None


class _Builder:
    """Plain values of nodes. A node that several aliases share is built once; doubled keys are noted."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.built: dict[int, Any] = {}
        self.open: set[int] = set()

    def value(self, node: yaml.Node, path: str) -> Any:
        if id(node) in self.open:
            return Unreadable("is an alias to what it is part of: write it out")
        if id(node) not in self.built:
            self.open.add(id(node))
            if isinstance(node, yaml.ScalarNode):
                self.built[id(node)] = _scalar(node)
            elif isinstance(node, yaml.SequenceNode):
                self.built[id(node)] = [self.value(item, f"{path}[{i}]") for i, item in enumerate(node.value)]
            elif isinstance(node, yaml.MappingNode):
                self.built[id(node)] = self.mapping(node, path)
            self.open.discard(id(node))
        if (
            node.tag.startswith(("!", "tag:"))
            and not isinstance(node, yaml.ScalarNode)
            and node.tag not in _COLLECTIONS
        ):
            return Unreadable(
                f"has the tag {node.tag.replace('tag:yaml.org,2002:', '!!')}: write a plain mapping or list"
            )
        return self.built[id(node)]

    def mapping(self, node: yaml.MappingNode, path: str) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        own: dict[str, Any] = {}
        lines: dict[Hashable, int] = {}
        for key_node, value_node in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else "a list or mapping as key"
            here = f"{path}{step(key)}" if path not in ("", "config") else str(key)
            if key in lines:
                message = f"is given twice (lines {lines[key]} and {key_node.start_mark.line + 1}): keep one of them"
                self.problems.append(Problem(here, message))
            lines[key] = key_node.start_mark.line + 1
            value = self.value(value_node, here)
            if key == "<<" and key_node.tag == _PLAIN:
                # The first of several merged mappings wins over later ones, and the mapping's own keys win over all.
                for source in value if isinstance(value, list) else [value]:
                    if isinstance(source, dict):
                        merged = {**source, **merged}
                    else:
                        own[key] = Unreadable("must merge a mapping or a list of mappings: write the keys out")
            else:
                own[key] = value
        return {**merged, **own}


_COLLECTIONS = ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq", "!")


def _scalar(node: yaml.ScalarNode) -> Any:
    text: str = node.value
    if node.tag in (_STRING, "!"):
        return text
    if node.tag != _PLAIN:
        return Unreadable(
            f"has the tag {node.tag.replace('tag:yaml.org,2002:', '!!')}: write a plain value, quoted where it is text"
        )
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        return float(text)
    if _TIME.fullmatch(text):
        return Unreadable(UNQUOTED_TIME)
    if _NUMBER_TO_SOME.fullmatch(text):
        return Unreadable(
            f"{text[:40]!r} is a different number, or text, to different YAML readers: write a plain decimal number, or quote it"
        )
    return text


UNQUOTED_TIME = (
    'is an unquoted time, which YAML readers change: quote it, ISO 8601 with its offset, such as "2026-11-27T08:00:00Z"'
)
