"""The tune stage, from paths to paths."""

import json

import yaml
from stages import run_stage

from tests.fitting.made import SECTIONS


def test_without_a_search_it_says_so_and_writes_what_the_next_stages_read(tmp_path):
    (tmp_path / "points.yaml").write_text(yaml.safe_dump(SECTIONS))
    paths = {"out": tmp_path / "best.json", "trials": tmp_path / "trials.json"}

    run = run_stage("tune", tmp_path / "points.yaml", tmp_path, **paths)

    assert run.finding == "no search is declared"
    assert [json.loads(one.read_text()) for one in paths.values()] == [{}, []]
