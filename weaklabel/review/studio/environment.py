"""The environment that the embedded Label Studio runs in: closed, silent, and all state in one folder."""

import os
from pathlib import Path

from weaklabel.files import replacing

# What any program needs; nothing else goes over, so that no DATABASE_NAME, HOST or token of the caller's reaches it.
INHERITED = ("PATH", "HOME", "USER", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT")
SWITCHES = {
    # Nobody but the people invited, from this machine, by a page of its own.
    "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
    "CORS_ALLOW_ALL_ORIGINS": "false",
    "ALLOWED_HOSTS": "127.0.0.1,localhost",
    # Nothing leaves the machine.
    "COLLECT_ANALYTICS": "false",
    "SENTRY_DSN": "",
    "FRONTEND_SENTRY_DSN": "",
    "LATEST_VERSION_CHECK": "false",
    # A pre-label with a class that is not in the config is refused, not dropped in silence.
    "fflag_feat_utc_210_prediction_validation_15082025": "true",
    # The faster way to add predictions to many tasks validates none of them.
    "fflag_fix_back_4620_memory_efficient_predictions_import_08012025_short": "false",
    # A token that needs no browser; the server looks at this when it makes the first user.
    "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
    # Lines reach the log at once, so that a server that dies has said why.
    "PYTHONUNBUFFERED": "1",
}
MODULE = "weaklabel_settings"
# SQLite cannot turn a transaction that has read into one that writes while another writes: it refuses at once, and
# Label Studio then sleeps 3, 6, 12, ... seconds. A transaction that begins as a writer waits its turn instead. The
# lines on Sentry stand where the second import looks for them.
SETTINGS = """from core.settings.base import *
SENTRY_DSN = FRONTEND_SENTRY_DSN = ""
SENTRY_ENVIRONMENT = FRONTEND_SENTRY_ENVIRONMENT = "opensource"
from core.settings.label_studio import *
_options = DATABASES["default"].get("OPTIONS", {})
DATABASES["default"]["OPTIONS"] = _options | {"transaction_mode": "IMMEDIATE", "timeout": 60}
"""
CALLBACKS = ("SSRF_PROTECTION_ENABLED", "ML_BLOCK_LOCAL_IP")  # true: the server refuses to call back to this machine


def environment(data: Path, callbacks: bool = False) -> dict[str, str]:
    """All environment variables of the server.

    Parameters
    ----------
    data
        Where its database, uploads and secret key lie.
    callbacks
        Let it call webhooks and ML backends on this machine. Who may log in can then make the server send requests
        to any address that this machine reaches.
    """
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    guards = dict.fromkeys(CALLBACKS, str(not callbacks).lower())
    own = {
        "LABEL_STUDIO_BASE_DATA_DIR": str(data.absolute()),
        "DJANGO_SETTINGS_MODULE": MODULE,
        "PYTHONPATH": str(_settings(data).parent),
    }
    return inherited | SWITCHES | guards | own


def keep_settings(data: Path) -> None:
    """Write what the server is told beyond its environment to where it looks.

    Raises
    ------
    OSError
        It cannot be written.
    """
    with replacing(_settings(data)) as file:
        file.write(SETTINGS.encode())


def _settings(data: Path) -> Path:
    return data.absolute() / "settings" / f"{MODULE}.py"
