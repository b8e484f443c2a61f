"""Our own files as the web process serves them."""

import asyncio
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import AsyncClient, Client

URL = "/static/joinbaltic/app.css"
FILE = Path(str(finders.find("joinbaltic/app.css")))


def test_file_is_served_whole_with_its_type(client: Client) -> None:
    response = client.get(URL)
    assert response.content == FILE.read_bytes()
    assert response["Content-Type"].startswith("text/css")
    assert response["Content-Length"] == str(FILE.stat().st_size)


@pytest.mark.filterwarnings("error")
def test_asynchronous_server_is_given_nothing_to_read_piece_by_piece() -> None:
    """Django would warn each time, and read it whole."""
    response = asyncio.run(AsyncClient().get(URL))
    assert not response.streaming
    assert response.content == FILE.read_bytes()


def test_known_file_is_not_sent_again(client: Client) -> None:
    tag = client.get(URL)["ETag"]
    response = client.get(URL, headers={"if-none-match": tag})
    assert (response.status_code, response.content) == (304, b"")
    assert "Content-Type" not in response


def test_part_of_a_file_can_be_asked_for(client: Client) -> None:
    response = client.get(URL, headers={"range": "bytes=2-5"})
    assert (response.status_code, response.content) == (206, FILE.read_bytes()[2:6])


def test_asking_about_a_file_sends_none(client: Client) -> None:
    response = client.head(URL)
    assert (response.status_code, response.content) == (200, b"")
    assert response["Content-Length"] == str(FILE.stat().st_size)


@pytest.mark.django_db
def test_file_that_is_not_ours_is_not_found(client: Client) -> None:
    assert client.get("/static/joinbaltic/../../settings.py").status_code == 404
