"""Rights are carried out at the lenders as well: the fixtures of their tests."""

from tests.lenders.conftest import asked, lenders, sandbox, sandbox_server, second_connection

__all__ = ["asked", "lenders", "sandbox", "sandbox_server", "second_connection"]
