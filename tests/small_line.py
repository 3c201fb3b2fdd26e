"""Bundled pipelines that need no download, made small, and what a server would make of them."""

import subprocess
import sys
from pathlib import Path

import numpy as np
from photo_line import PhotoLine
from project import Project

CHANGES = {
    "diabetes": (("epochs: 100", "epochs: 15"), ("max: 65,", "max: 80,")),
    "digits-forest": (("n_estimators: 300", "n_estimators: 30"), ("min: 0.95", "min: 0.9")),
}
SERVER = """
import sys
sys.modules["components"] = None  # no import finds it
import mlflow.pyfunc
import numpy as np
import pandas as pd
folder, examples, out = sys.argv[1:]
given = pd.read_csv(examples) if examples.endswith(".csv") else np.load(examples)
np.save(out, mlflow.pyfunc.load_model(folder).predict(given))
assert not [name for name in sys.modules if name.startswith("components.")]
"""


class SmallLine(PhotoLine):
    """A checkout of which one pipeline is made small.

    Args:
        root: An empty folder.
        name: Of the pipeline.
    """

    def __init__(self, root: Path, name: str) -> None:
        Project.__init__(self, root)
        self.name = name
        self.edit("params.yaml", ("pipelines: [digits]", f"pipelines: [{name}]"))
        self.edit(f"pipelines/{name}.yaml", *CHANGES[name])

    def served(self, examples: Path) -> np.ndarray:
        """What the registered model says of examples in a process that has none of Millrace's code.

        Args:
            examples: A table, or an array, in a folder of its own.
        """
        model, out = self.root / "packages" / self.name / "model", examples.with_suffix(".out.npy")
        command = [sys.executable, "-I", "-c", SERVER, str(model), str(examples), str(out)]
        subprocess.run(command, cwd=examples.parent, check=True)
        return np.load(out)
