"""Whose fields are known by their values, so that their code may leave them out."""

from components.config.pipeline import load
from components.run.names import valued

LEARNER = "components.fitting.supervised"
SPACE = "tune: {space: {train.batch_size: {IntDistribution: {low: 8, high: 16}}}}"


def test_every_field_of_a_section_is_known_by_its_value(edited):
    found = valued(load(edited()))

    assert {"Supervised", "Checkpoint", "EarlyStopping"} <= found[LEARNER]
    assert {"Schedule", "Step"} <= found[f"{LEARNER}.schedule"]
    assert found["components.tasks.classification"] == {"Classification"}
    assert {"Gate", "Compressor"} <= found["components.config.compress"]


def test_not_where_it_is_searched_since_other_sections_have_other_defaults(edited):
    found = valued(load(edited(("\ntrain:\n", f"\n{SPACE}\ntrain:\n"))))

    assert LEARNER not in found
    assert "components.models.resnet" not in found
    assert "components.config.compress" in found
