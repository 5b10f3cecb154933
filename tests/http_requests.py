"""A request as it is, which no client tidies."""

import http.client
from urllib.parse import urlsplit


def ask(
    address: str, path: str, method: str = "GET", headers: dict | None = None
) -> tuple[int, str, dict]:
    """Status, text and headers of one request, whose path is sent as it is: no client tidies the
    dots away.
    """
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    connection.request(method, path, headers=headers or {})
    response = connection.getresponse()
    answer = response.status, response.read().decode(), dict(response.getheaders())
    connection.close()
    return answer
