"""What users read of each finding: held fast, and held to the form of a sentence.

``GATEPROOF_UPDATE_SNAPSHOTS=1`` writes the files of ``findings/`` anew. They are to be
read before they are committed, as their readers will read them.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from witnesses import kit
from witnesses.load import modules

from gateproof.validators.asgi.loop_replay import replay_together
from gateproof.validators.asgi.replay import replay
from gateproof.validators.asgi.shape import active
from gateproof.validators.catalogue import requirement
from gateproof.validators.exchange import Exchange
from gateproof.validators.policy import Policy, Rules
from gateproof.validators.violation import Rung

FOLDER = Path(__file__).parent / "findings"
WRITE = os.environ.get("GATEPROOF_UPDATE_SNAPSHOTS") == "1"
FILES = {
    module.__name__.rpartition(".")[2]: module
    for prefix in ("order_asgi_", "shapes_asgi_")
    for module in modules(prefix)
    if any(isinstance(value, list) for value in vars(module).values())
}


def witnesses(module):
    """The mutants of one file, in its order, each once."""
    listed = [
        one
        for value in vars(module).values()
        if isinstance(value, list)
        for one in value
        if isinstance(one, kit.Order | kit.Shape | kit.Loop)
    ]
    return list({(one.requirement, repr(one.breaks)): one for one in listed}.values())


def violations(witness):
    """What is found of a witness, as a user is told it."""
    if isinstance(witness, kit.Order):
        return replay(witness.breaks)
    if isinstance(witness, kit.Loop):
        return replay_together([[Rung("loop", fact, at) for at, fact in enumerate(witness.breaks)]])
    rules, exchange = Rules(level="all"), Exchange()
    policy = Policy(print, rules)
    exchange.add("call", None)
    bound = requirement(witness.requirement).party
    party = "application" if bound == "both" else bound
    found = [
        policy.violation(breach, exchange)
        for breach in active(rules).explain(witness.schema, witness.breaks, party)
    ]
    return [violation for violation in found if violation is not None]


def rendered(module):
    """All findings of one file of witnesses."""
    parts = []
    for witness in witnesses(module):
        parts.append(f"## {witness.requirement}\n")
        parts.extend(f"{violation}\n" for violation in violations(witness))
    return re.sub(r" at 0x[0-9a-f]+", " at 0x...", "\n".join(parts))


@pytest.mark.parametrize("name", FILES)
def test_findings_read_as_they_did(name):
    text = rendered(FILES[name])
    path = FOLDER / f"{name.replace('_asgi', '')}.txt"
    if WRITE:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    assert path.exists(), "no snapshot yet: run with GATEPROOF_UPDATE_SNAPSHOTS=1, and read it"
    assert text == path.read_text()


def test_no_file_of_findings_is_left_over():
    assert {path.stem for path in FOLDER.iterdir()} == {name.replace("_asgi", "") for name in FILES}


@pytest.mark.parametrize("name", FILES)
def test_findings_have_the_form_of_findings(name):
    for witness in witnesses(FILES[name]):
        for violation in violations(witness):
            message = violation.message

            assert "\n" not in message, message
            assert not message.endswith("."), message
            assert len(message) < 300, message
            assert message[0].islower() or not message[0].isalpha(), message
            assert violation.observed.strip(), message
            assert violation.expected.strip(), message
            assert violation.hint.strip(), message
            assert violation.url.startswith("https://"), message
