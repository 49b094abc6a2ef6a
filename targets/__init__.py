"""What can be tested: applications in this process (later servers and deployed probes)."""

from __future__ import annotations

if __name__ != "gateproof.targets":
    raise ImportError(
        f"import 'gateproof.targets', not {__name__!r}: "
        "the checkout's folder would be a second copy of the installed package"
    )
