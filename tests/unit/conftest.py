"""Unit tests know no network: a test that opens a socket belongs elsewhere."""

import pytest
import pytest_socket


@pytest.fixture(autouse=True)
def no_sockets():
    pytest_socket.disable_socket(allow_unix_socket=True)
    yield
    pytest_socket.enable_socket()
