"""Whom a lessons' server answers: the person for whom it was started, and nobody else with an
account on the same computer.
"""

import secrets
from typing import Any

import tornado.web
from jupyter_server.base.handlers import JupyterHandler
from tornado.websocket import WebSocketHandler
from traitlets import Unicode
from voila.voila_identity_provider import VoilaIdentityProvider


class SecretAddress(VoilaIdentityProvider):
    """The login by opening an address that ends in the server's token; a cookie then does.

    Without a token everyone is answered.
    """

    ticket = Unicode(
        config=True,
        help=(
            "As good as the token, once: for the browser's command line, which other accounts can"
            " read."
        ),
    )

    def get_token(self, handler: tornado.web.RequestHandler) -> str | None:
        given = super().get_token(handler)
        if self.ticket and given and secrets.compare_digest(given.encode(), self.ticket.encode()):
            self.ticket = ""
            return self.token
        return given

    def get_handlers(self) -> list[tuple[str, object]]:
        """None: there is no page on which one could log in."""
        return []


class ForThePerson(JupyterHandler):
    """Before a handler of any kind: it answers whoever is logged in, and refuses others.

    Jupyter's own handlers see to that by themselves; Voila's handlers of files do not.
    """

    async def prepare(self) -> None:  # type: ignore[override]
        await super().prepare()
        if self.current_user is None and not self._finished:
            raise tornado.web.HTTPError(403)

    def get_login_url(self) -> str:
        raise tornado.web.HTTPError(403)


class FileForThePerson(ForThePerson):
    """Before a handler of files: the cookie alone is enough.

    A font cannot bring the proof that our page asks for it, and no page elsewhere could read the
    reply.
    """

    async def prepare(self) -> None:  # type: ignore[override]
        await super().prepare()
        if "%00" in self.request.path:  # no file has such a name, and the handlers fail at it
            raise tornado.web.HTTPError(404)

    def check_xsrf_cookie(self) -> None:
        pass


class SocketForThePerson:
    """Before a handler of websockets: what is no message to a kernel ends the connection, in a line
    of the log.
    """

    def on_message(self, message: str | bytes) -> Any:
        try:
            return super().on_message(message)  # type: ignore[misc]
        except Exception as error:  # whatever a stranger sends
            self.log.warning("A page sent what is no message to a kernel: %s", error)  # type: ignore[attr-defined]
            self.close(1007, "this is no message to a kernel")  # type: ignore[attr-defined]


def for_the_person(handler: type, page: type = ForThePerson, file: type = FileForThePerson) -> type:
    """The same handler, behind `page`, or behind `file` where it serves files."""
    before = file if issubclass(handler, tornado.web.StaticFileHandler) else page
    sockets = (SocketForThePerson,) if issubclass(handler, WebSocketHandler) else ()
    return type(handler.__name__, (*sockets, before, handler), {})
