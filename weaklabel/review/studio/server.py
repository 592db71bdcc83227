"""Start, find and stop the embedded Label Studio."""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from weaklabel import progress
from weaklabel.errors import ServerError
from weaklabel.review.studio import _http, database, process
from weaklabel.review.studio.environment import environment, keep_settings
from weaklabel.review.studio.home import HOME, USER, Home, read_secret, writing
from weaklabel.review.studio.install import executable, locked, start_lock, version_of
from weaklabel.review.studio.ports import reserved

HOST = "127.0.0.1"
START = 180.0  # seconds until a start has failed; 7 to 11 is usual, a minute or two on a busy machine
STOP = 10.0
STEP = 0.2
LAST_LINES = 8

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Studio:
    """An embedded Label Studio that runs.

    Attributes
    ----------
    url
        Where a browser finds it.
    token_file
        Holds the token for its API.
    pid
        Its process.
    version
        Of Label Studio.
    home
        The folder with all that it keeps.
    started
        This call started it; otherwise it ran already.
    callbacks
        It may call webhooks and ML backends on this machine.
    """

    url: str
    token_file: Path
    pid: int
    version: str
    home: Path
    started: bool = False
    callbacks: bool = False


def up(home: str | Path = HOME, port: int | None = None, callbacks: bool = False) -> Studio:
    """Start Label Studio on this machine, for this machine alone, or find the one that runs.

    Installs it on first use. Returns once it answers and accepts the token.

    Parameters
    ----------
    home
        Folder for its database, uploads, secrets and log.
    port
        Where to listen; by default where it did before, else 8080 or any that is free.
    callbacks
        Let it call webhooks and ML backends on this machine, which it otherwise refuses to.

    Raises
    ------
    ServerError
        It cannot be installed or started, the port is taken, or it runs already in another way than asked for.
    """
    place = Home(Path(home).absolute())
    with writing(place.folder):
        place.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with locked(place.lock):
        place.make()  # its secrets, too: of two that start at once, both must read the same
        running = _running(place)
        if running is None:
            return _start(place, port, callbacks)
        _check_asked(running, port, callbacks)
        _wait(place, running)
        return running


def down(home: str | Path = HOME, patience: float = STOP) -> bool:
    """Stop the embedded Label Studio; whether one ran. What people did is kept.

    Parameters
    ----------
    home
        Its folder.
    patience
        Seconds after which it is killed.

    Raises
    ------
    ServerError
        Its process cannot be ended.
    """
    place = Home(Path(home).absolute())
    if not place.folder.is_dir():
        return False
    with locked(place.lock):
        running = _running(place)
        if running is not None and not process.stop(running.pid, patience):
            if process.born(running.pid):
                raise ServerError(f"process {running.pid}, the Label Studio of {place.folder}, cannot be ended")
            logger.warning("Label Studio did not stop within %g seconds and was killed", patience)
        place.note.unlink(missing_ok=True)
        return running is not None


def status(home: str | Path = HOME) -> Studio | None:
    """The embedded Label Studio of this folder if it runs; nothing is changed."""
    return _running(Home(Path(home).absolute()))


def _running(place: Home) -> Studio | None:
    noted = place.running()
    born = process.born(noted["pid"]) if noted else None
    # The note may be older than the process: after a crash or a restart of the machine, ids are given to others.
    if born is None or born != noted["born"]:
        return None
    url = f"http://{HOST}:{noted['port']}"
    callbacks = bool(noted.get("callbacks"))
    return Studio(url, place.token_file, noted["pid"], noted["version"], place.folder, callbacks=callbacks)


def _check_asked(running: Studio, port: int | None, callbacks: bool) -> None:
    first = "stop it first with `weaklabel studio down`"
    if port is not None and not running.url.endswith(f":{port}"):
        raise ServerError(f"Label Studio runs already at {running.url}, not on port {port}: {first}")
    if callbacks and not running.callbacks:
        raise ServerError(f"Label Studio runs already at {running.url}, without callbacks: {first}")


def _start(place: Home, port: int | None, callbacks: bool) -> Studio:
    program = executable()
    with writing(place.folder):
        database.place(program, place.data / database.NAME)
        keep_settings(place.data)
    # One start at a time on this machine: until a server listens, nothing keeps another off its port.
    with locked(start_lock()), reserved(HOST, port, place.last_port()) as free, writing(place.folder):
        pid = _spawn(place, program, free, callbacks)
        url = f"http://{HOST}:{free}"
        studio = Studio(url, place.token_file, pid, version_of(program), place.folder, True, callbacks)
        try:
            _note(place, studio, free)
            _wait(place, studio)
        except BaseException:  # an interrupt, too, leaves no server behind that nobody knows of
            process.stop(pid, STOP)
            place.note.unlink(missing_ok=True)
            raise
    return studio


def _note(place: Home, studio: Studio, port: int) -> None:
    born, version = process.born(studio.pid), studio.version
    place.write({"pid": studio.pid, "born": born, "port": port, "version": version, "callbacks": studio.callbacks})
    place.keep_port(port)


def _spawn(place: Home, program: Path, port: int, callbacks: bool) -> int:
    secrets = {
        "LABEL_STUDIO_USERNAME": USER,
        "LABEL_STUDIO_PASSWORD": read_secret(place.password_file),
        "LABEL_STUDIO_USER_TOKEN": read_secret(place.token_file),
    }
    command = [str(program), "start", "--no-browser", "--internal-host", HOST, "--port", str(port)]
    place.log.touch(mode=0o600)
    return process.start(command, environment(place.data, callbacks) | secrets, place.folder, place.log)


def _wait(place: Home, studio: Studio) -> None:
    """Until it answers, and to this token: whoever else might answer on that port does not know it."""
    for _ in progress.track(_ticks(START), "starting Label Studio"):
        if process.born(studio.pid) is None:
            raise ServerError(f"Label Studio ended while it was starting; {place.log} ends: {_last_lines(place.log)}")
        if _healthy(studio.url) and (answered := _login(place, studio)):
            return _check_login(place, answered)
        time.sleep(STEP)
    raise ServerError(f"Label Studio does not answer after {START:.0f} s; {place.log} ends: {_last_lines(place.log)}")


def _ticks(seconds: float) -> Iterator[float]:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        yield until


def _healthy(url: str) -> bool:
    try:
        return _http.ask(f"{url}/health").json().get("status") == "UP"
    except OSError:
        return False


def _login(place: Home, studio: Studio) -> int:
    """The status with which the server answers to the token; 0 if it does not answer."""
    token = read_secret(place.token_file)
    try:
        return _http.ask(f"{studio.url}/api/current-user/whoami", f"Token {token}", timeout=30).status
    except OSError:
        return 0


def _check_login(place: Home, status: int) -> None:
    if status != 200:
        raise ServerError(
            f"the Label Studio of {place.folder} says {status} to the token in {place.token_file}: a token is taken "
            f"only when the database is new. Run `label-studio start` by hand, log in as {USER} with the password in "
            f"{place.password_file}, and put the token of Account & Settings into the file"
        )


def _last_lines(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return " / ".join(lines[-LAST_LINES:]) or "(it is empty)"
