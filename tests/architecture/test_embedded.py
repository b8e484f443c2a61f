"""The embedded servers are real, private, and leave nothing behind."""

import os
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from joinbaltic import embedded
from joinbaltic.embedded_places import SHORT_FOLDER, EmbeddedServerError, make_private, private_folder
from joinbaltic.processes import running as running_process
from joinbaltic.processes import working_in

pytestmark = pytest.mark.thorough

ROOT = Path(__file__).resolve().parents[2]
KEEP_RUNNING = """
import pathlib, sys, time
from joinbaltic import embedded
with embedded.services(pathlib.Path(sys.argv[1])):
    print(flush=True)
    time.sleep(60)
"""


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[embedded.Services]:
    with embedded.services(tmp_path_factory.mktemp("embedded") / "var", durable=False) as running:
        yield running


@pytest.fixture
def lasting(tmp_path: Path) -> Iterator[Path]:
    """A directory for servers that outlive their block; whatever comes of the test, nothing stays."""
    yield tmp_path / "var"
    embedded.remove(tmp_path / "var")


def redis_client(servers: embedded.Services) -> redis.Redis:
    return redis.Redis.from_url(servers.environment["REDIS_URL"], retry=Retry(NoBackoff(), 0))


@pytest.mark.parametrize("name", ["DATABASE_URL", "KEYS_DATABASE_URL"])
def test_both_databases_answer(servers: embedded.Services, name: str) -> None:
    with psycopg.connect(servers.environment[name]) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_databases_keep_their_data_over_a_kill(servers: embedded.Services) -> None:
    with psycopg.connect(servers.environment["DATABASE_URL"]) as connection:
        connection.execute("CREATE TABLE kept (word text)")
    assert servers.postgres
    servers.postgres.kill()
    servers.postgres.start()
    with psycopg.connect(servers.environment["DATABASE_URL"]) as connection:
        connection.execute("SELECT word FROM kept")


def test_redis_keeps_address_and_data_over_a_kill(servers: embedded.Services) -> None:
    redis_client(servers).set("kept", "word")
    address = servers.environment["REDIS_URL"]
    assert servers.redis
    servers.redis.kill()
    servers.redis.start()
    assert servers.environment["REDIS_URL"] == address
    assert redis_client(servers).get("kept") == b"word"


def test_redis_does_not_answer_while_it_is_killed(servers: embedded.Services) -> None:
    assert servers.redis
    servers.redis.kill()
    with pytest.raises(redis.ConnectionError):
        redis_client(servers).ping()
    servers.redis.start()


def test_redis_refuses_a_client_without_the_password(servers: embedded.Services) -> None:
    assert servers.redis
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=servers.redis.port or 0, retry=Retry(NoBackoff(), 0)).ping()


def test_redis_password_is_on_no_command_line(servers: embedded.Services) -> None:
    assert servers.redis
    assert servers.redis.process
    command = psutil.Process(servers.redis.process.pid).cmdline()
    assert servers.redis.password not in " ".join(command)


def test_postgres_listens_on_no_port(servers: embedded.Services) -> None:
    assert servers.postgres
    assert servers.postgres.process
    sockets = psutil.Process(servers.postgres.process.pid).net_connections(kind="inet")
    assert [one for one in sockets if one.status == psutil.CONN_LISTEN] == []


def test_postgres_does_not_run_as_root(servers: embedded.Services) -> None:
    assert servers.postgres
    assert servers.postgres.process
    assert psutil.Process(servers.postgres.process.pid).uids().effective != 0


def test_folder_of_the_socket_is_closed_to_others(servers: embedded.Services) -> None:
    assert servers.postgres
    assert stat.S_IMODE(servers.postgres.socket.stat().st_mode) == 0o700
    assert stat.S_IMODE(servers.postgres.private.stat().st_mode) & 0o007 == 0


def test_directory_in_use_is_refused(servers: embedded.Services) -> None:
    with pytest.raises(embedded.AlreadyRunningError), embedded.claim(servers.book.path.parent.parent):
        pytest.fail("claimed twice")


def test_folder_that_others_may_enter_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with pytest.raises(EmbeddedServerError):
        make_private(tmp_path, group=None)


def test_copy_of_a_directory_gets_a_folder_of_its_own(tmp_path: Path) -> None:
    first = private_folder(tmp_path / "a")
    (tmp_path / "b" / "run").mkdir(parents=True)
    (tmp_path / "b" / "run" / "place").write_bytes((tmp_path / "a" / "run" / "place").read_bytes())
    assert private_folder(tmp_path / "b") != first
    assert private_folder(tmp_path / "a") == first


def test_two_directories_deeper_than_a_socket_path_run_side_by_side(
    servers: embedded.Services, tmp_path: Path
) -> None:
    deep = tmp_path.joinpath(*["a-folder-with-a-long-name"] * 8, "var")
    with embedded.services(deep, durable=False) as second:
        assert set(second.environment.values()).isdisjoint(servers.environment.values())
        psycopg.connect(second.environment["DATABASE_URL"]).close()
        redis_client(second).ping()


def test_servers_of_one_use_leave_nothing_behind(tmp_path: Path) -> None:
    directory = tmp_path / "var"
    with embedded.services(directory, redis=False, durable=False) as running:
        assert running.postgres
        private, data = running.postgres.private, running.postgres.data
    assert not directory.exists()
    assert not private.exists()
    assert working_in(data) == []


def test_server_that_is_not_wanted_is_not_started(tmp_path: Path) -> None:
    with embedded.services(tmp_path / "var", postgres=False, durable=False) as running:
        assert set(running.environment) == {"REDIS_URL"}


@pytest.mark.slow
@pytest.mark.parametrize("book", ["kept", "lost"])
def test_next_start_takes_over_from_a_killed_one(lasting: Path, book: str) -> None:
    command = [sys.executable, "-c", KEEP_RUNNING, str(lasting)]
    killed = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, env=os.environ | {"DATABASE_URL": ""}
    )
    assert killed.stdout
    killed.stdout.readline()
    killed.kill()
    killed.wait()
    killed.stdout.close()
    if book == "lost":
        (lasting / "run" / "processes.json").unlink()
    left = working_in(lasting / "redis")
    assert left
    with embedded.services(lasting) as running:
        psycopg.connect(running.environment["DATABASE_URL"]).close()
        redis_client(running).ping()
        assert [process for process in left if running_process(process)] == []


@pytest.mark.slow
def test_stale_pid_file_does_not_keep_postgres_from_starting(lasting: Path) -> None:
    with embedded.services(lasting, redis=False) as running:
        assert running.postgres
        data = running.postgres.data
    (data / "postmaster.pid").write_text(f"{os.getpid()}\n{data}\n{int(time.time())}\n5432\n\n\n")
    with embedded.services(lasting, redis=False) as running:
        psycopg.connect(running.environment["DATABASE_URL"]).close()


def test_private_folders_are_short_enough_for_a_socket(tmp_path: Path) -> None:
    folder = private_folder(tmp_path.joinpath(*["deep"] * 40))
    assert folder.parent == SHORT_FOLDER
    assert len(os.fsencode(folder / "socket" / ".s.PGSQL.5432.lock")) < 104  # macOS's limit, the lower one
