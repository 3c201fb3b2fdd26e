"""Requests for another host are refused.

A page in the user's browser can give its own name the address 127.0.0.1 (DNS rebinding), and would
then be let in with the user's session; but its requests still name that host.
"""

from urllib.parse import urlsplit

from airflow.configuration import conf
from airflow.plugins_manager import AirflowPlugin
from starlette.middleware.trustedhost import TrustedHostMiddleware


def hosts(address: str) -> list[str]:
    """This machine's own names, and the host of the address that Airflow was given."""
    return sorted({"127.0.0.1", "localhost", urlsplit(address).hostname or "localhost"})


class HostPlugin(AirflowPlugin):
    """Stands before every application of the API server, that of the workers too."""

    name = "host"
    fastapi_root_middlewares = (
        {
            "name": "Host",
            "middleware": TrustedHostMiddleware,
            "kwargs": {
                "allowed_hosts": hosts(conf.get("api", "base_url", fallback="")),
                "www_redirect": False,
            },
        },
    )
