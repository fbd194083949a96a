"""Stack files by name, by path, or in a git revision; loaded together, so that their errors come together."""

import subprocess
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TypeVar

from headroom.budget.model import Stack
from headroom.errors import UserError
from headroom.settings import Named, SettingsError, load, project_of

_PREFIX, _SUFFIX = "Pulumi.", ".yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class StackFile:
    """A stack file: in the work tree, or as git has it in a revision (the work tree isn't touched).

    Attributes:
        folder: where its path starts; git is asked from here.
        path: below the folder; in a revision also from the repository's root, as in `main:Pulumi.prod.yaml`.
        revision: a git revision; empty: the file as it is now.
    """

    folder: Path
    path: str
    revision: str = ""

    @property
    def name(self) -> str:
        """The stack's name: `prod` for Pulumi.prod.yaml, else the file's name without its suffix."""
        stem = PurePosixPath(self.path).stem
        return stem.removeprefix(_PREFIX) or stem

    @property
    def source(self) -> str:
        """How messages call it."""
        path = self.path.removeprefix("./")
        return f"{self.revision}:{path}" if self.revision else path

    def at(self, revision: "Revision") -> "StackFile | None":
        """The same file in a revision; None where that doesn't have it."""
        there = replace(self, revision=revision.name)
        if not self.revision:
            file = self.folder / self.path
            there = replace(there, folder=file.parent, path=f"./{file.name}")
        return there if _git(there.folder, "cat-file", "-e", f"{there.revision}:{there.path}") is not None else None

    def stack(self) -> Stack:
        """The budget's question about it.

        Raises:
            SettingsError: with every error of the file.
        """
        if not self.revision:
            return load(self.folder / self.path, self._named()).stack(self.name)
        content = _git(self.folder, "cat-file", "blob", f"{self.revision}:{self.path}")
        if content is None:
            raise SettingsError([f"{self.source}: no such file in that revision{self._from_here()}"])
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, PurePosixPath(self.path).name)
            file.write_bytes(content)
            try:
                return load(file).stack(self.name)
            except SettingsError as error:
                raise SettingsError(self.source + e.removeprefix(file.name) for e in error.errors) from None

    def _named(self) -> Named | None:
        """The stack's name, where this is the file of one."""
        file = self.folder / self.path
        project = (project_of(file.parent) or project_of(project_folder())) if _is_stack_file(file.name) else None
        return Named(project, self.name) if project else None

    def _from_here(self) -> str:
        """What to write, where the path would have been right from this folder on."""
        here = f"{self.revision}:./{self.path}"
        if _git(self.folder, "cat-file", "blob", here) is None:
            return ""
        return f": paths there start at the repository's root; from this folder on, write {here}"


@dataclass(frozen=True, slots=True)
class Revision:
    """A git revision, by any name that git takes: a branch, a tag, `HEAD~1`."""

    name: str


def project_folder() -> Path:
    """The folder with Pulumi.yaml, here or above; without one, the current folder."""
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / "Pulumi.yaml").is_file()), here)


def all_files(revision: Revision | None = None) -> list[StackFile]:
    """Every stack file of the project, by name; in a revision, those that it has."""
    folder = project_folder()
    if revision is not None:
        listed = _git(folder, "ls-tree", "--name-only", "-z", revision.name) or b""
        names = [name for name in listed.decode(errors="replace").split("\0") if _is_stack_file(name)]
        return [StackFile(folder=folder, path=f"./{name}", revision=revision.name) for name in sorted(names)]
    names = [path.name for path in folder.glob(f"{_PREFIX}*{_SUFFIX}") if _is_stack_file(path.name)]
    return [StackFile(folder=folder, path=name) for name in sorted(names)]


def _is_stack_file(name: str) -> bool:
    return name.startswith(_PREFIX) and name.endswith(_SUFFIX) and len(name) > len(_PREFIX + _SUFFIX)


def named(text: str) -> StackFile:
    """The stack file that an argument means: a path, or a stack's name.

    Raises:
        SettingsError: there is no stack of that name.
    """
    if "/" in text or text.endswith((".yaml", ".yml")):
        return StackFile(folder=Path.cwd(), path=text)
    name = f"{_PREFIX}{text}{_SUFFIX}"
    if not (project_folder() / name).is_file():
        raise SettingsError([f"{text}: no such stack: there is no {name}; {_known()}"])
    return StackFile(folder=project_folder(), path=name)


def stack_of(which: str | StackFile) -> Stack:
    """The stack of a file, or of the file that an argument means.

    Raises:
        SettingsError: there is none of that name, or with every error of the file.
    """
    return (named(which) if isinstance(which, str) else which).stack()


def named_or_revision(text: str) -> StackFile | Revision:
    """What an argument of a comparison means: a stack before a revision of the same name; `revision:path` is a file.

    Raises:
        SettingsError: it is none of these.
    """
    if (Path.cwd() / text).is_file() or (project_folder() / f"{_PREFIX}{text}{_SUFFIX}").is_file():
        return named(text)
    if _is_revision(text):  # also one with a colon in it: HEAD@{2026-11-26 08:00}
        return Revision(text)
    revision, colon, path = text.partition(":")
    if colon and not path:
        raise SettingsError([f"{text}: names no file: write it as in {text}Pulumi.prod.yaml"])
    if colon and _is_revision(revision):
        return StackFile(folder=Path.cwd(), path=path, revision=revision)
    if colon:
        raise SettingsError([f"{text}: {revision!r} is no git revision: write it as in main:Pulumi.prod.yaml"])
    raise SettingsError([f"{text}: neither a stack, nor a stack file, nor a git revision; {_known()}"])


def _known() -> str:
    return f"the stacks here are {', '.join(file.name for file in all_files()) or 'none'}"


def _is_revision(text: str) -> bool:
    asked = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{text}^{{commit}}")
    return _git(Path.cwd(), *asked) is not None


_In = TypeVar("_In")
_Out = TypeVar("_Out")


def each(do: Callable[[_In], _Out], things: Iterable[_In]) -> list[_Out]:
    """What `do` makes of each thing.

    Raises:
        SettingsError: with the errors of all of them.
    """
    made: list[_Out] = []
    errors: list[str] = []
    for thing in things:
        try:
            made.append(do(thing))
        except SettingsError as error:
            errors += error.errors
    if errors:
        raise SettingsError(errors)
    return made


def _git(folder: Path, *arguments: str) -> bytes | None:
    """Git's standard output; None where it refuses. Only plumbing that reads objects: no file is written."""
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, check=False)
    except FileNotFoundError:
        raise UserError("git is not on PATH: it is needed to read another revision") from None
    except NotADirectoryError:
        return None
    return done.stdout if done.returncode == 0 else None
