"""The files for production: what is written is what is there, and it holds no password."""

import configparser
import json
import re

import jsonschema
import pytest
import yaml
from project import ROOT

from scripts import deploy

QUANTITY = {"type": ["string", "integer"], "pattern": "^[0-9]+(m|Mi|Gi)?$"}
KEPT = r"(?im)^\s*(\w*(?:password|secret_key|access_key|_secret|fernet_key)): (.+)"
NAMED = {"name": {"type": "string"}}
REFERENCE = {"type": "object", "properties": NAMED, "required": ["name"]}
# Of Kubernetes' own types, the fields that these files use, and no others.
CONTAINER = {
    "type": "object",
    "properties": {
        **NAMED,
        "image": {"type": "string"},
        "env": {
            "items": {
                "properties": {**NAMED, "value": {"type": "string"}},
                "required": ["name", "value"],
                "additionalProperties": False,
            }
        },
        "envFrom": {
            "items": {"properties": {"secretRef": REFERENCE}, "additionalProperties": False}
        },
        "resources": {
            "properties": {
                kind: {"additionalProperties": QUANTITY} for kind in ("requests", "limits")
            },
            "additionalProperties": False,
        },
        "securityContext": {
            "properties": {
                "allowPrivilegeEscalation": {"type": "boolean"},
                "capabilities": {"type": "object"},
            },
            "additionalProperties": False,
        },
        "volumeMounts": {
            "items": {
                "properties": {
                    **NAMED,
                    "mountPath": {"type": "string", "pattern": "^/"},
                    "readOnly": {"type": "boolean"},
                },
                "required": ["name", "mountPath"],
                "additionalProperties": False,
            }
        },
    },
    "required": ["name"],
    "additionalProperties": False,
}
POD = {
    "type": "object",
    "properties": {
        "apiVersion": {"const": "v1"},
        "kind": {"const": "Pod"},
        "metadata": REFERENCE,
        "spec": {
            "type": "object",
            "properties": {
                "restartPolicy": {"const": "Never"},
                "automountServiceAccountToken": {"type": "boolean"},
                "securityContext": {
                    "properties": {
                        "runAsNonRoot": {"const": True},
                        "runAsUser": {"type": "integer", "minimum": 1},
                        "fsGroup": {"type": "integer"},
                    },
                    "additionalProperties": False,
                },
                "containers": {"type": "array", "minItems": 1, "items": CONTAINER},
                "volumes": {"items": REFERENCE},
                "tolerations": {
                    "items": {
                        "properties": {
                            "key": {"type": "string"},
                            "operator": {"enum": ["Exists", "Equal"]},
                            "effect": {"enum": ["NoSchedule", "PreferNoSchedule", "NoExecute"]},
                        },
                        "additionalProperties": False,
                    }
                },
            },
            "required": ["containers"],
            "additionalProperties": False,
        },
    },
    "required": ["apiVersion", "kind", "spec"],
    "additionalProperties": False,
}


def read(name):
    return yaml.safe_load((ROOT / "deploy" / name).read_text())


@pytest.mark.parametrize("name", deploy.files())
def test_the_file_is_what_the_script_writes(name):
    assert (ROOT / "deploy" / name).read_text() == deploy.files()[name]


@pytest.mark.parametrize("name", ["pod_template_file.yaml", "pod_override_gpu.yaml"])
def test_a_pod_has_only_what_kubernetes_knows(name):
    jsonschema.validate(read(f"kubernetes/{name}"), POD)


def test_a_misspelt_field_of_a_pod_is_found():
    pod = deploy.pod_override(1)
    pod["spec"]["toleration"] = pod["spec"].pop("tolerations")

    with pytest.raises(jsonschema.ValidationError, match="'toleration' was unexpected"):
        jsonschema.validate(pod, POD)


def test_what_a_stage_adds_is_for_the_container_that_airflow_runs():
    template, override = deploy.pod(), deploy.pod_override(2)

    names = [one["spec"]["containers"][0]["name"] for one in (template, override)]

    assert names == ["base", "base"]
    assert override["spec"]["containers"][0]["resources"] == {"limits": {"nvidia.com/gpu": 2}}


def test_every_mount_of_a_pod_has_its_volume():
    spec = deploy.pod()["spec"]

    assert {one["name"] for one in spec["containers"][0]["volumeMounts"]} == {
        one["name"] for one in spec["volumes"]
    }


def test_the_chart_is_given_the_pod_and_names_of_secrets():
    values = read("kubernetes/values.yaml")

    assert yaml.safe_load(values["podTemplate"]) == read("kubernetes/pod_template_file.yaml")
    assert values["executor"] == "KubernetesExecutor"
    assert values["data"] == {"metadataSecretName": "millrace-database"}
    assert values["createUserJob"] == {"enabled": False}


def test_dvc_reads_its_settings():
    config = configparser.ConfigParser()
    config.read_string(read("kubernetes/dvc_config.yaml")["data"]["config"])

    assert config["core"]["remote"] == "shared"
    assert config["'remote \"shared\"'"]["url"].startswith("s3://")


@pytest.mark.parametrize("name", deploy.files())
def test_a_secret_is_never_written_and_has_no_default(name):
    text = (ROOT / "deploy" / name).read_text()

    for variable, rest in re.findall(r"\$\{(\w+)([^}]*)\}", text):
        assert rest.startswith(":?"), variable
    assert not re.findall(r"(?i)://\w*:(?!\$\{)[^@/\s]+@", text)
    for key, value in re.findall(
        r"(?i)^\s*(\w*(?:password|secret_?key|_secret|fernet_key)): (.+)", text, re.M
    ):
        assert value.strip("'").startswith("${"), key


def test_every_part_of_compose_is_there_once_and_waits_for_parts_that_are():
    services = read("compose.yaml")["services"]

    waited = {name for one in services.values() for name in one.get("depends_on", {})}

    assert set(services) >= {"postgres", "redis", "mlflow", "api-server", "scheduler", "worker"}
    assert waited <= set(services)
    assert services["worker"]["deploy"] == {"replicas": 2}
    assert "volumes" not in services["worker"]  # nothing is shared


def test_only_the_pages_are_published_and_only_here():
    services = read("compose.yaml")["services"]

    published = {name: one["ports"] for name, one in services.items() if "ports" in one}

    assert published == {"mlflow": ["127.0.0.1:5000:5000"], "api-server": ["127.0.0.1:8080:8080"]}


def test_the_real_auth_manager_is_on_everywhere():
    compose, values = read("compose.yaml"), read("kubernetes/values.yaml")

    assert compose["services"]["api-server"]["environment"]["AIRFLOW__CORE__AUTH_MANAGER"] == (
        deploy.AUTH
    )
    assert values["config"]["core"]["auth_manager"] == deploy.AUTH


def test_dags_come_from_commits():
    compose, values = read("compose.yaml"), read("kubernetes/values.yaml")
    told = compose["services"]["worker"]["environment"]

    assert json.loads(told["AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"]) == [deploy.bundle()]
    assert values["dagProcessor"]["dagBundleConfigList"] == [deploy.bundle()]


def test_a_worker_knows_neither_airflows_database_nor_its_keys():
    told = read("compose.yaml")["services"]["worker"]["environment"]

    named = {name for value in told.values() for name in re.findall(r"\$\{(\w+)", value)}

    assert "CELERY_DB_PASSWORD" in named
    assert not named & {"AIRFLOW_DB_PASSWORD", "POSTGRES_PASSWORD", "FERNET_KEY", "JWT_SECRET"}
