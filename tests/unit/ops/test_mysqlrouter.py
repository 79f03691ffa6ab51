"""What a line of a MySQL Router is told, and which of its ways fit together."""

from pathlib import Path

from ops.mysqlrouter import Ending, Line

ENDING = Ending(Path("/c.pem"), Path("/k.pem"))


def told(line: Line) -> dict[str, str]:
    head, *rest = line.settings(6446).splitlines()
    assert head == f"[routing:{line.name}]"
    return dict(one.split("=", 1) for one in rest)


def test_without_a_certificate_tls_is_passed_through():
    found = told(Line("a", [("h", 1), ("g", 2)]))
    assert (found["bind_address"], found["bind_port"], found["destinations"]) == ("127.0.0.1", "6446", "h:1,g:2")
    assert (found["client_ssl_mode"], found["server_ssl_mode"]) == ("PASSTHROUGH", "AS_CLIENT")
    assert "connection_sharing" not in found


def test_with_one_the_router_ends_it_and_may_share_connections():
    found = told(Line("a", [("h", 1)], ENDING, sharing=True))
    assert (found["client_ssl_cert"], found["client_ssl_key"]) == ("/c.pem", "/k.pem")
    assert (found["server_ssl_mode"], found["connection_sharing"]) == ("PREFERRED", "1")
