"""Messages of a page reach a widget in a real kernel, whichever subshell the page sends them to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from jupyter_client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
WAIT = 30.0
SOURCE = """
from spheroseg_widgets.widgets.base import SpheroWidget
class Shown(SpheroWidget):
    _esm, section = "export default {}", "editor"
shown = Shown()
"""


@pytest.fixture
def client() -> Iterator[BlockingKernelClient]:
    manager, client = start_new_kernel()
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def ping(client: BlockingKernelClient, comm: str, subshell: str | None) -> Any:
    """Ask for a sign of life as a page does, in a subshell that it names."""
    content = {"kind": "call", "id": 1, "method": "ping", "params": {}}
    message = client.session.msg("comm_msg", {"comm_id": comm, "data": {"method": "custom", "content": content}})
    message["header"]["subshell_id"] = subshell
    client.shell_channel.send(message)
    while True:
        told = client.get_iopub_msg(timeout=WAIT)
        if told["msg_type"] == "comm_msg" and told["content"]["data"].get("method") == "custom":
            return told["content"]["data"]["content"]


def test_a_subshell_that_a_kernel_does_not_have_is_the_main_one(client: BlockingKernelClient) -> None:
    client.execute(SOURCE, reply=True, timeout=WAIT)
    reply = client.execute("", user_expressions={"comm": "shown.comm.comm_id"}, reply=True, timeout=WAIT)
    comm = reply["content"]["user_expressions"]["comm"]["data"]["text/plain"].strip("'")
    assert ping(client, comm, None)["kind"] == "result"
    # JupyterLab goes on naming that of a kernel that was restarted without its knowing, as from another page.
    assert ping(client, comm, "of an earlier kernel")["kind"] == "result"
