"""What h11, a strict reader, says of an answer in HTTP/1."""

from __future__ import annotations

import h11

HEAD_LIMIT = 1 << 20
"""Octets of a head, a chunk's line or a trailer section that are waited for."""


class StrictOpinion:
    """What h11 says of the same octets; ``problem`` is empty as long as it accepts them."""

    def __init__(self, method: str = "GET", *, switching: bool = False) -> None:
        """Let h11 know the request: ``switching`` when it asked for another protocol."""
        self.problem = ""
        self._done = False
        self._connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_LIMIT)
        headers = [("Host", "gateproof"), ("Connection", "close")]
        if switching:
            headers += [("Connection", "upgrade"), ("Upgrade", "websocket")]
        try:
            request = h11.Request(method=method, target="/", headers=headers)
        except h11.LocalProtocolError:  # an odd method is the case's business, not the reply's
            request = h11.Request(method="GET", target="/", headers=headers)
        self._connection.send(request)
        self._connection.send(h11.EndOfMessage())

    def feed(self, data: bytes) -> None:
        """Show the octets that came; empty at the end of the stream."""
        if self._done:
            return
        try:
            self._connection.receive_data(data)
            while True:
                event = self._connection.next_event()
                if event in (h11.NEED_DATA, h11.PAUSED):
                    return
                if isinstance(event, (h11.EndOfMessage, h11.ConnectionClosed)):
                    break
                if isinstance(event, h11.Response) and event.status_code == 101:
                    break
        except h11.RemoteProtocolError as error:
            self.problem = str(error)
        self._done = True
