"""What a stack file may look like, before anything is known about its keys."""

import errno
from pathlib import Path

import pytest
import yaml

from headroom.settings import SettingsError, load
from headroom.settings.yaml_file import read
from tests.settings.files import SHOP, written


def refused(path: Path) -> str:
    with pytest.raises(SettingsError) as caught:
        load(path)
    return "\n".join(caught.value.errors)


BROKEN = [
    (
        "config: {a: [1, 2}",
        "line 1, column 18: is not valid YAML (expected ',' or ']', but got '}'): correct that first, nothing else "
        "was checked",
    ),
    (
        "config:\n\t- a\n",
        "line 2, column 1: is not valid YAML (found character '\\t' that cannot start any token): "
        "correct that first, nothing else was checked",
    ),
    (
        "config: *nowhere\n",
        "line 1, column 9: is not valid YAML (found undefined alias 'nowhere'): correct that first, nothing else was "
        "checked",
    ),
    (
        "config: {}\n---\nconfig: {}\n",
        "line 2, column 1: is not valid YAML (but found another document): correct that first, nothing else was "
        "checked",
    ),
    (
        'a: "\\UFFFFFFFF"\n',
        "is not valid YAML (an escape that is no character): correct that first, nothing else was checked",
    ),
    (
        "a: \x00",
        "is not valid YAML (special characters are not allowed, character 3): correct that first, nothing else was "
        "checked",
    ),
    ("[" * 5000, "is not valid YAML (nested too deeply): correct that first, nothing else was checked"),
    ("", "must be a mapping: start it with 'config:' and put the settings under it"),
    ("- config\n", "must be a mapping: start it with 'config:' and put the settings under it"),
    ("aws:region: x\n", "config: is missing: start with 'config:' and put the settings under it"),
    ("config:\n", "config: is missing: start with 'config:' and put the settings under it"),
    ("config: 3\n", "config: must be a mapping, got 3: put the settings under it"),
    ("config: {}\nconfig: {}\n", "config: is given twice (lines 1 and 2): keep one of them"),
]


@pytest.mark.parametrize(("text", "message"), BROKEN, ids=[text[:20] for text, _ in BROKEN])
def test_a_broken_file_is_refused_with_one_clear_error(tmp_path: Path, text: str, message: str) -> None:
    assert refused(written(tmp_path, text)) == f"Pulumi.test.yaml: {message}"


def test_a_missing_file_is_refused_with_those_that_exist(tmp_path: Path) -> None:
    written(tmp_path, "config: {}")
    (tmp_path / "Pulumi.prod.yaml").touch()
    assert refused(tmp_path / "Pulumi.pord.yaml") == (
        "Pulumi.pord.yaml: no such file: the stack files in that folder are: Pulumi.prod.yaml, Pulumi.test.yaml"
    )


def test_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.test.yaml").mkdir()
    assert refused(tmp_path / "Pulumi.test.yaml") == "Pulumi.test.yaml: can't be read: Is a directory"


def test_an_unreadable_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)  # root reads every file, so a mode wouldn't do
    assert refused(tmp_path / "Pulumi.test.yaml") == "Pulumi.test.yaml: can't be read: Permission denied"


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.test.yaml"
    path.write_bytes("config: {a: ü}".encode("latin-1"))
    assert refused(path) == "Pulumi.test.yaml: is not UTF-8 (byte 12): save it as UTF-8"


def test_a_huge_file_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "# " + "x" * 1_000_000)
    assert refused(path) == "Pulumi.test.yaml: is larger than 1,000,000 bytes: this is no stack file"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            "  headroom:proxy: {max_connections_percent: 40, max_connections_percent: 50}",
            "headroom:proxy.max_connections_percent: is given twice (lines 1 and 1): keep one of them",
        ),
        (
            "  headroom:proxy: {max_connections_percent: 0x10}",
            "headroom:proxy.max_connections_percent: '0x10' is one number to some YAML readers, another or text to "
            "others: "
            "write it as a plain decimal number, or quote it",
        ),
        (
            "  headroom:proxy: {max_connections_percent: 2026-11-27}",
            "headroom:proxy.max_connections_percent: is an unquoted time, which YAML readers change: quote it, "
            'ISO 8601 with its offset, such as "2026-11-27T08:00:00Z"',
        ),
        (
            "  headroom:proxy: {max_connections_percent: !!int '4'}",
            "headroom:proxy.max_connections_percent: has the tag '!!int': write a plain value, quoted where it is text",
        ),
        ("  headroom:proxy: !!set {a}", "headroom:proxy: has the tag '!!set': write a plain mapping or list"),
        ("  headroom:proxy: &x [*x]", "headroom:proxy[0]: is an alias to what it is part of: write it out"),
        (
            "  headroom:proxy: {<<: 3}",
            "headroom:proxy.'<<': must merge a mapping or a list of mappings: write the keys out",
        ),
        (
            "  headroom:proxy: {secure: v1:abc}",
            "headroom:proxy: is encrypted: nothing in these settings is a secret; write it in plain",
        ),
        ("  headroom:proxy:", "headroom:proxy: has no value: give it one, or remove the key"),
        ("  proxy: {}", "proxy: has no namespace: write headroom:proxy"),
        ("  nothing: {}", "nothing: has no namespace: write its namespace, as in headroom:database"),
    ],
)
def test_a_value_that_readers_disagree_on_is_refused_where_it_stands(tmp_path: Path, change: str, message: str) -> None:
    config = {key: value for key, value in SHOP.items() if key != "headroom:proxy"}
    text = (
        "config:\n" + change + "\n" + "".join("  " + line for line in yaml.safe_dump(config).splitlines(keepends=True))
    )
    assert (
        f"Pulumi.test.yaml: {message}".replace("lines 1 and 1", "lines 2 and 2")
        in refused(written(tmp_path, text)).splitlines()
    )


def test_values_of_other_namespaces_and_the_engine_s_own_keys_are_left_alone(tmp_path: Path) -> None:
    foreign = {"aws:token": {"secure": "v1:abc"}, "pulumi:disable-default-providers": ["*"], "other:when": None}
    text = yaml.safe_dump({"config": SHOP | foreign, "encryptionsalt": "v1:x", "secretsprovider": "passphrase"})
    text = text.replace("other:when: null", "other:when: 2026-11-27")
    assert load(written(tmp_path, text)).region == "eu-west-1"


def test_aliases_and_merges_mean_what_yaml_says(tmp_path: Path) -> None:
    anchors = "a: &a {x: 1, y: 2}, b: &b {y: 3, z: 4}"
    merges = "one: {<<: *a, y: 9}, late: {y: 9, <<: *a}, both: {<<: [*a, *b]}"
    config = read(written(tmp_path, f"config: {{{anchors}, {merges}}}"))
    assert config["one"] == config["late"] == {"x": 1, "y": 9}
    assert config["both"] == {"x": 1, "y": 2, "z": 4}


def test_an_alias_bomb_is_refused_quickly_and_briefly(tmp_path: Path) -> None:
    levels = "".join(f"  headroom:l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 9) if i else '1'}]\n" for i in range(12))
    found = refused(written(tmp_path, "config:\n" + levels + "  headroom:services: *l11\n")).splitlines()
    assert len([line for line in found if "too large" in line]) >= 1
    assert len(found) < 100
