"""The browser for journeys: one that is installed, or on Debian as root one that can be.

`python -m tests.browser` looks, installs if it can, and says what came of it.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome")
MISSING = "no Chromium found (put chromium on the PATH, or its path into CHROMIUM)"


def find() -> Path | None:
    """The browser's program, or None."""
    named = os.environ.get("CHROMIUM")
    if named:
        return Path(named) if os.access(named, os.X_OK) else None
    paths = (shutil.which(name) for name in NAMES)
    return next((Path(path) for path in paths if path), None)


def install() -> None:
    """Install Debian's Chromium; does nothing where that is not ours to do."""
    if os.getuid() != 0 or not shutil.which("apt-get"):
        return
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update", "-qq"], ["install", "-qq", "-y", "--no-install-recommends", "chromium"]):
        # Somebody else may be installing something at the same moment: wait for them.
        command = ["apt-get", "-o", "DPkg::Lock::Timeout=300", *arguments]
        subprocess.run(command, env=environment, check=False, stdout=subprocess.DEVNULL)


def main() -> int:
    if not find():
        install()
    path = find()
    sys.stdout.write(f"Browser: {path}\n" if path else f"Journeys will not run: {MISSING}.\n")
    return 0 if path or os.environ.get("CI") != "true" else 1


if __name__ == "__main__":
    sys.exit(main())
