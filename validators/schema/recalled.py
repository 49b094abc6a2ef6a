"""Breaches of shape that came before, found again without a second explanation.

To explain a rejection takes a hundred times as long as to find it. A server that
is always wrong in one way would make every request pay for that, though the like
of its breach is only counted once it was told. So what was explained before is
recognised by compiled checks, and put into words only if somebody asks.
"""

from __future__ import annotations

from gateproof.validators.violation import Breach

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from gateproof.validators.violation import Party, Verdict

MOST = 4
"""Requirements of one schema that are recognised; more at once are explained each time."""


class Recalled(Breach):
    """A breach whose words are worked out when they are asked for.

    ``say`` gives them; without it they are those given, as for any breach.
    """

    __slots__ = ("_said", "_say")

    _said: Breach | None
    _say: Callable[[], Breach] | None

    def __init__(
        self,
        requirement: str,
        message: str = "",
        observed: str = "",
        expected: str = "",
        party: Party | None = None,
        verdict: Verdict | None = None,
        hint: str = "",
        layer: str = "",
        *,
        say: Callable[[], Breach] | None = None,
    ) -> None:
        put = object.__setattr__
        put(self, "requirement", requirement)
        put(self, "party", party)
        put(self, "verdict", verdict)
        put(self, "layer", layer)
        put(self, "_say", say)
        said = None if say else Breach(requirement, message, observed, expected, hint=hint)
        put(self, "_said", said)

    def _words(self) -> Breach:
        said, say = self._said, self._say
        if said is None and say is not None:
            said = say()
            object.__setattr__(self, "_said", said)
            object.__setattr__(self, "_say", None)  # the value is not to live on
        return said or Breach(self.requirement, "")

    message = property(lambda self: self._words().message)
    observed = property(lambda self: self._words().observed)
    expected = property(lambda self: self._words().expected)
    hint = property(lambda self: self._words().hint)


class Suspects:
    """What values were found to break, by any key that tells their kinds apart.

    Args:
        mildest: as for :func:`gateproof.validators.schema.compiled`. Only where
            that is ``"fail"`` is a requirement always broken in the same degree.
    """

    def __init__(self, mildest: Verdict) -> None:
        self._idle = mildest != "fail"
        self._seen: dict[object, dict[str, Breach]] = {}

    def learn(self, key: object, breaches: Iterable[Breach]) -> None:
        """Keep what an explanation found."""
        found = {breach.requirement: breach for breach in breaches}
        known = self._seen.get(key, {})
        if not self._idle and len(found) == 1 and len(known | found) <= MOST:
            self._seen[key] = {**found, **known}

    def recall(
        self,
        key: object,
        name: str,
        value: object,
        ignored: frozenset[str],
        explain: Callable[[], Sequence[Breach]],
    ) -> Breach | None:
        """The one breach of a rejected ``value``, if it is one that was explained before.

        Args:
            key: under which the like was learned.
            name: the schema.
            value: what its compiled check rejected.
            ignored: requirements that are left out of the check.
            explain: gives the breaches in words.
        """
        known = self._seen.get(key)
        if known is None:
            return None
        from gateproof.validators.schema import compiled

        suspects = frozenset(known)
        try:
            if not compiled(name, ignored | suspects, "fail")(value):
                return None  # there is something else
            broken = [
                suspect
                for suspect in known
                if not compiled(name, ignored | (suspects - {suspect}), "fail")(value)
            ]
        except Exception:  # noqa: BLE001 - a hostile object
            return None
        if len(broken) != 1:
            return None  # which of several goes without saying, only an explanation tells
        like = known[broken[0]]

        def say() -> Breach:
            found = (breach for breach in explain() if breach.requirement == like.requirement)
            return next(found, like)

        return Recalled(like.requirement, party=like.party, verdict=like.verdict, say=say)
