"""Waiting for the disk."""

import os
import tempfile
from pathlib import Path


def sync(path: Path) -> None:
    """Return when a file, or the names in a folder, are on the disk. Raises OSError.

    A new file is not safe before its folder is, and a replaced one may come back.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace(path: Path, content: bytes) -> None:
    """Put other content in a file's place, all or nothing, and return when it is on the disk; mode and owner
    stay. Raises OSError.
    """
    meta = path.stat()
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), meta.st_mode & 0o7777)
            if (meta.st_uid, meta.st_gid) != (os.geteuid(), os.getegid()):
                os.fchown(file.fileno(), meta.st_uid, meta.st_gid)
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        os.unlink(beside)
        raise
    sync(path.parent)  # or what was replaced may come back after a crash of the machine
