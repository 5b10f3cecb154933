"""Fetch plotly.js's cartesian bundle from npm's registry: what draws our charts is in it, and it is
a third of the whole script that Python's plotly holds, which a page has to fetch and to read.

Where it cannot be had the whole one stands in its place (`widgets/plotly_script.py`). As
`install.py`, this needs the standard library alone.
"""

import base64
import hashlib
import io
import tarfile
import urllib.request
from pathlib import Path

VERSION = "4.1.1"  # the one in the plotly package that constraints.txt pins
ADDRESS = (
    "https://registry.npmjs.org/plotly.js-cartesian-dist-min/-/plotly.js-cartesian-dist-min-"
    f"{VERSION}.tgz"
)
SHA512 = "o8GrFeusncwBIxbBynRJpY4pkgVB6caM+JLpwrLYbbsO7dZ8FJ+SVN2Fr+L7kiG/Z6w4P5O0Jus/Qr5EefHVeg=="
MEMBER = "package/plotly-cartesian.min.js"


def bundle_file(environment: Path) -> Path:
    """Where an environment keeps the bundle."""
    return environment / "share" / "gradsheet" / "plotly-cartesian.min.js"


def script_in(package: bytes, sha512: str) -> bytes:
    """The script in an npm package of this checksum (base64, as npm writes it). Raises ValueError
    where it is another package.
    """
    if base64.b64encode(hashlib.sha512(package).digest()).decode("ascii") != sha512:
        raise ValueError("the package is not the one that was asked for")
    with tarfile.open(fileobj=io.BytesIO(package)) as files:
        member = files.extractfile(MEMBER)
        assert member is not None
        return member.read()


def fetch_bundle(environment: Path, address: str = ADDRESS, sha512: str = SHA512) -> bool:
    """Put the bundle into the environment; whether it is there."""
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            script = script_in(answer.read(), sha512)
    except (OSError, ValueError):
        return False
    file = bundle_file(environment)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(script)
    return True
