"""One student's server: the lessons, for nobody but the student whose JupyterHub started it.

    python -m lessons.hub

JupyterHub's spawner starts it so, and says in JUPYTERHUB_... variables where it listens and how it
asks the hub who is there. The login is JupyterHub's own.
"""

import os
import sys
from typing import Any
from urllib.parse import urlsplit

from jupyter_server.utils import url_path_join
from jupyterhub._version import __version__ as jupyterhub_version
from jupyterhub.singleuser.extension import (
    JupyterHubAuthorizer,
    JupyterHubIdentityProvider,
    JupyterHubLogoutHandler,
    JupyterHubOAuthCallbackHandler,
)
from tornado.netutil import bind_sockets
from traitlets import default

from lessons.server import LESSONS, start_page
from lessons.voila.application import LessonServer, configuration
from lessons.voila.login import ForThePerson, for_the_person

# Where a login comes back to, and where it ends: these two must answer whoever asks.
FOR_ANYONE = (JupyterHubOAuthCallbackHandler, JupyterHubLogoutHandler)


class HubLogin(JupyterHubIdentityProvider):
    """JupyterHub's login, under the student's own address, where Voila would put it at the root."""

    def get_handlers(self) -> list[tuple]:
        return [
            (url_path_join(self.parent.base_url, pattern), *rest)
            for pattern, *rest in super().get_handlers()
        ]


class LeadsToLogin(ForThePerson):
    """Before a page: who is not logged in is led to where they can."""

    def get_login_url(self) -> str:
        return super(
            ForThePerson, self
        ).get_login_url()  # the handler's own, which for what is no page is a refusal too


class StudentServer(LessonServer):
    """The lessons' server behind JupyterHub's login."""

    adds = False
    keeps_warm = False  # most students open no lesson that needs a kernel
    makes_ahead = False  # a class's computer would make every page as often as there are students
    auto_token = True  # Voila then passes no token of its own: the hub's are the only ones

    @default("identity_provider_class")
    def _login(self) -> type:
        return HubLogin

    @default("authorizer_class")
    def _hub_scopes(self) -> type:
        return JupyterHubAuthorizer

    def behind_login(self, handler: type) -> type:
        return handler if handler in FOR_ANYONE else for_the_person(handler, page=LeadsToLogin)

    def init_settings(self) -> dict[str, Any]:
        settings = super().init_settings()
        settings["allow_remote_access"] = (
            True  # the hub's name is not this computer's, and its login keeps strangers out
        )
        settings["headers"] = {
            "X-JupyterHub-Version": jupyterhub_version
        }  # the hub compares it with its own
        hub = self.identity_provider.hub_auth
        # A lesson's link, for others: it leads each to their own server, and through the login
        # first.
        resources = self.voila_configuration.config.VoilaConfiguration.resources
        resources["gradsheet"]["shared"] = hub.hub_host + url_path_join(
            hub.hub_prefix, "user-redirect", "lesson"
        )
        # The login has read its token by now, and a lesson's kernel, which gets these variables,
        # has no use for it.
        assert hub.api_token
        del os.environ["JUPYTERHUB_API_TOKEN"]
        return settings


def main() -> int:
    """Serve the lessons until the hub stops this server, and return the exit code."""
    try:
        address, base_url = (
            urlsplit(os.environ["JUPYTERHUB_SERVICE_URL"]),
            os.environ["JUPYTERHUB_SERVICE_PREFIX"],
        )
    except KeyError as missing:
        print(
            f"{missing.args[0]} is not set: JupyterHub starts this server"
            " (lessons/hub/jupyterhub_config.py).",
            file=sys.stderr,
        )
        return 2
    sockets = bind_sockets(address.port or 8888, address.hostname)
    StudentServer.run(
        configuration(LESSONS, base_url), sockets, start_page, when_ready=lambda: None
    )
    return 0
