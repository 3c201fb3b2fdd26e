"""Parts of a stage as mapped tasks."""

from pathlib import Path

import pytest

from dags.building import dag
from dags.lines import Line, Stage
from dags.operators import LINKS, POLICY

SEARCH = Stage("tune", "tune@x", trials=(0, 1, 2), trial=("python", "-m", "search"))


@pytest.fixture
def mapped():
    """The task of the parts of a search, as a worker gets it."""
    return dag(Line("x", (SEARCH,)), Path()).get_task("tune.trial")


def test_each_part_of_a_stage_is_a_mapped_task_of_its_number(mapped):
    part = mapped.unmap({"number": 2})

    assert (part.number, part.stage, part.retry_policy) == (2, SEARCH, POLICY)


def test_a_part_whose_number_is_not_known_has_no_links(mapped):
    assert [link.get_link(mapped, ti_key=None) for link in LINKS] == ["", "", ""]


def test_a_graph_of_the_users_own_is_tried_again_as_often_as_airflow_says():
    said = {"retries": 3, "retry_delay_seconds": 5, "max_retry_delay_seconds": 60}

    own = dag(Line("x", (SEARCH,)), Path()).default_args
    ours = dag(Line("x", (SEARCH,), file="pipelines/x.yaml", airflow=said), Path()).default_args

    assert "retries" not in own
    assert (ours["retries"], ours["retry_delay"].seconds) == (3, 5)
