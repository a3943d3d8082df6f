"""The compose file agrees with all that it starts, and gives away nothing."""

import re
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml

from mlplatform.adapters.notifications import TARGETS, TARGETS_FILE
from mlplatform.settings import StudySettings
from mlplatform_tests.deploy.compose import COMPOSE, ROOT, read_services, variables

GIVEN = {"POSTGRES_PASSWORD": "p", "S3_ACCESS_KEY": "a", "S3_SECRET_KEY": "s"}
SERVICES = read_services(GIVEN)
DEPLOY = ROOT / "deploy"
OURS = {name: one for name, one in SERVICES.items() if one.image.startswith("mlplatform:")}


def env_names(value: object) -> set[str]:
    """All names that a Dagster file takes from the environment."""
    if isinstance(value, dict):
        named = {value["env"]} if set(value) == {"env"} else set()
        return named.union(*(env_names(inner) for inner in value.values()))
    if isinstance(value, list):
        return set().union(*(env_names(inner) for inner in value))
    return set()


def read(name: str) -> dict[str, object]:
    found = yaml.safe_load((DEPLOY / name).read_text())
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("name", ["dagster.yaml", "workspace.yaml"])
def test_what_dagster_takes_from_the_environment_the_compose_file_gives(name: str) -> None:
    for service in ("code", "webserver", "daemon"):
        assert env_names(read(name)) <= set(SERVICES[service].environment)


def test_every_name_of_ours_is_a_setting_or_read_by_a_file_of_deploy() -> None:
    known = {f"MLPLATFORM_{name}".upper() for name in StudySettings.model_fields}
    known |= env_names(read("dagster.yaml")) | env_names(read("workspace.yaml"))
    given = {name for name in SERVICES["code"].environment if name.startswith("MLPLATFORM_")}
    assert given - known == {"MLPLATFORM_HOME", TARGETS, TARGETS_FILE}


def test_the_docker_launcher_hands_on_all_that_a_run_needs() -> None:
    launcher = read("dagster.docker.yaml")["run_launcher"]
    needed = set(SERVICES["webserver"].environment) - {
        "MLPLATFORM_CODE_HOST",
        "MLPLATFORM_CODE_PORT",
    }
    assert set(launcher["config"]["env_vars"]) == needed  # type: ignore[index]


def test_the_docker_launcher_changes_nothing_but_the_launcher() -> None:
    plain, docker = read("dagster.yaml"), read("dagster.docker.yaml")
    assert {key: docker[key] for key in plain} == plain
    assert set(docker) - set(plain) == {"run_launcher"}


def test_the_example_of_the_environment_names_every_variable_and_no_secret() -> None:
    lines = [
        line for line in (ROOT / ".env.example").read_text().splitlines() if line[:1] not in "#"
    ]
    named = dict(line.split("=", 1) for line in lines)
    assert set(named) == variables(COMPOSE.read_text())
    secret = [name for name in named if re.search("PASSWORD|KEY|NOTIFY", name)]
    assert [named[name] for name in secret] == [""] * len(secret)


@pytest.mark.parametrize("missing", sorted(GIVEN))
def test_without_a_secret_nothing_starts(missing: str) -> None:
    with pytest.raises(KeyError, match=missing):
        read_services({name: value for name, value in GIVEN.items() if name != missing})


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_ports_are_on_loopback_unless_told_otherwise(name: str) -> None:
    for port in SERVICES[name].body.get("ports", []):
        assert port.startswith("127.0.0.1:")


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_says_when_it_is_well_what_it_may_use_and_what_happens_when_it_dies(
    name: str,
) -> None:
    body = SERVICES[name].body
    assert "mem_limit" in body
    if body["restart"] == "no":
        return
    assert body["restart"] == "unless-stopped"
    assert SERVICES[name].healthcheck or name == "proxy"


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_waits_for_what_is_there_until_it_is_well(name: str) -> None:
    for parent, told in SERVICES[name].body.get("depends_on", {}).items():
        once = SERVICES[parent].body["restart"] == "no"
        wanted = "service_completed_successfully" if once else "service_healthy"
        assert told == {"condition": wanted}


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_images_are_pinned(name: str) -> None:
    tag = SERVICES[name].image.rsplit(":", 1)[1]
    assert re.fullmatch(r"\d+\.\d+(\.\d+)?(-[a-z]+)?", tag)


def test_who_is_told_is_known_to_the_sensors_alone() -> None:
    """Addresses of webhooks and mail hold tokens."""
    for name, service in SERVICES.items():
        assert ({TARGETS, TARGETS_FILE} <= set(service.environment)) is (name == "code")


def test_no_process_of_the_image_is_root() -> None:
    lines = (DEPLOY / "Dockerfile").read_text().splitlines()
    assert [line for line in lines if line.startswith("USER ")] == ["USER mlplatform"]
    assert all("user" not in one.body for one in OURS.values())
    assert SERVICES["postgres"].body["user"] == "postgres"
    assert not SERVICES["s3"].body["user"].startswith("0")


def test_the_image_tells_nobody_of_its_use() -> None:
    assert "ENV MLFLOW_DISABLE_TELEMETRY=true" in (ROOT / "deploy/Dockerfile").read_text()
    for name in ("dagster.yaml", "dagster.docker.yaml"):
        told = yaml.safe_load((ROOT / "deploy" / name).read_text())["telemetry"]
        assert told == {"enabled": False}, name


def test_every_volume_is_named_and_every_file_is_there() -> None:
    named = yaml.safe_load(COMPOSE.read_text())["volumes"]
    for service in SERVICES.values():
        for volume in service.body.get("volumes", []):
            source = volume.split(":")[0]
            assert source in named or (ROOT / source).is_file(), source


def test_files_that_commands_name_are_copied_into_the_image() -> None:
    copied = (DEPLOY / "Dockerfile").read_text()
    for service in OURS.values():
        for part in (*service.command, *service.healthcheck):
            if part.startswith("/srv/deploy/"):
                assert f"deploy/{Path(part).name}" in copied
                assert (DEPLOY / Path(part).name).is_file()


def test_addresses_hold_no_password() -> None:
    for service in SERVICES.values():
        for text in (*service.command, *service.environment.values()):
            assert not re.search(r"://[^/]*:[^/]*@", text), text


def test_what_docker_copies_leaves_out_data_and_secrets() -> None:
    rules = (ROOT / ".dockerignore").read_text().splitlines()
    assert rules[0] == "*"
    kept = {rule[1:] for rule in rules if rule.startswith("!")}
    assert kept == {
        "pyproject.toml",
        "constraints.txt",
        "README.md",
        "LICENSE",
        "mlplatform",
        "deploy",
    }


def test_ray_nodes_are_the_platform_and_find_each_other() -> None:
    code = SERVICES["code"].environment
    for name in ("ray-head", "ray-worker"):
        node = SERVICES[name]
        assert set(code) - set(node.environment) == {"MLPLATFORM_NOTIFY", "MLPLATFORM_NOTIFY_FILE"}
        assert all(code[key] == value for key, value in node.environment.items())
        assert node.body["profiles"] == ["ray"]
        assert "ports" not in node.body, "whoever reaches Ray can run anything there"
        assert node.environment["RAY_AUTH_MODE"] == "token"
    head = SERVICES["ray-head"].command
    port = next(word.partition("=")[2] for word in head if word.startswith("--port="))
    page = next(word.partition("=")[2] for word in head if word.startswith("--dashboard-port="))
    assert f"--address=ray-head:{port}" in SERVICES["ray-worker"].command
    assert code["RAY_API_SERVER_ADDRESS"] == f"http://ray-head:{page}"
    assert SERVICES["ray-worker"].healthcheck[-1] == f"ray-head:{port}"
    assert "ray" in SERVICES["ray-worker"].command[:1]


def in_context(path: str) -> bool:
    """Whether Docker's build would be given a file, by the last rule that matches it."""
    kept = True
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        rule = line.removeprefix("!").removeprefix("**/")
        places = [path, *(str(parent) for parent in Path(path).parents)]
        if "**/" in line:
            places = [Path(place).name for place in places]
        if any(fnmatch(place, rule) for place in places):
            kept = line.startswith("!")
    return kept


@pytest.mark.parametrize(
    "secret",
    [
        ".env",
        ".env.production",
        "deploy/.env",
        "mlplatform/.env",
        "deploy/server.key",
        "mlplatform/adapters/store.pem",
        ".mlplatform/settings.json",
        "notify",
        ".git/config",
    ],
)
def test_a_planted_secret_is_not_in_the_images_context(secret: str) -> None:
    assert not in_context(secret)


def test_what_the_image_needs_is_in_its_context() -> None:
    for line in (DEPLOY / "Dockerfile").read_text().splitlines():
        if line.startswith("COPY "):
            *sources, _ = [word for word in line.split()[1:] if not word.startswith("--")]
            assert all(in_context(source) for source in sources), line
    assert in_context("mlplatform/adapters/home.py")
