"""JSON that can mean only one thing: what is read is what any other reader would read."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kit.bodies import MAX_DEPTH, JsonTooDeep, MalformedJson, parse_json

texts = st.text(st.characters(exclude_categories=("Cs",)))
plain = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | texts
values = st.recursive(
    plain,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=("Cs",))), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(values, st.booleans())
def test_what_is_unambiguous_is_read(value, ascii_only):
    assert parse_json(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(st.dictionaries(st.text(st.characters(exclude_categories=("Cs",)), max_size=5), plain, min_size=1, max_size=3))
def test_a_key_that_stands_twice_is_refused_however_deep(value):
    inner = json.dumps(value)
    key = json.dumps(next(iter(value)))
    doubled = f'[{{"a": [1, "x:y", {inner[:-1]}, {key}: 0}}]}}]'
    with pytest.raises(MalformedJson):
        parse_json(doubled.encode())


def test_depth_is_bounded_where_it_is_said():
    fits = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH
    assert parse_json(fits) is not None
    with pytest.raises(JsonTooDeep):
        parse_json(b"[" + fits + b"]")


@pytest.mark.parametrize("text", ['":"', r'"\":\\"', r'"a\\\":"', r'{"\\": "\":\""}', '{"a:b": ":"}'])
def test_colons_and_quotes_inside_texts_are_no_keys(text):
    assert parse_json(text.encode()) == json.loads(text)
