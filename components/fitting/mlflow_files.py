"""What of an MLflow model differs each time that it is saved."""

from pathlib import Path

import yaml
from tensorflow.core.protobuf.fingerprint_pb2 import FingerprintDef

FORGOTTEN = ("model_uuid", "utc_time_created", "model_size_bytes")


def forget(folder: Path) -> None:
    """Takes out the time, the random names and the places that are written into a model.

    And the size, which counts their digits.
    """
    described = folder / "MLmodel"
    known = yaml.safe_load(described.read_text())
    known = {key: value for key, value in known.items() if key not in FORGOTTEN}
    for artifact in known["flavors"].get("python_function", {}).get("artifacts", {}).values():
        artifact["uri"] = artifact["path"]  # where it came from
    described.write_text(yaml.safe_dump(known))
    for path in folder.rglob("fingerprint.pb"):
        print_ = FingerprintDef.FromString(path.read_bytes())
        print_.uuid = ""
        path.write_bytes(print_.SerializeToString(deterministic=True))
