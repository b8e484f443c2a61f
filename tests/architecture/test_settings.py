"""Settings come from the environment; what is missing stops the start with a sentence that names it."""

import base64
import json
import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as ours
from django.test import Client

ROOT = Path(__file__).resolve().parents[2]
KEY = base64.b64encode(bytes(range(32))).decode()
REQUIRED = {
    "SECRET_KEY": "s" * 60,
    "PUBLIC_URL": "https://apply.example",
    "ALLOWED_HOSTS": "apply.example",
    "DATABASE_URL": "postgres://user:pw@127.0.0.1:1/main",
    "KEYS_DATABASE_URL": "postgres://user:pw@127.0.0.1:1/keys",
    "REDIS_URL": "redis://:pw@127.0.0.1:1/0",
    "MASTER_KEYS": f"epoch1:{KEY}",
    "INDEX_KEYS": f"1:{KEY}",
    "PORTABILITY_KEYS": f"key1:{KEY}",
    "EMAIL_URL": "smtp+tls://user:pw@mail.example:587",
}
SECRETS = [name for name in REQUIRED if name not in {"PUBLIC_URL", "ALLOWED_HOSTS"}]
# Runs the settings module once for each environment it reads, as a process does that starts.
PROBE = """
import json, os, runpy, sys
answers = {}
for name, environment in json.load(sys.stdin).items():
    os.environ.clear()
    os.environ.update(environment)
    try:
        found = runpy.run_module("joinbaltic.settings")
    except Exception as error:
        answers[name] = {"error": f"{type(error).__name__}: {error}"}
    else:
        lazy = {"LANGUAGES", "CELERY_BEAT_SCHEDULE"}
        answers[name] = {key: found[key] for key in found if key.isupper() and key not in lazy}
print(json.dumps(answers, default=repr))
"""


def production(tmp: Path, **changes: str | None) -> dict[str, str]:
    kept = {"PATH": os.environ["PATH"], "VAR_DIR": str(tmp)} | REQUIRED | changes
    return {name: value for name, value in kept.items() if value is not None}


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What came of starting in each environment, by its name."""
    tmp = tmp_path_factory.mktemp("var")
    for name in SECRETS:
        (tmp / name).write_text(f"{REQUIRED[name]}\n")
    from_files = {f"{name}_FILE": str(tmp / name) for name in SECRETS}
    (tmp / "other").mkdir()
    (tmp / "other" / "development.env").write_text(
        "ENVIRONMENT=development\nDATABASE_URL=postgres://other/other"
    )
    local = {"PUBLIC_URL": "http://127.0.0.1:8000", "ALLOWED_HOSTS": None, "EMAIL_URL": None}
    environments = {
        "production": production(tmp),
        "development": production(tmp, ENVIRONMENT="development", **local),
        "misspelt": production(tmp, ENVIRONMENT="prod"),
        "plain http": production(tmp, PUBLIC_URL="http://apply.example"),
        "short key": production(tmp, MASTER_KEYS="epoch1:" + base64.b64encode(b"short").decode()),
        "no key": production(tmp, INDEX_KEYS="nonsense"),
        "files": production(tmp, **dict.fromkeys(SECRETS), **from_files),
        "files beside development": production(
            tmp, **dict.fromkeys(SECRETS), **from_files | {"VAR_DIR": str(tmp / "other")}
        ),
        "no file": production(tmp, SECRET_KEY=None, SECRET_KEY_FILE=str(tmp / "nothing")),
        "sandbox": production(
            tmp,
            SANDBOX_URL="http://127.0.0.1:9",
            SANDBOX_TLS_URL="https://127.0.0.1:9",
            SANDBOX_SECRET="x",
            LOCAL_LENDERS="127.0.0.1:9000",
        ),
        "local lenders": production(
            tmp, ENVIRONMENT="development", LOCAL_LENDERS="127.0.0.1:9000,localhost:9001", **local
        ),
        "lender elsewhere": production(
            tmp, ENVIRONMENT="development", LOCAL_LENDERS="192.168.0.7:9000", **local
        ),
        "debug": production(tmp, DEBUG="True", DJANGO_DEBUG="1"),
        "mailbox": production(
            tmp, PRIVACY_MAILBOX_URL="imaps://privacy:zqx%2Fpw@mail.example/INBOX,Junk%20mail"
        ),
        "plain mailbox": production(tmp, PRIVACY_MAILBOX_URL="imap://privacy:zqxpw@mail.example"),
        "no mailbox": production(tmp, PRIVACY_MAILBOX_URL="imaps://zqxpw@mail.example:zqxport"),
    }
    environments |= {f"without {name}": production(tmp, **{name: None}) for name in REQUIRED}
    environments |= {f"empty {name}": production(tmp, **{name: ""}) for name in REQUIRED}
    answer = subprocess.run(
        [sys.executable, "-c", PROBE], input=json.dumps(environments), cwd=ROOT, text=True,
        capture_output=True, check=False, env={"PATH": os.environ["PATH"], "VAR_DIR": str(tmp)},
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    found: dict[str, dict[str, Any]] = json.loads(answer.stdout)
    return found


@pytest.mark.parametrize("how", ["without", "empty"])
@pytest.mark.parametrize("name", REQUIRED)
def test_start_is_refused_with_a_sentence_that_names_what_is_missing(
    started: dict[str, dict[str, Any]], name: str, how: str
) -> None:
    assert started[f"{how} {name}"]["error"].startswith(
        f"ImproperlyConfigured: Set the environment variable {name}"
    )


@pytest.mark.parametrize(
    ("case", "named"),
    [
        ("misspelt", "ENVIRONMENT"),
        ("plain http", "PUBLIC_URL"),
        ("no file", "SECRET_KEY_FILE"),
        ("lender elsewhere", "LOCAL_LENDERS"),
    ],
)
def test_wrong_value_is_refused_by_name(started: dict[str, dict[str, Any]], case: str, named: str) -> None:
    assert started[case]["error"].startswith("ImproperlyConfigured")
    assert named in started[case]["error"]


@pytest.mark.parametrize("case", ["plain mailbox", "no mailbox"])
def test_mailbox_that_is_none_is_refused_without_being_repeated(
    started: dict[str, dict[str, Any]], case: str
) -> None:
    error = started[case]["error"]
    assert error.startswith("ImproperlyConfigured: PRIVACY_MAILBOX_URL")
    assert "zqx" not in error


def test_mailbox_shows_no_password(started: dict[str, dict[str, Any]]) -> None:
    found = started["mailbox"]["PRIVACY_MAILBOX"]
    assert "mail.example" in found
    assert "zqx" not in found
    assert started["production"]["PRIVACY_MAILBOX"] is None


@pytest.mark.parametrize("case", ["short key", "no key"])
def test_key_that_is_no_key_is_refused_without_being_repeated(
    started: dict[str, dict[str, Any]], case: str
) -> None:
    error = started[case]["error"]
    assert error.startswith("ImproperlyConfigured")
    assert "nonsense" not in error
    assert base64.b64encode(b"short").decode() not in error


@pytest.mark.parametrize("case", ["files", "files beside development"])
def test_every_secret_may_come_from_a_file(started: dict[str, dict[str, Any]], case: str) -> None:
    """The addresses of servers are secrets too: they hold passwords."""
    read = ("ENVIRONMENT", "SECRET_KEY", "DATABASES", "REDIS_URL", "MASTER_KEYS", "INDEX_KEYS", "EMAIL_URL")
    found, given = started[case], started["production"]
    assert {name: found[name] for name in read} == {name: given[name] for name in read}


def test_production_is_what_starts_when_nobody_says_otherwise(started: dict[str, dict[str, Any]]) -> None:
    assert started["production"]["ENVIRONMENT"] == "production"


@pytest.mark.parametrize("case", ["production", "development", "debug"])
def test_debug_is_off_everywhere(started: dict[str, dict[str, Any]], case: str) -> None:
    assert started[case]["DEBUG"] is False


def test_cookies_of_production_are_bound_to_the_host_and_to_https(
    started: dict[str, dict[str, Any]],
) -> None:
    found = started["production"]
    for kind in ("SESSION", "CSRF"):
        assert found[f"{kind}_COOKIE_SECURE"] is True
        assert found[f"{kind}_COOKIE_HTTPONLY"] is True
        assert found[f"{kind}_COOKIE_SAMESITE"] == "Lax"
    for kind in ("SESSION", "CSRF", "CONSUMER", "CHALLENGE"):
        assert found[f"{kind}_COOKIE_NAME"].startswith("__Host-")


def test_production_speaks_https_alone_for_two_years(started: dict[str, dict[str, Any]]) -> None:
    found = started["production"]
    assert found["SECURE_SSL_REDIRECT"] is True
    assert found["SECURE_HSTS_SECONDS"] >= 63_072_000
    assert found["SECURE_HSTS_INCLUDE_SUBDOMAINS"] is found["SECURE_HSTS_PRELOAD"] is True
    assert found["TRUSTED_PROXIES"] == 1


@pytest.fixture
def behind_proxy(started: dict[str, dict[str, Any]], settings: Any) -> Client:
    """A browser of the product as it is installed: TLS ends at the proxy."""
    for name in ("SECURE_SSL_REDIRECT", "SECURE_REDIRECT_EXEMPT", "SECURE_PROXY_SSL_HEADER"):
        setattr(settings, name, started["production"][name])
    return Client()


def test_plain_http_is_led_to_https(behind_proxy: Client) -> None:
    for headers in ({}, {"x-forwarded-proto": "http"}):
        response = behind_proxy.get("/lv/", headers=headers)
        assert (response.status_code, response["Location"]) == (301, "https://testserver/lv/")


@pytest.mark.django_db
def test_what_came_to_the_proxy_over_https_is_answered_and_not_led_round_in_a_circle(
    behind_proxy: Client,
) -> None:
    response = behind_proxy.get("/lv/", headers={"x-forwarded-proto": "https"})
    assert response.status_code == 200
    assert response.wsgi_request.is_secure()


@pytest.mark.django_db(databases=["default", "keys", "aside"])
@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_health_is_told_without_https_to_whoever_asks_the_process_itself(
    behind_proxy: Client, path: str
) -> None:
    assert behind_proxy.get(path).status_code in {200, 503}


def test_plain_http_is_a_thing_of_development_alone(started: dict[str, dict[str, Any]]) -> None:
    found = started["development"]
    assert found["SECURE_HSTS_SECONDS"] == 0
    assert found["SESSION_COOKIE_SECURE"] is False
    assert found["ALLOWED_HOSTS"] == ["127.0.0.1", "localhost"]


def test_mail_of_development_stays_on_the_machine(started: dict[str, dict[str, Any]]) -> None:
    assert started["development"]["EMAIL_BACKEND"].endswith("filebased.EmailBackend")


def test_mail_of_production_goes_over_tls(started: dict[str, dict[str, Any]]) -> None:
    assert started["production"]["EMAIL_USE_TLS"] is True
    assert started["production"]["EMAIL_TIMEOUT"]


def test_production_knows_no_sandbox(started: dict[str, dict[str, Any]]) -> None:
    known = {started["sandbox"][name] for name in ("SANDBOX_URL", "SANDBOX_TLS_URL", "SANDBOX_SECRET")}
    assert known == {""}
    assert started["sandbox"]["LOCAL_LENDERS"] == []


def test_development_speaks_to_the_lenders_of_this_machine_that_are_named(
    started: dict[str, dict[str, Any]],
) -> None:
    assert started["local lenders"]["LOCAL_LENDERS"] == ["127.0.0.1:9000", "localhost:9001"]


def test_models_for_trying_the_cellar_are_not_installed_outside_tests(
    started: dict[str, dict[str, Any]],
) -> None:
    assert not [app for app in started["production"]["INSTALLED_APPS"] if app.startswith("tests")]


def test_messages_of_celery_carry_json_alone_and_no_result() -> None:
    assert ours.CELERY_ACCEPT_CONTENT == ["json"]
    assert ours.CELERY_TASK_IGNORE_RESULT is True
    assert ours.CELERY_TASK_ACKS_LATE is True


@pytest.mark.slow
def test_deployment_check_of_django_has_nothing_to_say(tmp_path: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env=production(tmp_path, SECRET_KEY=secrets.token_urlsafe(48)),
        text=True,
        capture_output=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr


def test_passwords_are_hashed_by_what_costs_a_guesser_memory(started: dict[str, dict[str, Any]]) -> None:
    hashers = started["production"]["PASSWORD_HASHERS"]
    assert hashers[0] == "django.contrib.auth.hashers.ScryptPasswordHasher"
