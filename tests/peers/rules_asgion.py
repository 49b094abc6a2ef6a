"""Every rule of asgion, with a mutant."""

from __future__ import annotations

from peers import rules_asgion_http, rules_asgion_scopes, rules_asgion_sessions

RULES = [*rules_asgion_scopes.RULES, *rules_asgion_http.RULES, *rules_asgion_sessions.RULES]

# asgion leaves a connection alone whose type it does not know, and dies of a scope that is no
# dict: these rules cannot be triggered through its own wrapper.
UNREACHABLE = ("G-001", "G-002", "G-003", "G-004", "HS-001", "WS-001", "LS-001")
