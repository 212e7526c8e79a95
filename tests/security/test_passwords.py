"""What a password must be."""

from __future__ import annotations

import pytest

from security.passwords import LONGEST, objection


@pytest.mark.parametrize("good", ["four unrelated words", "plumb-level-square", "Tr0mbone under glass", "x9!kL0#pQ2$w"])
def test_long_and_unusual_is_enough(good):
    assert objection(good, ("Ada", "Marsh", "ada@fixnado.test")) == ""


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("short", "at least 12"),
        ("x" * (LONGEST + 1), "at most"),
        ("aaaaaaaaaaaaaaaa", "different characters"),
        ("Password123456!", "tried first"),
        ("1234567890123456", "counting"),
        ("asdfghqwertyui", "keyboard"),
        ("marsh mallow ada", "name"),
    ],
)
def test_what_is_tried_first_is_refused_with_a_sentence(bad, said):
    assert said in objection(bad, ("Ada", "Marsh", "ada@fixnado.test"))
