"""Register the model, and move the alias to it where the gate passes."""

import numpy as np

from components import keras_files, tracking
from components.command import stage
from components.errors import Stop
from components.files import read_json, write_json
from components.register.card import card
from components.register.logged import log_model
from components.register.stage import refused, register

with stage(__doc__, "trained", "evaluation", "compressed", "out") as run:
    config = run.pipeline.registration
    measures = read_json(run.evaluation / "measures.json")
    if reason := refused(measures, config.gate):
        raise Stop(f"{reason}; nothing is registered, and no alias moves")
    record = tracking.Record.read(run.trained)
    text = card(
        run.pipeline.description, measures, read_json(run.compressed / "models.json"), record.tags
    )
    with tracking.resume(record) as run_id:
        serving = keras_files.load(run.trained / "serving.keras")
        uri = log_model(serving, np.load(run.evaluation / "examples.npy"), run_id)
        done = register(config, run_id, uri, measures[config.gate.metric], text)
    write_json(done.model_dump(), run.out)
    run.measure({"version": done.version, "is_champion": done.is_champion})
    state = "is the champion" if done.is_champion else "is registered; the champion stays"
    run.say(f"{done.name} version {done.version} {state}: {done.reason}")
