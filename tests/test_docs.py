"""Is the documentation true? Links, commands, settings, states, tables, and the examples that can be run."""

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command, get_commands, load_command_class
from django.core.management.base import BaseCommand
from django.urls import resolve

from labeling import formats, worker
from labeling.annotations import exclusion
from labeling.api.claims import PUBLIC_NAMES, BatchOut
from labeling.documents.models import Document
from labeling.explanations.reasons import SENTENCES
from labeling.explanations.selection_reason import ReasonKey
from labeling.formats.converters import CONVERTERS
from labeling.formats.projects import READERS
from labeling.jobs.models import Job
from labeling.learning.text import limits, wordpiece, words
from labeling.predictions.models import ModelVersion
from labeling.projects import tokens
from labeling.projects.models import Project
from labeling.queue.models import QueueEntry
from labeling.steering.models import Focus
from reviewqueue.settings import BASE_DIR
from tests.test_readme import check_settings, run_commands, table

DOCS = BASE_DIR / "docs"
MIGRATIONS = BASE_DIR / "labeling" / "migrations"
PAGES = sorted([BASE_DIR / "README.md", BASE_DIR / "CHANGELOG.md", *DOCS.rglob("*.md")])
COMMANDS = (DOCS / "reference" / "commands.md").read_text()
SETTINGS = (DOCS / "reference" / "settings.md").read_text()
STATES = (DOCS / "reference" / "states.md").read_text()
TABLES = (DOCS / "reference" / "tables.md").read_text()
SECURITY = (DOCS / "reference" / "security.md").read_text()
TUTORIAL = (DOCS / "tutorial" / "first-project.md").read_text()
FIXED = {
    "./run demo", "./run up", "./run test", "./run check", "./run manage", "./run bench", "simulate",
    "verify_invariants", "queue", "loop", "importing", "duplicates", "exporting", "guidelines", "tagging",
    "ranking", "efficiency", "desk", "reports", "recipes", "extrapolation", "steering", "coverage",
    "outage", "exchange", "interop", "portable", "savings", "control", "embeddings", "features", "pieces",
}  # fmt: skip
OWN_COMMANDS = sorted(name for name, app in get_commands().items() if app in {"labeling", "analytics"})
OF_DJANGO = set(vars(BaseCommand().create_parser("manage", "any"))["_option_string_actions"])


def name_of(path: Path) -> str:
    return str(path.relative_to(BASE_DIR))


def prose(text: str) -> str:
    return re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)


def anchors(text: str) -> set[str]:
    """What headings are called in links."""
    headings = re.findall(r"^#+ (.+)$", prose(text), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(text: str) -> list[str]:
    findall = re.findall(r"\]\(([^)\s]+)\)", prose(text))
    return [link for link in findall if not link.startswith(("http://", "https://"))]


def command(name: str) -> BaseCommand:
    return load_command_class(get_commands()[name], name)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_internal_link_resolves(page):
    for link in links(page.read_text()):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.is_relative_to(BASE_DIR), link
        assert target.is_file(), link
        if anchor:
            assert anchor in anchors(target.read_text()), link


def test_the_index_leads_to_every_page():
    index = DOCS / "index.md"
    linked = {(DOCS / link).resolve() for link in links(index.read_text())}
    assert linked == {page for page in PAGES if page.is_relative_to(DOCS)} - {index}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_that_a_page_names_exists(page):
    text = page.read_text()
    assert set(re.findall(r"\./run ([a-z]+)", text)) <= run_commands() | {"help"}
    named = re.findall(r"(?:\./run manage|python manage\.py) ([a-z_]+)", text)
    assert set(named) <= set(get_commands()) | {"help"}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_address_that_a_page_names_is_one(page):
    named = re.findall(r"(?<![\w.])/(?:api/v1/[\w/-]*|livez|readyz|healthz/deep)", prose(page.read_text()))
    curled = re.findall(r"http://127\.0\.0\.1:8000(/[\w/-]+)", page.read_text())
    for address in {*named, *curled} - {"/api/v1/"}:
        assert resolve(address).url_name != "no_such_address", address


def test_the_fixed_names_are_documented():
    assert set(re.findall(r"`([./a-z_ ]+?)(?: \[| --| [A-Z]|`)", COMMANDS)) >= FIXED


def test_run_and_its_reference_know_the_same_commands():
    named = {cells[0].split()[1] for cells in table(COMMANDS, "## `./run`")}
    assert named == run_commands() | {"help"}


def test_every_command_of_ours_is_documented_and_every_documented_one_is_there():
    named = {cells[0].split()[0] for cells in table(COMMANDS, "## `./run manage`")}
    assert set(OWN_COMMANDS) <= named <= set(get_commands())


@pytest.mark.parametrize("name", OWN_COMMANDS)
def test_every_option_of_our_commands_is_documented(name):
    options = set(vars(command(name).create_parser("manage", name))["_option_string_actions"])
    for option in options - OF_DJANGO:
        assert f"{option}" in COMMANDS, option


def test_simulate_has_the_documented_defaults():
    parser = command("simulate").create_parser("manage", "simulate")
    for option, default, *_ in table(COMMANDS, "### `simulate`"):
        result = parser.get_default(option.removeprefix("--"))
        assert default == ("" if result is None else str(result)), option


def test_every_benchmark_is_documented_under_its_fixed_name():
    there = {path.stem for path in (BASE_DIR / "benchmarks").glob("[a-z]*.py")}
    named = {cells[0] for cells in table(COMMANDS, "## `./run bench`")}
    assert there <= named <= FIXED


def test_the_settings_reference_is_what_the_settings_read():
    check_settings(table(SETTINGS, "## Of the service"))


def test_the_settings_of_a_project_are_those_that_there_are():
    rows = {cells[0]: cells[1] for cells in table(SETTINGS, "## Of a project")}
    assert rows.keys() == exclusion.CHANGEABLE - {"name", "description"} | {"kind", "test_share"}
    for name, shown in rows.items():
        field = Project._meta.get_field(name)
        default = str(field.get_default()) if field.has_default() else ""
        assert shown == {"False": "no", "[]": "none"}.get(default, default), name


def choices() -> Iterator[tuple[str, list[str]]]:
    for model in apps.get_app_config("labeling").get_models():
        for field in model._meta.concrete_fields:
            if field.choices:
                yield f"{model.__name__}.{field.name}", [str(value) for value, _ in field.choices]


@pytest.mark.parametrize(("where", "values"), list(choices()), ids=str)
def test_every_state_is_documented(where, values):
    assert not [value for value in values if f"`{value}`" not in STATES], where


def test_the_moves_of_a_document_are_those_of_the_code():
    shown = {cells[0]: set(re.findall(r"\w+", cells[2])) for cells in table(STATES, "## Document")}
    assert shown == {str(state): {str(to) for to in moves} for state, moves in Document.MOVES.items()}


def test_shares_and_reasons_of_empty_claims_are_those_of_the_code():
    assert {cells[0] for cells in table(STATES, "## Shares of the queue")} == set(SENTENCES)
    parts = {key for cells in table(STATES, "## Reasons") for key in re.findall(r"\w+", cells[0])}
    made_when_shown = {"sentence", "explanation"}
    keys = {
        PUBLIC_NAMES.get(key, str(key))
        for key in ReasonKey
        if key not in (ReasonKey.VERSION, ReasonKey.SHARE)
    }
    assert parts == keys | made_when_shown
    reasons = BatchOut().fields["empty_because"].choices
    assert {cells[0] for cells in table(STATES, "## Empty claims")} == set(reasons)


def test_every_table_is_documented_with_constraints_that_exist():
    models = [m for name in ("labeling", "analytics") for m in apps.get_app_config(name).get_models()]
    rows = table(TABLES, "# Tables")
    assert {cells[0] for cells in rows} == {model._meta.db_table for model in models}
    constraints = {constraint.name for model in models for constraint in model._meta.constraints}
    named = {name for cells in rows for name in re.findall(r"`?(\b\w+_\w+\b)`?", cells[2])}
    triggers = set(
        re.findall(r"CREATE TRIGGER (\w+)", "".join(path.read_text() for path in MIGRATIONS.glob("*.py")))
    )
    assert named <= constraints | triggers


def test_every_decision_says_question_choice_why_and_price():
    areas = re.split(r"^## ", (DOCS / "decisions.md").read_text(), flags=re.M)[1:]
    assert len(areas) == 8
    decisions = [decision for area in areas for decision in re.split(r"^### ", area, flags=re.M)[1:]]
    assert len(decisions) >= 85
    for decision in decisions:
        headings = re.findall(r"^\*\*(\w+)\.\*\* \S", decision, re.M)
        assert headings == ["Question", "Choice", "Why", "Price"], decision.splitlines()[0]


def test_the_rows_of_the_import_page_can_be_imported():
    (rows,) = blocks((DOCS / "how-to" / "import-documents.md").read_text(), "jsonl")
    results = list(formats.read(BytesIO(rows.encode()), formats.Format.JSONL))
    assert [getattr(row, "labels", "bad") for row in results] == [None, ("Delivery",)]
    assert results[0].metadata == {"channel": "mail"}


def test_the_page_about_other_tools_has_a_row_for_each_tool_that_is_read():
    text = (DOCS / "how-to" / "come-from-another-tool.md").read_text()
    table = text.partition("## What imports today")[2].partition("\n\nWhat is read")[0]
    ours = {"Text files", "Review Queue"}
    tools = {reader.TOOL for reader in (*READERS.values(), *CONVERTERS.values())} - ours
    assert [tool for tool in sorted(tools) if not any(word in table for word in tool.split(" or "))] == []


@pytest.mark.django_db(transaction=True)
def test_the_program_of_the_api_page_labels_all_there_is(tickets, ann, live_server, tmp_path):
    _, token = tokens.create(tickets.pk, ann, "a model", "annotate")
    (source,) = blocks((DOCS / "how-to" / "label-by-api.md").read_text(), "python")
    script = tmp_path / "label.py"
    script.write_text(source)
    variables = {"PROJECT": f"{live_server.url}/api/v1/projects/{tickets.pk}/", "TOKEN": token}

    def run() -> str:
        done = subprocess.run(
            [sys.executable, script],
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    assert json.loads(run().replace("'", '"')) == ["counted"] * 6
    assert run() == "complete None\n"


def sent(client: Any, address: str, **fields: Any) -> Any:
    """The page that follows a form."""
    answer = client.post(address, fields, follow=True)
    assert answer.status_code == 200, address
    return answer


def made_as_in_the_tutorial(client: Any) -> Project:
    """Steps 2 and 3."""
    (class_names,) = blocks(TUTORIAL, "text")
    (tickets,) = blocks(TUTORIAL, "csv")
    form = client.get("/projects/new/").context["form"]
    fields = {field.name: field.value() for field in form if field.value() not in (None, "")}
    sent(client, "/projects/new/", **fields | {"name": "Tickets", "class_names": class_names})
    project = Project.objects.get()
    file = SimpleUploadedFile("tickets.csv", tickets.encode())
    chosen = sent(client, f"/projects/{project.pk}/documents/import/", file=file)
    guess = {name: value for name, value in chosen.context["chooser"].initial.items() if value}
    assert guess == {"text": "text", "id": "id"}
    start = f"{chosen.redirect_chain[-1][0]}start/"
    done = sent(client, start, format="csv", encoding="utf-8", **guess)
    assert done.context["job"].imported == 20
    return project


def as_a_reader_would(text: str) -> str:
    """The class of a ticket of the tutorial, by the words that give it away."""
    if re.search("refund|money|return", text):
        return "Refund"
    return "Billing" if re.search("invoice|card|tax", text) else "Delivery"


@pytest.mark.slow
@pytest.mark.django_db
def test_the_tutorial_leads_from_an_account_to_a_steered_queue(client, capsys, settings, tmp_path):
    settings.FEATURES_DIR, settings.MODELS_DIR = tmp_path / "features", tmp_path / "models"
    call_command("create_account", "joan")
    password = re.search(r"Password: (\S+)", capsys.readouterr().out)
    assert password
    assert client.login(username="joan", password=password[1])
    project = made_as_in_the_tutorial(client)
    for kind in (Job.Kind.FEATURIZE, Job.Kind.RANK):
        assert worker.run_job(project.pk, kind)
    desk = f"/projects/{project.pk}/label/"
    classes = {label_class.name: label_class.pk for label_class in project.classes.all()}
    for _ in range(10):
        held = client.get(desk).context["document"]
        sent(client, desk, token=held.token, label_class=str(classes[as_a_reader_would(held.text)]))
    worker.reconcile()
    assert worker.run_job(project.pk, Job.Kind.TRAIN)
    assert ModelVersion.objects.ready().count() == 1
    report = client.get(f"/projects/{project.pk}/quality/")
    assert "Label more" in report.content.decode()
    sent(client, f"/projects/{project.pk}/quality/{classes['Billing']}/focus/")
    assert Focus.objects.standing().get().wanted_labels == 20
    assert worker.run_job(project.pk, Job.Kind.RANK)
    project.refresh_from_db()
    shares = [entry.reason["share"] for entry in QueueEntry.objects.live(project)]
    assert "focus" in shares


def test_the_limits_of_reading_are_those_that_the_models_keep() -> None:
    """One place has the numbers; what reads texts and what tells people take them from it."""
    assert (words.TEXT_LIMIT, wordpiece.MAX_PIECES + 2) == (limits.READ_CHARACTERS, limits.EMBEDDED_TOKENS)
    limit_texts = [f"{limits.READ_CHARACTERS:,} characters", f"{limits.EMBEDDED_CHARACTERS:,}"]
    limit_texts.append(f"{limits.EMBEDDED_TOKENS} tokens")
    for page in ("how-to/import-documents.md", "explanation/how-the-model-learns.md"):
        text = " ".join((DOCS / page).read_text().split())
        assert [number for number in limit_texts if number not in text] == [], page


KINDS = {"A": 6, "B": 2, "C": 5, "D": 3, "E": 5, "F": 5, "G": 7, "H": 3, "I": 3, "J": 4, "K": 5}
ATTACKS = [f"{kind}{number}" for kind, most in KINDS.items() for number in range(1, most + 1)]


def test_every_attack_of_the_catalog_has_its_row():
    assert [cells[0] for cells in table(SECURITY, "# Attacks and their tests")] == ATTACKS


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_has_tests_that_carry_its_name_or_a_reason_why_not(attack: str):
    """In the test's name, its docstring, or a comment above it."""
    (row,) = (cells for cells in table(SECURITY, "# Attacks and their tests") if cells[0] == attack)
    named = re.findall(r"([\w/]+\.py)::(\w+)", row[3])
    assert named or row[2].startswith(("does not apply: ", "not defended: ")), row
    for path, name in named:
        source = (BASE_DIR / "tests" / path).read_text()
        functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
        (test,) = (function for function in functions if function.name == name)
        first = min([test.lineno, *(decorator.lineno for decorator in test.decorator_list)])
        above = source.splitlines()[max(first - 2, 0)]
        carried = f"{above if above.startswith('#') else ''} {ast.get_docstring(test)} {name.upper()}"
        assert attack in re.findall(r"[A-K][1-7](?![0-9A-Za-z])", carried), f"{path}::{name}"


def test_no_page_but_that_of_renames_names_a_report_column_of_old():
    """Old names of requests still work and may be told; those of answers and files are gone."""
    renames = (DOCS / "reference" / "renamed.md").read_text()
    old = {
        name for name in re.findall(r"^\| `?[\w{}/ ]+`? \| `(\w+_\w+)` \| `", renames, re.M) if len(name) > 8
    }
    assert len(old) > 30
    pages = [page for page in PAGES if page.name not in {"renamed.md", "decisions.md"}]
    new = set(re.findall(r"^\| .*? \| .*? \| `(\w+)`", renames, re.M))
    matches = [(page.name, name) for page in pages for name in old - new if f"`{name}`" in page.read_text()]
    assert matches == []
