"""The manifests are what Kubernetes knows, and say what the compose file says."""

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from mlplatform.domain.errors import InputError
from mlplatform.orchestration.steps.executors import executor_of
from mlplatform.settings import StudySettings
from mlplatform_tests.deploy.compose import ROOT, read_services

FOLDER = ROOT / "deploy" / "kubernetes"
COMPOSE = read_services({"POSTGRES_PASSWORD": "p", "S3_ACCESS_KEY": "a", "S3_SECRET_KEY": "s"})
FILES = sorted(FOLDER.glob("*.yaml"))
NOT_MANIFESTS = {"kustomization.yaml", "dagster.yaml", "workspace.yaml"}
SECRETS = {"PGPASSWORD", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
SECRETS |= {"MLPLATFORM_NOTIFY", "MLPLATFORM_NOTIFY_FILE"}
SERVED = ("code", "webserver", "daemon", "mlflow")
needs_client = pytest.mark.skipif(
    find_spec("kubernetes") is None, reason="the extra `kubernetes` is not installed"
)


def manifests() -> Iterator[dict[str, Any]]:
    for path in FILES:
        if path.name not in NOT_MANIFESTS:
            yield from yaml.safe_load_all(path.read_text())


def deployments() -> dict[str, dict[str, Any]]:
    return {told["metadata"]["name"]: told for told in manifests() if told["kind"] == "Deployment"}


def container(name: str) -> dict[str, Any]:
    (found,) = deployments()[name]["spec"]["template"]["spec"]["containers"]
    return dict(found)


def environment() -> dict[str, str]:
    lines = (FOLDER / "platform.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line[:1] != "#")


def model_of(manifest: Mapping[str, Any]) -> type:
    from kubernetes import client

    version = manifest["apiVersion"].rpartition("/")[2].capitalize()
    return getattr(client, version + manifest["kind"])  # type: ignore[no-any-return]


def unknown(value: Any, kind: Any, where: str) -> Iterator[str]:
    """What the client's model of a kind does not know, or knows as another type."""
    from kubernetes import client

    text = kind if isinstance(kind, str) else kind.__name__
    if listed := re.fullmatch(r"list\[(.+)\]", text):
        if not isinstance(value, list):
            yield f"{where} is no list"
            return
        for place, item in enumerate(value):
            yield from unknown(item, listed[1], f"{where}[{place}]")
    elif mapped := re.fullmatch(r"dict\[str, (.+)\]", text):
        for name, item in value.items():
            yield from unknown(item, mapped[1], f"{where}.{name}")
    elif text in ("str", "int", "bool"):
        if type(value).__name__ != text:
            yield f"{where} is {value!r}, no {text}"
    elif text != "object":
        yield from unknown_fields(value, getattr(client, text), where)


def unknown_fields(value: Any, model: Any, where: str) -> Iterator[str]:
    names = {told: name for name, told in model.attribute_map.items()}
    if not isinstance(value, dict):
        yield f"{where} is {value!r}, no {model.__name__}"
        return
    for key, item in value.items():
        if key not in names:
            yield f"{where}.{key} is unknown"
        else:
            yield from unknown(item, model.openapi_types[names[key]], f"{where}.{key}")
    try:
        model(**{names[key]: item for key, item in value.items() if key in names})
    except ValueError as error:  # what must be there is not
        yield f"{where}: {error}"


@needs_client
def test_kubernetes_knows_every_field_of_every_manifest() -> None:
    found = [told for one in manifests() for told in unknown_fields(one, model_of(one), "")]
    assert found == []


@needs_client
@pytest.mark.parametrize(
    ("planted", "seen"),
    [
        ({"spec": {"replica": 1}}, ".spec.replica is unknown"),
        ({"spec": {"replicas": "1"}}, ".spec.replicas is '1', no int"),
        ({"spec": {"selector": [], "template": {}}}, ".spec.selector is [], no V1LabelSelector"),
    ],
)
def test_a_planted_mistake_is_seen(planted: dict[str, Any], seen: str) -> None:
    model = model_of({"apiVersion": "apps/v1", "kind": "Deployment"})
    assert seen in list(unknown_fields(planted, model, ""))


def test_the_kustomization_names_every_file() -> None:
    told = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())
    assert set(told["resources"]) == {path.name for path in FILES} - NOT_MANIFESTS
    made = [name for one in told["configMapGenerator"] for name in one.get("files", [])]
    assert {*made, "kustomization.yaml"} == NOT_MANIFESTS
    version = COMPOSE["code"].image.rpartition(":")[2]
    assert told["images"] == [{"name": "mlplatform", "newTag": version}]
    current = {"name": "DAGSTER_CURRENT_IMAGE", "value": COMPOSE["code"].image}
    assert current in container("code")["env"]


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not here")
def test_kubectl_builds_it() -> None:
    done = subprocess.run(
        ["kubectl", "kustomize", str(FOLDER)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    built = {(one["kind"], one["metadata"]["name"]) for one in yaml.safe_load_all(done.stdout)}
    assert {("Deployment", name) for name in SERVED} < built
    assert ("ConfigMap", "mlplatform") in built


@pytest.mark.parametrize("name", SERVED)
def test_commands_are_those_of_the_compose_file(name: str) -> None:
    assert container(name)["command"] == COMPOSE[name].command


def test_what_is_made_ready_first_is_what_the_compose_file_makes_ready() -> None:
    (first,) = deployments()["mlflow"]["spec"]["template"]["spec"]["initContainers"]
    assert first["command"] == COMPOSE["prepare"].command


def test_names_of_the_environment_are_those_of_the_compose_file() -> None:
    theirs, ours = COMPOSE["code"].environment, environment()
    assert set(ours) == {name for name in theirs if not name.startswith("RAY_")} - SECRETS
    differ = {name for name, value in ours.items() if value != theirs[name]}
    assert differ == {"MLPLATFORM_RUNS", "MLPLATFORM_EXECUTOR", "MLPLATFORM_WINDOWS_AT_ONCE"}


def test_dagsters_file_differs_by_the_launcher_alone() -> None:
    plain = yaml.safe_load((ROOT / "deploy/dagster.yaml").read_text())
    here = yaml.safe_load((FOLDER / "dagster.yaml").read_text())
    assert {key: here[key] for key in plain} == plain
    assert set(here) - set(plain) == {"run_launcher"}
    workspace = yaml.safe_load((ROOT / "deploy/workspace.yaml").read_text())
    assert yaml.safe_load((FOLDER / "workspace.yaml").read_text()) == workspace


@pytest.mark.parametrize("name", SERVED)
def test_no_pod_is_root_or_lacks_a_limit(name: str) -> None:
    pod = deployments()[name]["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"]
    for one in (*pod["containers"], *pod.get("initContainers", [])):
        assert one["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert one["resources"]["limits"]["memory"]


def test_no_secret_is_in_a_manifest() -> None:
    assert not [one for one in manifests() if one["kind"] == "Secret"]
    for path in FOLDER.iterdir():
        assert not re.search(r"(PASSWORD|SECRET|ACCESS_KEY)\w*[=:]\s*\S", path.read_text()), path


def launcher(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The launcher that Dagster makes of its file, outside of any cluster."""
    import kubernetes.config
    from dagster._serdes import ConfigurableClassData

    told = yaml.safe_load((FOLDER / "dagster.yaml").read_text())["run_launcher"]
    monkeypatch.setattr(kubernetes.config, "load_incluster_config", lambda: None)
    data = ConfigurableClassData(told["module"], told["class"], yaml.safe_dump(told["config"]))
    from dagster_k8s import K8sRunLauncher

    return data.rehydrate(as_type=K8sRunLauncher)


@needs_client
def test_a_step_gets_the_runs_image_home_and_settings_and_threads_for_its_cores(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = launcher(monkeypatch)
    monkeypatch.setenv("DAGSTER_CURRENT_IMAGE", "mlplatform:9")
    definition = executor_of(StudySettings(executor="kubernetes", step_cores=3))
    context = SimpleNamespace(instance=SimpleNamespace(run_launcher=found))
    handler = definition.executor_creation_fn(context)._step_handler  # type: ignore[arg-type]
    assert handler._executor_image == "mlplatform:9"
    asked = handler._executor_container_context.run_k8s_config.container_config
    assert {"name": "POLARS_MAX_THREADS", "value": "3"} in asked["env"]
    assert asked["resources"] == {"requests": {"cpu": "3"}}


@needs_client
def test_without_its_launcher_the_executor_says_what_to_use() -> None:
    context = SimpleNamespace(instance=SimpleNamespace(run_launcher=None))
    with pytest.raises(InputError, match="deploy/kubernetes"):
        executor_of(StudySettings(executor="kubernetes")).executor_creation_fn(context)  # type: ignore[arg-type]
