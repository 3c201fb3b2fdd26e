"""One Airflow DAG for every line of DVC's graph. No stage is named here: the graph is DVC's."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # Airflow knows only the folder of the DAGs

from airflow.configuration import conf  # noqa: E402
from airflow.sdk import get_parsing_context  # noqa: E402

from dags.building import dag  # noqa: E402
from dags.lines import lines  # noqa: E402
from dags.settings import settings  # noqa: E402

limit_s = conf.getfloat("core", "dagbag_import_timeout") - 5  # for what comes after DVC
wanted = get_parsing_context().dag_id  # a task needs its own alone
for line in lines(ROOT, settings(ROOT).home / "graphs", limit_s):
    if wanted in (None, line.name):
        globals()[f"dag_{line.name}"] = dag(line, ROOT)
