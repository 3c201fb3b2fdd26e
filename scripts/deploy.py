"""Write the files of deploy/: the same parts for Docker Compose and for Kubernetes.

    python -m scripts.deploy

What the parts are told is said once, here. No password is in these files, and none has a default.
"""

import json
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
HEAD = "# Written by `python -m scripts.deploy`; change that, or copy this and change the copy.\n"
REPOSITORY = "https://git.example.com/team/project.git"
REMOTE = "s3://millrace/dvc"
STORE = "s3://millrace/mlflow"
AUTH = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
IMAGE = "registry.example.com/team/millrace"
GPU = "nvidia.com/gpu"
CENTRAL = (
    "AIRFLOW__CORE__FERNET_KEY",
    "AIRFLOW__API_AUTH__JWT_SECRET",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN",
)
"""What only the parts beside the database are told."""

Made = dict[str, Any]


def bundle() -> Made:
    """The source of DAGs; a private repository's credentials are in the connection `git`."""
    kwargs = {"git_conn_id": "git", "tracking_ref": "main", "subdir": "dags"}
    return {
        "name": "millrace",
        "classpath": "airflow.providers.git.bundles.git.GitDagBundle",
        "kwargs": {**kwargs, "prune_dotgit_folder": False},
    }


def worker(home: str, tracking: str) -> dict[str, str]:
    """What every worker is told, and nothing of it is secret."""
    return {
        "MILLRACE_REPOSITORY": REPOSITORY,
        "MILLRACE_HOME": home,
        "MILLRACE_DVC_CACHE": f"{home}/cache",
        "MLFLOW_TRACKING_URI": tracking,
        "DVC_GLOBAL_CONFIG_DIR": "/etc/millrace/dvc",
        "DVC_SITE_CACHE_DIR": f"{home}/site",
    }


def dvc() -> str:
    """DVC's settings of a worker: the remote; its credentials come from the environment."""
    core = "[core]\n    remote = shared\n    analytics = false\n"
    return f"{core}['remote \"shared\"']\n    url = {REMOTE}\n    verify = true\n"


def compose() -> Made:
    """All parts on one host, with a storage that is elsewhere."""
    airflow = _airflow_in_compose()
    services = {
        "postgres": {
            "image": "postgres:15",
            "restart": "always",
            "environment": {
                "POSTGRES_PASSWORD": _asked("POSTGRES_PASSWORD"),
                "POSTGRES_INITDB_ARGS": "--auth=scram-sha-256",
            },
            "configs": [{"source": "databases", "target": "/docker-entrypoint-initdb.d/all.sql"}],
            "volumes": ["postgres:/var/lib/postgresql/data"],
            "healthcheck": {"test": ["CMD", "pg_isready", "--username=postgres"]},
        },
        "redis": {
            "image": "redis:7",
            "restart": "always",
            "command": ["redis-server", "--requirepass", _asked("REDIS_PASSWORD")],
            "volumes": ["redis:/data"],
        },
        "mlflow": {
            **_ours("mlflow", "server", "--host", "0.0.0.0", "--serve-artifacts"),  # noqa: S104
            "environment": {
                "MLFLOW_BACKEND_STORE_URI": _database("mlflow"),
                "MLFLOW_ARTIFACTS_DESTINATION": STORE,
                "MLFLOW_SERVER_ALLOWED_HOSTS": "mlflow:5000,127.0.0.1:5000",
                **_storage(),
            },
            "ports": ["127.0.0.1:5000:5000"],
            "depends_on": {"postgres": {"condition": "service_healthy"}},
        },
        "migrate": {**airflow, **_ours("airflow", "db", "migrate"), "restart": "on-failure"},
        "api-server": {
            **airflow,
            **_ours("airflow", "api-server"),
            "ports": ["127.0.0.1:8080:8080"],
            "healthcheck": {"test": ["CMD", "curl", "--fail", _health("127.0.0.1")]},
            "depends_on": {"migrate": {"condition": "service_completed_successfully"}},
        },
        **{name: _after_the_page(airflow, name) for name in ("scheduler", "dag-processor")},
        "triggerer": _after_the_page(airflow, "triggerer"),
        "worker": _worker(airflow),
    }
    databases = "".join(map(_made, ("airflow", "celery", "mlflow", "optuna")))
    return {
        "name": "millrace",
        "services": services,
        "configs": {"databases": {"content": databases}, "dvc": {"content": dvc()}},
        "volumes": {"postgres": {}, "redis": {}},
    }


def values() -> Made:
    """Of Airflow's own Helm chart; every secret is one that the cluster has already."""
    told = {**worker("/work/millrace", "http://mlflow.mlflow:5000"), **_in_kubernetes()}
    return {
        "executor": "KubernetesExecutor",
        "airflowVersion": "3.3.2",
        "images": {"airflow": {"repository": IMAGE, "tag": "set-me"}},
        "postgresql": {"enabled": False},
        "redis": {"enabled": False},
        "data": {"metadataSecretName": "millrace-database"},
        "fernetKeySecretName": "millrace-fernet",
        "apiSecretKeySecretName": "millrace-api",
        "jwtSecretName": "millrace-jwt",
        "createUserJob": {"enabled": False},
        "env": [{"name": name, "value": value} for name, value in told.items()],
        "extraEnvFrom": "- secretRef:\n    name: millrace-worker\n",
        "dagProcessor": {"dagBundleConfigList": [bundle()]},
        "config": {
            "core": {"auth_manager": AUTH, "load_examples": "False"},
            "kubernetes_executor": {"delete_worker_pods": "True"},
        },
        "networkPolicies": {"enabled": True},
        "podTemplate": yaml.safe_dump(pod(), sort_keys=False, width=200),
    }


def pod() -> Made:
    """What a stage runs in where it asks for nothing else; its workspace ends with it."""
    told = {**worker("/work/millrace", "http://mlflow.mlflow:5000"), **_in_kubernetes()}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "millrace-stage"},
        "spec": {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "securityContext": {"runAsNonRoot": True, "runAsUser": 50000, "fsGroup": 0},
            "containers": [
                {
                    "name": "base",
                    "image": f"{IMAGE}:set-me",
                    "env": [{"name": name, "value": value} for name, value in told.items()],
                    "envFrom": [{"secretRef": {"name": "millrace-worker"}}],
                    "resources": {
                        "requests": {"cpu": "1", "memory": "4Gi"},
                        "limits": {"memory": "8Gi"},
                    },
                    "securityContext": {
                        "allowPrivilegeEscalation": False,
                        "capabilities": {"drop": ["ALL"]},
                    },
                    "volumeMounts": [
                        {"name": "work", "mountPath": "/work"},
                        {"name": "dvc", "mountPath": "/etc/millrace/dvc", "readOnly": True},
                    ],
                }
            ],
            "volumes": [
                {"name": "work", "emptyDir": {"sizeLimit": "50Gi"}},
                {"name": "dvc", "configMap": {"name": "millrace-dvc"}},
            ],
        },
    }


def pod_override(gpus: int) -> Made:
    """What a stage with GPUs adds to its pod: `executor_config={"pod_override": …}`."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "spec": {
            "containers": [{"name": "base", "resources": {"limits": {GPU: gpus}}}],
            "tolerations": [{"key": GPU, "operator": "Exists", "effect": "NoSchedule"}],
        },
    }


def files() -> dict[str, str]:
    """Every file of deploy/ that is written, by its path."""
    made = {
        "compose.yaml": compose(),
        "kubernetes/values.yaml": values(),
        "kubernetes/pod_template_file.yaml": pod(),
        "kubernetes/pod_override_gpu.yaml": pod_override(1),
        "kubernetes/dvc_config.yaml": {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "millrace-dvc"},
            "data": {"config": dvc()},
        },
    }
    return {
        name: HEAD + yaml.safe_dump(one, sort_keys=False, width=200) for name, one in made.items()
    }


def main() -> None:
    """Writes them."""
    for name, text in files().items():
        path = ROOT / "deploy" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def _everywhere() -> dict[str, str]:
    return {
        "AIRFLOW__CORE__AUTH_MANAGER": AUTH,
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps([bundle()]),
    }


def _in_kubernetes() -> dict[str, str]:
    """With the chart's own name for the page, where the release is called `airflow`."""
    page = "http://airflow-api-server:8080/execution/"
    return {**_everywhere(), "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": page}


def _airflow_in_compose() -> Made:
    """What all parts of Airflow share."""
    redis = f"redis://:{_asked('REDIS_PASSWORD')}@redis:6379/0"
    return {
        "environment": {
            **_everywhere(),
            **worker("/work/millrace", "http://mlflow:5000"),
            **_storage(),
            "MILLRACE_TRIALS": _database("optuna"),
            "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": "http://api-server:8080/execution/",
            "AIRFLOW__CORE__FERNET_KEY": _asked("FERNET_KEY"),
            "AIRFLOW__API__SECRET_KEY": _asked("API_SECRET_KEY"),
            "AIRFLOW__API_AUTH__JWT_SECRET": _asked("JWT_SECRET"),
            "AIRFLOW__CELERY__BROKER_URL": redis,
            "AIRFLOW__CELERY__RESULT_BACKEND": _database("celery", "db+postgresql"),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": _database("airflow"),
            "AIRFLOW_CONN_GIT": _asked("AIRFLOW_CONN_GIT"),
        },
        "configs": [{"source": "dvc", "target": "/etc/millrace/dvc/config"}],
        "tmpfs": ["/tmp"],  # noqa: S108  of the container
        "depends_on": {"postgres": {"condition": "service_healthy"}, "redis": _STARTED},
    }


_STARTED = {"condition": "service_started"}


def _after_the_page(airflow: Made, *command: str) -> Made:
    page = {"api-server": {"condition": "service_healthy"}}
    return {**airflow, **_ours("airflow", *command), "depends_on": page}


def _worker(airflow: Made) -> Made:
    """Stages are anybody's code: it is told neither Airflow's database nor its keys."""
    told = {key: one for key, one in airflow["environment"].items() if key not in CENTRAL}
    part = {**_after_the_page(airflow, "celery", "worker"), "environment": told}
    return {**part, "deploy": {"replicas": 2}}


def _ours(*command: str) -> Made:
    return {"image": _asked("MILLRACE_IMAGE"), "restart": "always", "command": list(command)}


def _health(host: str) -> str:
    return f"http://{host}:8080/api/v2/monitor/health"


def _storage() -> dict[str, str]:
    return {name: _asked(name) for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}


def _database(name: str, scheme: str = "postgresql+psycopg2") -> str:
    return f"{scheme}://{name}:{_password(name)}@postgres:5432/{name}"


def _made(name: str) -> str:
    """A database with a user of its name, who may enter no other."""
    return (
        f"CREATE ROLE {name} LOGIN PASSWORD '{_password(name)}';\n"
        f"CREATE DATABASE {name} OWNER {name};\n"
        f"REVOKE CONNECT ON DATABASE {name} FROM PUBLIC;\n"
    )


def _password(database: str) -> str:
    return _asked(f"{database.upper()}_DB_PASSWORD")


def _asked(name: str) -> str:
    """A variable without which Compose refuses to start."""
    return f"${{{name}:?set it in the environment}}"


if __name__ == "__main__":
    main()
