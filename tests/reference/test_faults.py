"""Faults stand for requirements of the catalogue, and change what is there to be changed."""

from __future__ import annotations

import pytest
from reference.faults import FAULTS
from reference.parts import Fault, Parts

from gateproof.validators.catalogue import requirement


@pytest.mark.parametrize("fault", FAULTS.values(), ids=lambda fault: fault.name)
def test_fault_binds_the_server_and_changes_it(fault: Fault) -> None:
    assert {requirement(name).party for name in fault.requirements} <= {"server", "both"}
    assert fault.parts() != Parts()


def test_an_edit_of_what_is_not_there_is_refused() -> None:
    with pytest.raises(AttributeError):
        Fault("typo", (), {"reading": {"TOKN": b""}}).parts()
