"""What the summary of a run says of compressed models."""

import io

from rich.console import Console

from components.cli import summary

MODELS = [
    {"method": "float32", "size_bytes": 690_512, "value": 0.99257, "refused": None},
    {"method": "int8", "size_bytes": 0, "value": None, "refused": "cannot be made: no Conv3D"},
    {"method": "float16", "size_bytes": 9_500, "value": 0.5, "refused": "loses too much"},
]
SHOWN = """\
 model        size  test accuracy  latency, one thread
 float32  690.5 kB         0.9926             0.124 ms
 int8                                                   left out: it cannot be made: no Conv3D
 float16    9.5 kB         0.5000                       left out: it loses too much
"""


def test_numbers_stand_below_each_other_and_what_is_left_out_says_why():
    file = io.StringIO()

    Console(file=file, width=100).print(summary._models(MODELS, "accuracy", {"float32": 0.1237}))

    assert [line.rstrip() for line in file.getvalue().splitlines()] == [
        line.rstrip() for line in SHOWN.splitlines()
    ]
