"""Search the hyperparameters, where a space is declared."""

from components.command import stage
from components.files import write_json

with stage(__doc__, "dataset", "augmented", "out", seed=True) as run:
    if run.pipeline.tune.is_declared:
        # Imported here: without a search, the stage needs no framework and takes a second.
        from components.tune.run import tuned

        found = tuned(run)
    else:
        found = {"best": {}, "trials": []}
    write_json(found, run.out)
    run.measure({"trials": len(found["trials"])})
