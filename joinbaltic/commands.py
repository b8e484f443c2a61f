"""The commands the product is made of, in one place: `make run` and docker-compose.yml use the same words.

Each is given to the Python interpreter. The web server takes its address from GRANIAN_HOST and GRANIAN_PORT;
"asginl" is ASGI without lifespan events, which Django has none of.
"""

from collections.abc import Sequence
from pathlib import Path

# Run one after the other before anything is started; each may be run again at any time.
PREPARATION = {
    "migrate": ("manage.py", "migrate", "--noinput", "--database", "default"),
    "migrate-keys": ("manage.py", "migrate", "--noinput", "--database", "keys"),
    "load-demo": (
        "manage.py",
        "load_demo",
        "--sandbox-url",
        "{sandbox_url}",
        "--sandbox-tls-url",
        "{sandbox_tls_url}",
        "--report",
        "{var}/run/demo.json",
    ),
}

# Kept running side by side.
PROCESSES = {
    "sandbox": (
        "manage.py",
        "sandbox_lenders",
        "--port",
        "{sandbox_port}",
        "--tls-port",
        "{sandbox_tls_port}",
    ),
    "web": ("-m", "granian", "--interface", "asginl", "joinbaltic.asgi:application"),
    "worker": ("-m", "celery", "-A", "joinbaltic", "worker", "--pool", "threads", "--concurrency", "8"),
    "beat": ("-m", "celery", "-A", "joinbaltic", "beat", "--pidfile", "", "--schedule", "{var}/run/beat"),
}


def words(
    command: Sequence[str], *, var: Path | str = "var", sandbox_url: str = "", sandbox_tls_url: str = ""
) -> list[str]:
    """The command with its places filled in."""
    places = {
        "var": str(var),
        "sandbox_url": sandbox_url,
        "sandbox_port": sandbox_url.rpartition(":")[2],
        "sandbox_tls_url": sandbox_tls_url,
        "sandbox_tls_port": sandbox_tls_url.rpartition(":")[2],
    }
    return [word.format(**places) for word in command]
