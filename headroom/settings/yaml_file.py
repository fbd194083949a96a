"""A stack file as Pulumi's engine would read it, or a refusal: never a third reading.

PyYAML follows YAML 1.1 (`yes` is true, `0012` is ten, `1:30` is ninety, the last of two equal keys wins); the engine's
reader is Go's yaml.v3, which takes `yes` and `1:30` for text, `0012` for ten, and refuses equal keys. So PyYAML only
finds the structure here. What a plain scalar is, is decided below: what every reader takes for the same text, number,
boolean or null is that; anything else is refused where it is used.
"""

import math
import re
from pathlib import Path

import yaml

from headroom.settings.errors import SettingsError, Unreadable, shown

UNQUOTED_TIME = (
    'is an unquoted time, which YAML readers change: quote it, ISO 8601 with its offset, such as "2026-11-27T08:00:00Z"'
)
_PLAIN = "plain"  # our tag of a scalar without quotes and without a tag
_TAGS = "tag:yaml.org,2002:"
_COLLECTIONS = (f"{_TAGS}map", f"{_TAGS}seq", "!")
_NAMED: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,15})")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,15})\.[0-9]{1,30}([eE][-+][0-9]{1,3})?")
_NUMBER_TO_SOME = re.compile(
    r"[-+]?(0x[0-9a-f]+|0o?[0-9]+|0b[01]+|[0-9]+(\.[0-9]*)?(e[-+]?[0-9]+)?|\.[0-9]+(e[-+]?[0-9]+)?|\.inf|\.nan)",
    re.IGNORECASE,
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


def read(path: Path) -> dict[str, object]:
    """The `config` mapping of a stack file.

    Raises:
        SettingsError: no such file, not readable, not YAML, or no `config`.
    """
    stack_file = _tree(_text(path), path.name)
    if not isinstance(stack_file, dict):
        raise SettingsError([f"{path.name}: must be a mapping: start it with 'config:' and put the settings under it"])
    match stack_file.get("config"):
        case dict() as config:
            return config
        case None:
            raise SettingsError(
                [f"{path.name}: config: is missing: start with 'config:' and put the settings under it"]
            )
        case Unreadable(message):
            raise SettingsError([f"{path.name}: config: {message}"])
        case other:
            found = shown(other)
            raise SettingsError([f"{path.name}: config: must be a mapping, got {found}: put the settings under it"])


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_BYTES_MAX + 1)
        if len(content) > _BYTES_MAX:
            raise SettingsError([f"{path.name}: is larger than {_BYTES_MAX:,} bytes: this is no stack file"])
        return content.decode("utf-8-sig")
    except FileNotFoundError:
        near = ", ".join(sorted(p.name for p in path.parent.glob("Pulumi.*.yaml"))) or "none"
        raise SettingsError([f"{path.name}: no such file: the stack files in that folder are: {near}"]) from None
    except OSError as error:
        raise SettingsError([f"{path.name}: can't be read: {error.strerror}"]) from None
    except UnicodeDecodeError as error:
        raise SettingsError([f"{path.name}: is not UTF-8 (byte {error.start}): save it as UTF-8"]) from None


def _tree(text: str, name: str) -> object:
    at, why = "", ""
    try:
        node = _Structure(text).get_single_node()
        return None if node is None else _Builder().value(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        why = error.problem or error.context or "broken"
    except yaml.reader.ReaderError as error:
        why = f"{error.reason}, character {error.position}"
    except (ValueError, OverflowError):  # what PyYAML makes of an escape such as "\UFFFFFFFF"
        why = "an escape that is no character"
    except RecursionError:
        why = "nested too deeply"
    raise SettingsError([f"{name}: {at}is not valid YAML ({why}): correct that first, nothing else was checked"])


class _Builder:
    """Plain values of nodes. A node that several aliases share is built once."""

    def __init__(self) -> None:
        self.built: dict[int, object] = {}
        self.open: set[int] = set()

    def value(self, node: yaml.Node) -> object:
        if id(node) in self.open:
            return Unreadable("is an alias to what it is part of: write it out")
        if id(node) not in self.built:
            self.open.add(id(node))
            self.built[id(node)] = self._new(node)
            self.open.discard(id(node))
        return self.built[id(node)]

    def _new(self, node: yaml.Node) -> object:
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node)
        if node.tag not in _COLLECTIONS:
            return Unreadable(f"has the tag {_short(node.tag)}: write a plain mapping or list")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node)
        return [self.value(item) for item in node.value]

    def _mapping(self, node: yaml.MappingNode) -> dict[str, object]:
        merged: dict[str, object] = {}
        own: dict[str, object] = {}
        lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else "a list or mapping as a key"
            line = key_node.start_mark.line + 1
            value = self.value(value_node)
            if key in lines:
                own[key] = Unreadable(f"is given twice (lines {lines[key]} and {line}): keep one of them")
            elif key == "<<" and key_node.tag == _PLAIN:
                # The first of several merged mappings wins over later ones, and the mapping's own keys win over all.
                sources = value if isinstance(value, list) else [value]
                if all(isinstance(source, dict) for source in sources):
                    merged = {k: v for source in reversed(sources) for k, v in source.items()}
                else:
                    own[key] = Unreadable("must merge a mapping or a list of mappings: write the keys out")
            else:
                own[key] = value
            lines[key] = line
        return merged | own


def _scalar(node: yaml.ScalarNode) -> object:
    text: str = node.value
    if node.tag in (f"{_TAGS}str", "!"):
        return text
    if node.tag != _PLAIN:
        return Unreadable(f"has the tag {_short(node.tag)}: write a plain value, quoted where it is text")
    if text in _NAMED:
        return _NAMED[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text) and math.isfinite(float(text)):
        return float(text)
    if _TIME.fullmatch(text):
        return Unreadable(UNQUOTED_TIME)
    if _NUMBER_TO_SOME.fullmatch(text.replace("_", "")) and text[0] != "_":
        return Unreadable(
            f"{shown(text)} is one number to some YAML readers, another or text to others: "
            "write it as a plain decimal number, or quote it"
        )
    return text


def _short(tag: str) -> str:
    return shown(tag.replace(_TAGS, "!!"))
