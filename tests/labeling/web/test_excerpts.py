"""Is a long text cut where a reader would cut it?"""

from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from labeling.projects.models import Project
from labeling.templatetags.labeling_pages import excerpt
from tests.fixtures.people import fill


@given(st.text(alphabet="ab cé\u0301\n\u200d👩", max_size=90), st.integers(5, 30))
def test_an_excerpt_is_a_beginning_of_the_text_that_ends_at_a_word(text: str, most: int) -> None:
    cut, line = excerpt(text, most), " ".join(text.split())
    kept = cut.removesuffix("…")
    assert len(kept) <= most
    assert line.startswith(kept)
    assert (cut == line) == (kept == cut)


@given(st.lists(st.text(alphabet="abc", min_size=1, max_size=6), min_size=1, max_size=30))
def test_no_word_is_cut_where_words_are_short(words: list[str]) -> None:
    assert (
        excerpt(" ".join(words), 20).removesuffix("…").split()
        == words[: len(excerpt(" ".join(words), 20).split())]
    )


def test_the_lists_cut_long_texts_between_words(client: Client, joan: User, tickets: Project) -> None:
    fill(tickets, ["Umbrella " * 200])
    client.force_login(joan)
    page = client.get(reverse("labeling:documents", args=[tickets.pk])).content.decode()
    assert "Umbrella…" in page
    assert page.count("Umbrella") < 30


@pytest.mark.parametrize("package", ["labeling", "analytics"])
def test_every_page_cuts_texts_in_the_same_way(package: str) -> None:
    pages = (Path(settings.BASE_DIR) / package / "templates").rglob("*.html")
    assert [page.name for page in pages if "truncatechars" in page.read_text()] == []
