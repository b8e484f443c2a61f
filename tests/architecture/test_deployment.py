"""docker-compose.yml runs the same words as `make run`, keeps no secret, and names no registry."""

import re
import shlex
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from joinbaltic import commands

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
# The variables that the settings read.
READ = set(
    re.findall(
        r"(?:env\.\w+|secret|required|database)\(\"([A-Z_]+)\"",
        (ROOT / "joinbaltic/settings.py").read_text(encoding="utf-8"),
    )
)
SECRET = re.compile(r"SECRET|PASSWORD|_KEY|EMAIL_URL|DATABASE_URL|REDIS_URL|AUTH")


@pytest.mark.parametrize("name", ["web", "worker", "beat"])
def test_service_runs_the_words_of_make_run(name: str) -> None:
    assert SERVICES[name]["command"] == ["python", *commands.words(commands.PROCESSES[name])]


def test_web_server_does_not_ask_for_lifespan_events_which_django_has_none_of() -> None:
    words = commands.PROCESSES["web"]
    assert words[words.index("--interface") + 1] == "asginl"


@pytest.mark.parametrize("name", ["migrate", "migrate-keys"])
def test_databases_are_migrated_with_the_words_of_make_run(name: str) -> None:
    assert (
        " ".join(["python", *commands.words(commands.PREPARATION[name])])
        in SERVICES["migrate"]["command"][-1]
    )


def test_databases_count_as_ready_when_the_last_of_them_answers_a_question_over_tcp() -> None:
    """While the image prepares its volume, a server of its own answers on the unix socket alone; migrating
    then would fail for good."""
    kind, question = SERVICES["postgres"]["healthcheck"]["test"]
    assert kind == "CMD-SHELL"
    words = shlex.split(question)
    assert words[:2] == ["PGPASSWORD=$$POSTGRES_PASSWORD", "psql"]
    options = dict(pairwise(words))
    assert options["--host"] == "127.0.0.1"
    assert options["--dbname"] == SERVICES["web"]["environment"]["KEYS_DATABASE_URL"].rpartition("/")[2]
    assert options["--command"] == "select 1"


def test_every_secret_comes_from_outside() -> None:
    for service in SERVICES.values():
        for variable, value in service.get("environment", {}).items():
            if SECRET.search(variable) and not variable.endswith("_FILE"):
                assert value is None or "${" in value, variable


@pytest.mark.parametrize("name", ["SECRET_KEY", "POSTGRES_PASSWORD", "REDIS_PASSWORD", "EMAIL_URL"])
def test_missing_secret_stops_the_start_with_a_sentence(name: str) -> None:
    assert re.search(rf"\$\{{{name}:\?set {name}", (ROOT / "docker-compose.yml").read_text(encoding="utf-8"))


def test_every_variable_of_the_product_can_be_set() -> None:
    """But its folder, which the image has, and what only development knows."""
    given = {name.removesuffix("_FILE") for name in SERVICES["web"]["environment"]}
    assert READ - given == {
        "VAR_DIR", "SANDBOX_URL", "SANDBOX_TLS_URL", "SANDBOX_SECRET", "LOCAL_LENDERS",
    }  # fmt: skip


def test_every_variable_is_described() -> None:
    described = set(re.findall(r"`([A-Z_]+)`", (ROOT / "docs/configuration.md").read_text(encoding="utf-8")))
    taken = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text(encoding="utf-8")))
    assert {"TLS", "HTTPS_ADDRESS", "MASTER_KEYS_PATH"} < taken
    assert (READ | taken) - described == set()


@pytest.mark.parametrize(
    "variable",
    [
        "BACKUP_DAYS",
        "DEFAULT_FROM_EMAIL",
        "KEYS_ARCHIVE_DAYS",
        "LOG_LEVEL",
        "MASTER_KEY_DAYS",
        "MASTER_KEY_PROVIDER",
        "SWEEP_SECONDS",
        "TRUSTED_PROXIES",
    ],
)
def test_what_the_product_has_a_default_for_is_handed_on_only_where_it_is_set(variable: str) -> None:
    """A name without a value is what compose leaves out; an empty value would overrule the default."""
    assert SERVICES["web"]["environment"][variable] is None


def test_images_have_plain_names() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    images = [service["image"] for service in SERVICES.values()] + re.findall(
        r"^FROM (\S+)", dockerfile, re.M
    )
    assert [image for image in images if "/" in image] == []


def test_lock_names_no_index() -> None:
    for lock in ("requirements.lock", "requirements-dev.lock"):
        assert "://" not in (ROOT / lock).read_text(encoding="utf-8")


def test_what_is_tested_is_what_is_served() -> None:
    served, tested = (
        set(re.findall(r"^\S+==\S+", (ROOT / name).read_text(encoding="utf-8"), re.M))
        for name in ("requirements.lock", "requirements-dev.lock")
    )
    assert served <= tested


def test_redis_keeps_every_message_it_took() -> None:
    configuration = (ROOT / "docs/deploy/redis.conf").read_text(encoding="utf-8").splitlines()
    assert {"appendonly yes", "appendfsync everysec", "maxmemory-policy noeviction"} <= set(configuration)


def test_only_the_proxy_is_reachable_from_outside() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]


def test_files_that_compose_mounts_exist() -> None:
    mounts = [mount for service in SERVICES.values() for mount in service.get("volumes", [])]
    files = [mount.split(":")[0] for mount in mounts if mount.startswith("./")]
    assert files
    assert [file for file in files if not (ROOT / file).is_file()] == []


def test_live_events_are_not_buffered_by_the_proxy() -> None:
    assert "flush_interval -1" in (ROOT / "docs/deploy/Caddyfile").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["requirements.in", "requirements-dev.in"])
def test_every_direct_dependency_has_its_reason(name: str) -> None:
    reasons = (ROOT / "docs/dependencies.md").read_text(encoding="utf-8").lower()
    direct = re.findall(r"^[A-Za-z][\w.-]*", (ROOT / name).read_text(encoding="utf-8"), re.M)
    assert [package for package in direct if not re.search(rf"\b{package.lower()}\b", reasons)] == []


def test_every_process_that_serves_or_works_sees_the_erasure_ledger() -> None:
    """Without it a database that was set back would be served."""
    folder = str(Path(SERVICES["web"]["environment"]["ERASURE_LEDGER"]).parent)
    mounts = {
        name: [mount for mount in SERVICES[name]["volumes"] if f":{folder}" in mount]
        for name in ("web", "worker", "backup")
    }
    assert {name: len(found) for name, found in mounts.items()} == {"web": 1, "worker": 1, "backup": 1}
    assert mounts["web"][0].endswith(":ro")


def test_what_makes_copies_sees_those_of_one_database_alone_and_does_not_migrate() -> None:
    for name, other in (("backup", "KEYS_BACKUP_DIR"), ("backup-keys", "BACKUP_DIR")):
        folder = SERVICES[name]["environment"][other]
        assert not any(mount.endswith(f":{folder}") for mount in SERVICES[name]["volumes"])
        assert list(SERVICES[name]["depends_on"]) == ["postgres"]
