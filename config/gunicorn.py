"""How gunicorn serves the school: preloaded, threads for waiting clients, the worker beside it."""

import subprocess
import sys
import threading
import time

from django.conf import settings
from django.db import connections

bind = f"{settings.BIND}:{settings.PORT}"
workers = settings.WEB_WORKERS
threads = settings.WEB_THREADS
worker_class = "gthread"
preload_app = True
timeout = 30
graceful_timeout = 20
keepalive = 5
control_socket_disable = True
forwarded_allow_ips = "127.0.0.1"

_background = {"process": None, "is_stopping": False}


def _keep_worker():
    """Run the background worker and start it again should it die."""
    while not _background["is_stopping"]:
        started = time.monotonic()
        process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, str(settings.BASE_DIR / "manage.py"), "worker", "--with-parent"]
        )
        _background["process"] = process
        process.wait()
        if not _background["is_stopping"]:
            time.sleep(1 if time.monotonic() - started > 10 else 5)


def when_ready(server):
    if "worker" in settings.ROLES:
        threading.Thread(target=_keep_worker, daemon=True).start()


def on_exit(server):
    _background["is_stopping"] = True
    process = _background["process"]
    if process and process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()


def post_fork(server, worker):
    """Connections made while preloading must not cross the fork."""
    connections.close_all()
