"""The local cluster beside others on the same machine."""

from __future__ import annotations

import socket
from contextlib import suppress
from operator import add

import psutil

from spheroseg_widgets.jobs.cluster import ClusterWish, client_for


def test_a_cluster_starts_without_a_word_where_another_has_the_usual_port_and_listens_here_only() -> None:
    with socket.socket() as other:
        with suppress(OSError):  # taken already: as good
            other.bind(("127.0.0.1", 8787))
            other.listen()
        before = {each.laddr.port for each in psutil.Process().net_connections("tcp") if each.status == "LISTEN"}
        with client_for(ClusterWish(workers=1)) as client:  # a warning is an error in these tests
            assert client.submit(add, 1, 2).result() == 3
            ours = [each.laddr for each in psutil.Process().net_connections("tcp") if each.status == "LISTEN"]
            fresh = [address for address in ours if address.port not in before]
            assert fresh
            assert {address.ip for address in fresh} == {"127.0.0.1"}
