"""What a part calls its machine: an address of the loopback, so that each worker has one.

Airflow's page asks a worker for its logs at `http://HOST:PORT/`, with one port for all of them.
"""

import os


def name() -> str:
    """The value of Airflow's `hostname_callable`."""
    return os.environ["CLUSTER_HOST"]
