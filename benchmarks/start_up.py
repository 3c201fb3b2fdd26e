"""Seconds until each stage begins to work: its imports. And of the check of a file.

The ratio is against `import tensorflow`, in the same run.

    python benchmarks/start_up.py [stages ...]
"""

import subprocess
import sys

import yaml
from common import ROOT, seconds


def run(*arguments: str) -> None:
    """Runs Python in the project, its output unseen."""
    command = [sys.executable, *arguments]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True)


if __name__ == "__main__":
    run("-c", "import tensorflow, jax, mlflow, datasets")  # the first import compiles
    framework = seconds(lambda: run("-c", "import tensorflow"), 3)
    print(f"{'import tensorflow':20} {framework:5.2f} s")
    for stage in sys.argv[1:] or yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]:
        took = seconds(lambda stage=stage: run("-c", f"import components.{stage}.run"), 3)
        print(f"{stage:20} {took:5.2f} s   ratio {took / framework:.2f}")
    check = "from pathlib import Path; from components.config.pipeline import load; "
    took = seconds(lambda: run("-c", check + "load(Path('pipelines/digits.yaml'))"), 3)
    print(f"{'check of the file':20} {took:5.2f} s   ratio {took / framework:.2f}")
