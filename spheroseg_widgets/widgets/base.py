"""What every widget has: its bundle, its words, an error, the line to the browser, and a static face."""

from __future__ import annotations

import html
import logging
import threading
import uuid
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import anywidget
import traitlets

from .kernel import known_subshell
from .rpc import Buffer, Call, Rpc, rpc_method
from .strings import interface_strings

STATIC = Path(__file__).with_name("static")
KERNEL_ID = uuid.uuid4().hex

logger = logging.getLogger(__name__)


class SpheroWidget(anywidget.AnyWidget):
    """A widget with its browser half in ``static/<name>.js`` and ``static/<name>.css``.

    A subclass sets `_esm`, `_css` and `section` (and `also`: other sections of words that it uses), marks methods with
    `rpc_method`, and overrides `reload` and `static_html` (and `static_png` where a picture says more).

    Attributes
    ----------
    strings : dict
        Words of the interface.
    error : str
        Why the widget cannot show anything, "" if it can; the browser shows it with "Retry", which calls `reload`.
    kernel_id : str
        New in every process: a page that kept old state sees that this kernel is another one.
    """

    section: ClassVar[str]
    also: ClassVar[tuple[str, ...]] = ()
    """Sections of words that a part of it needs beside its own."""

    strings = traitlets.Dict().tag(sync=True)
    error = traitlets.Unicode("").tag(sync=True)
    kernel_id = traitlets.Unicode(KERNEL_ID).tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        # A handler may run on any thread: state that several of them touch is read and changed under this lock.
        self.lock = threading.RLock()
        parts = [part for kind in type(self).__mro__ for part in vars(kind).get("also", ())]
        super().__init__(strings=interface_strings(self.section, *dict.fromkeys(parts)), **traits)
        self.rpc = Rpc(self, self.send)
        self.on_msg(self._receive)

    @traitlets.observe("comm")
    def _answer_where_the_page_asks(self, change: Any) -> None:
        # JupyterLab sends widget messages to a subshell, so that they are read while a cell runs; ipykernel 7.4 leads
        # them back to the main one when the widget last spoke from there, as each does when a cell makes it. Ours only
        # take a message and go on in a thread, so they may be read wherever the page sends them.
        comm = change["new"]
        if hasattr(comm, "_reply_subshell_for"):
            comm._reply_subshell_for = lambda _data, subshell: known_subshell(comm, subshell)

    def _receive(self, _widget: object, content: object, buffers: Sequence[memoryview]) -> None:
        self.rpc.receive(content, buffers)

    def push(self, name: str, value: Any, buffers: Sequence[Buffer] = ()) -> None:
        """Send an event to the browser; thread-safe, at most 10 a second a name, the last value wins."""
        self.rpc.push(name, value, buffers)

    def reload(self) -> None:
        """Read again what is shown; whatever this raises becomes `error`."""

    @rpc_method("retry", ordered=True)
    def _retry(self, _params: dict[str, Any], _buffers: list[memoryview], _call: Call) -> None:
        self.error = ""
        self.try_reload()

    def try_reload(self) -> None:
        """Read again what is shown and show the reason if that fails."""
        with self.errors_shown():
            self.reload()

    @contextmanager
    def errors_shown(self) -> Iterator[None]:
        """Turn whatever is raised inside into `error`: a widget that fails says so in its place and offers a retry."""
        try:
            yield
        except Exception as error:
            logger.debug("%s failed", type(self).__name__, exc_info=True)
            self.error = str(error) or type(error).__name__

    def close(self) -> None:
        """Close the widget in every page and stop what it does here."""
        self.rpc.close()
        super().close()

    def static_html(self) -> str:
        """Return what an executed notebook shows where no kernel runs: HTML without scripts and requests."""
        return ""

    def static_png(self) -> bytes | None:
        """Return the picture of the static face, if it has one."""
        return None

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None:
            return None
        data, metadata = bundle
        try:
            page, picture = self.static_html(), self.static_png()
        except Exception as error:  # the live widget works without its static face
            logger.debug("static face of %s failed", type(self).__name__, exc_info=True)
            page, picture = f"<p>{html.escape(str(error))}</p>", None
        if page:
            data["text/html"] = page
        if picture is not None:
            data["image/png"] = b64encode(picture).decode("ascii")
        return data, metadata
