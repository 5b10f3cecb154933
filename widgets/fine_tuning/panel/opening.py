"""From what the panel's author gave, or the page chose, to a session that can be worked on.

Needs PyTorch, so it is imported in the first job's thread.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from sheets import InputError

from ..data.digits import NAME, digits
from ..data.events import Listener, Stop
from ..data.files import is_within
from ..data.pictures import Pictures, pictures_in
from ..learning.augmentation import augmentation_of
from ..learning.bodies import Body
from ..learning.machine import device_name
from ..learning.offered import told
from ..learning.speeds import Speeds, speeds_file
from ..learning.suiting import suited_body
from ..takeaway.script import Origin
from .allowed import Allowed
from .choosing import Choice, chosen_body, chosen_pictures, progress_of, refusing
from .session import Session, Tell

CHOICE = "choice.json"  # in the folder: what was chosen last


@dataclass(frozen=True)
class Given:
    """By the panel's author; None for what comes along, and for what suits."""

    pictures: Pictures | Path | str | None = None
    body: Body | Path | str | None = None
    batch_size: int | None = None
    seed: int = 0


class Opening:
    """folder: of a page's session; each choice has a folder of its own in it, so that going back to
    one finds what was learnt.

    Every method returns the session, and what there is to say. Raises InputError and Stopped.
    """

    def __init__(self, given: Given, folder: Path, allowed: Allowed, tell: Tell):
        self._given, self._folder, self._allowed, self._tell = given, folder, allowed, tell
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)  # or it would be cleared away as one that nobody used

    def again(self, listen: Listener, stop: Stop) -> tuple[Session, str]:
        """With what was chosen last, if there is such and it can still be read; else with what was
        given.
        """
        try:
            choice = Choice(**json.loads((self._folder / CHOICE).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return self.given(listen, stop)
        try:
            return self.chosen(choice, listen, stop)
        except (InputError, OSError) as error:
            session, said = self.given(listen, stop)
            return session, f"What was chosen before cannot be read any more: {error}. {said}"

    def given(self, listen: Listener, stop: Stop) -> tuple[Session, str]:
        given, seed = self._given.pictures, self._given.seed
        origin = None if isinstance(given, Pictures) else Origin(NAME)
        if given is None:
            given = digits(seed=seed)
        elif not isinstance(given, Pictures):
            given = pictures_in(given, seed=seed, progress=progress_of(listen, stop))
        body = suited_body(given, self._given.body)
        made = Session(
            given,
            body,
            self._given.batch_size,
            seed,
            augmentation_of(given),
            self._folder,
            self._tell,
            listen,
            stop,
            origin,
        )
        return made, self._told(made, {}, listen, stop)

    def chosen(self, choice: Choice, listen: Listener, stop: Stop) -> tuple[Session, str]:
        """Raises Refused too."""
        pictures = chosen_pictures(choice, self._allowed, listen, stop)
        body = chosen_body(choice, pictures, self._allowed)
        folder = self._folder / choice.key
        with refusing("zoom"):
            augmentation = augmentation_of(pictures, choice.flip, choice.zoom)
        made = Session(
            pictures,
            body,
            choice.batch_size,
            choice.seed,
            augmentation,
            folder,
            self._tell,
            listen,
            stop,
            Origin(choice.data, choice.labels, choice.sample),
        )
        (self._folder / CHOICE).write_text(json.dumps(asdict(choice)), encoding="utf-8")
        return made, self._told(made, asdict(choice), listen, stop)

    def _told(self, session: Session, choice: dict, listen: Listener, stop: Stop) -> str:
        self._tell("choice", choice)
        self._tell("bodies", self._bodies(session))
        session.out = self._suggested_out(session)
        self._tell("about", session.about())
        return session.take_up(listen, stop)

    def _bodies(self, session: Session) -> list[list[str]]:
        """Those that may be used here, with how fast each went that was ever tried."""
        device = session.learner.settings.device
        speeds, name = Speeds(speeds_file()), device_name(device)
        speeds.of(session.body, name, str(device))
        return told(speeds.kept(name), at_hand=self._allowed == ())

    def _suggested_out(self, session: Session) -> str:
        """A folder for the results; "" where none may be written."""
        if self._allowed == ():
            return ""
        out = (
            self._allowed[0] if self._allowed else Path.home()
        ) / f"finetuned-{session.pictures.name}"
        among = session.pictures.folder and is_within(out, [session.pictures.folder])
        return "" if among else str(out)
