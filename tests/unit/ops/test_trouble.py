"""Whatever a tool prints, the person gets one sentence that says what happened and what to do."""

import errno

import pytest

from ops.trouble import Trouble, kind_of_failure, last_line, os_trouble, tool_failed


@pytest.mark.parametrize(
    ("output", "kind"),
    [
        ("dpkg-deb: error: cannot copy: No space left on device", "disk"),
        ("npm error code ENOSPC", "disk"),
        ("E: You don't have enough free space in /tmp/x/archives/.", "disk"),
        ("Err:1 http://mirror.example/debian sid InRelease\n  Could not resolve 'mirror.example'", "network"),
        ("error: Failed to fetch: `https://index.example/simple/flask/`\n  Caused by: dns error", "network"),
        ("npm error code ECONNREFUSED", "network"),
        ("npm error reason: self-signed certificate in certificate chain", "network"),
        ("E: Failed to fetch x.deb  Hash Sum mismatch", "damaged"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE", "damaged"),
        ("npm error code EINTEGRITY", "damaged"),
        ("mkdir: cannot create directory: Permission denied", "permission"),
        ("something else entirely", "unknown"),
    ],
)
def test_a_tools_output_tells_why_it_failed(output, kind):
    assert kind_of_failure(output) == kind


@pytest.mark.parametrize("output", ["", "boom\n", "No space left on device", "Could not resolve", "Hash Sum mismatch"])
def test_every_failure_is_one_sentence_with_a_remedy(output):
    text = str(tool_failed("Fetching redis", output, "the mirror"))
    assert text.startswith("Fetching redis")
    assert text.endswith(".")
    assert "\n" not in text
    assert "the same command again" in text


def test_the_last_line_that_says_something_is_quoted():
    output = "first\n\nnpm error the cause\nnpm error A complete log of this run can be found in: /x\n\n"
    assert last_line(output) == "npm error the cause"


def test_a_full_disk_is_called_that():
    assert "disk is full" in str(os_trouble(OSError(errno.ENOSPC, "No space left on device", "/data/x")))


def test_a_trouble_ends_with_one_stop():
    assert str(Trouble("It broke.", "mend it.")) == "It broke: mend it."
