"""A rotation that is killed at any moment is gone on with, and nothing is lost."""

import base64
import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.test import override_settings

from applications.crypto.keyring import cipher_for
from applications.crypto.models import DataKey
from applications.crypto.providers import LocalMasterKeys

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(databases=["default", "keys", "aside"], transaction=True),
]
ROOT = Path(__file__).parents[2]
PEOPLE = 10_000
KILLS = 3
WAIT_SECONDS = 120


def fill(data_keys: dict[UUID, bytes]) -> None:
    provider = LocalMasterKeys()
    epoch = provider.current_epoch()
    DataKey.objects.bulk_create(
        DataKey(owner_id=owner_id, epoch=epoch, wrapped=provider.wrap(epoch, data_key, owner_id))
        for owner_id, data_key in data_keys.items()
    )


def in_new_epoch() -> int:
    return DataKey.objects.filter(epoch="new").count()


def rotation(environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "manage.py", "keys", "rotate"]
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def kill_in_the_middle(process: "subprocess.Popen[bytes]", before: int) -> bool:
    """Once it has begun to write; whether it was still at it."""
    deadline = time.monotonic() + WAIT_SECONDS
    while in_new_epoch() == before and process.poll() is None:
        assert time.monotonic() < deadline, "the rotation has not begun"
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return process.returncode == -signal.SIGKILL


def test_killed_rotations_lose_nothing(process_environment: dict[str, str]) -> None:
    ring = {"old": secrets.token_bytes(32), "new": secrets.token_bytes(32)}
    data_keys = {uuid4(): os.urandom(32) for _ in range(PEOPLE)}
    with override_settings(MASTER_KEYS={"old": ring["old"]}):
        fill(data_keys)
    entries = (f"{name}:{base64.b64encode(key).decode()}" for name, key in ring.items())
    environment = process_environment | {"MASTER_KEYS": ",".join(entries)}

    killed = sum(kill_in_the_middle(rotation(environment), in_new_epoch()) for _ in range(KILLS))
    moved = in_new_epoch()
    assert killed
    assert moved > 0

    done = rotation(environment)
    said, complaint = done.communicate(timeout=WAIT_SECONDS)
    assert done.returncode == 0, complaint
    assert f"{PEOPLE - moved} wrapped anew, 0 left".encode() in said
    assert in_new_epoch() == PEOPLE
    nonce = bytes(12)
    with override_settings(MASTER_KEYS={"new": ring["new"]}):
        for owner_id, data_key in data_keys.items():
            sealed = cipher_for(owner_id).encrypt(nonce, b"value", None)
            assert AESGCM(data_key).decrypt(nonce, sealed, None) == b"value"
