"""The guideline: rendering hostile Markdown, versions, conflicts and differences."""

import pytest
from django.test import Client
from django.urls import reverse

from labeling.formats.markup import markdown
from labeling.guidelines import versions
from labeling.guidelines.models import Guideline
from labeling.projects.models import Project
from tests.elements import compact, dangers, elements

HOSTILE = (
    "<script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt&colon;alert(1))",
    "[x]( java\nscript:alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](vbscript:msgbox(1))",
    "![x](data:text/html,<script>alert(1)</script>)",
    "![x](https://evil.example/pixel.png)",
    '<a href="//evil.example" target=_blank>x</a>',
    "[x](//evil.example)",
    "<style>*{display:none}</style>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<math><mtext></p><style><img src=x onerror=alert(1)></style></mtext></math>",
    "<svg><p><style><a id='</style><img src=x onerror=alert(1)>'></svg>",
    "<img src=x onerror=alert(1)>",
    "`<img src=x onerror=alert(1)>`",
    "[x](https://ok.example 'a\" onmouseover=\"alert(1)')",
    '<https://ok.example/"onmouseover=alert(1)>',
    "| <img src=x onerror=alert(1)> |\n|---|\n| [y](javascript:1) |",
)


def url(project: Project, name: str = "guideline", *more: int) -> str:
    return reverse(f"labeling:{name}", args=[project.pk, *more])


@pytest.fixture
def manager(client: Client, joan) -> Client:
    client.force_login(joan)
    return client


def form(project: Project, **changes: object) -> dict[str, object]:
    fields: dict[str, object] = {"body": "# Rule", "change": "rule", "note": "First rule.", "based_on": 1}
    for label_class in project.classes.all():
        fields |= {
            f"{label_class.pk.hex}-{name}": "" for name in ("definition", "examples", "counter_examples")
        }
    return fields | changes


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_markdown_becomes_harmless(text: str):
    """A3: no scheme but http, https and mailto, no element or attribute beyond the list; twice is once."""
    html = markdown.render(text)
    assert markdown.sanitise(html) == html
    assert dangers(html) == []
    rows = elements(html)
    assert {tag for tag, _ in rows} <= markdown.ELEMENTS
    assert all(attributes["rel"] == "noopener noreferrer nofollow" for tag, attributes in rows if tag == "a")


def test_a_save_is_a_new_version_with_a_rule_for_each_class(manager, tickets):
    refund = tickets.classes.get(name="Refund")
    answer = manager.post(
        url(tickets, "guideline_edit"),
        form(tickets, **{f"{refund.pk.hex}-definition": "Money back."}),
        follow=True,
    )
    page = answer.content.decode()
    assert "Version 2 saved" in page
    assert "<h2>Rule</h2>" in compact(page)
    assert "Money back." in page
    newest = Guideline.objects.order_by("-number").first()
    assert newest is not None
    assert (newest.number, newest.change, newest.rules.count()) == (2, "rule", 3)


def test_a_preview_shows_the_text_and_saves_nothing(manager, tickets):
    answer = manager.post(url(tickets, "guideline_edit"), form(tickets, body="**bold**", preview="yes"))
    assert "<strong>bold</strong>" in answer.content.decode()
    assert Guideline.objects.count() == 1


def test_two_editors_lose_nothing(manager, tickets, joan):
    versions.publish(tickets.pk, joan, body="Theirs\n", rules={}, change="rule")
    answer = manager.post(url(tickets, "guideline_edit"), form(tickets, body="Mine"))
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Another member saved a new version" in page
    assert "Theirs" in page
    assert ">\nMine</textarea>" in page
    assert 'name="based_on" value="2"' in page
    manager.post(url(tickets, "guideline_edit"), form(tickets, body="Mine", based_on=2))
    assert Guideline.objects.get(number=3).body == "Mine"


def test_a_version_that_is_no_longer_the_newest_says_so(manager, tickets, joan):
    versions.publish(tickets.pk, joan, body="New", rules={}, change="clarification")
    page = manager.get(url(tickets, "guideline_version", 1)).content.decode()
    assert "The current version is 2" in page
    assert manager.get(url(tickets, "guideline_version", 9)).status_code == 404


def test_the_difference_of_two_versions_names_lines_words_and_classes(manager, tickets, joan):
    refund = tickets.classes.get(name="Refund").pk
    for number, word in ((2, "small"), (3, "big")):
        rules = {refund: versions.RuleText(f"A {word} wish.", "Please\nreturn it")}
        versions.publish(
            tickets.pk, joan, body=f"one\na {word} rule", rules=rules, change="rule", note=f"v{number}"
        )
    page = manager.get(url(tickets, "guideline_diff", 2, 3)).content.decode()
    assert compact(page).count("<del>small</del>") == compact(page).count("<ins>big</ins>") == 2
    assert "Example: Please" in page
    assert "v3" in page
    assert "Compare with 2" in manager.get(url(tickets, "guideline_versions")).content.decode()


def test_annotators_read_but_do_not_write(client, tickets, ann):
    client.force_login(ann)
    assert "Edit guideline" not in client.get(url(tickets)).content.decode()
    assert client.get(url(tickets, "guideline_edit")).status_code == 403
    assert client.post(url(tickets, "guideline_edit"), form(tickets)).status_code == 403
    assert Guideline.objects.count() == 1


def test_too_long_a_text_is_refused_and_kept(manager, tickets):
    answer = manager.post(url(tickets, "guideline_edit"), form(tickets, body="x" * 100_001))
    assert answer.status_code == 422
    assert "x" * 100_001 in answer.content.decode()
    assert Guideline.objects.count() == 1
