"""The proxies that stand in environ while an exchange is watched, and their way out."""

from __future__ import annotations

from gateproof.validators.wsgi.proxies import Wrapper, errors_proxy, input_proxy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gateproof.validators.wsgi.watching import Watching


class Masks:
    """The proxies that one exchange put into its environ.

    Args:
        watching: the watch over the exchange, to which the proxies tell their use.
        environ: the server's own dict; it is put right by :meth:`lift`.
    """

    __slots__ = ("_environ", "_file_wrapper", "_made", "_masked", "_watching")

    def __init__(self, watching: Watching, environ: dict[str, Any]) -> None:
        self._environ = environ
        self._watching = watching
        self._made: list[Any] = []
        masked: list[tuple[str, Any, Any]] = []
        self._masked = masked
        source = environ.get("wsgi.input")
        make = input_proxy(type(source))
        if make is not None:
            proxy = environ["wsgi.input"] = make(watching, source)
            masked.append(("wsgi.input", proxy, source))
        log = environ.get("wsgi.errors")
        make = errors_proxy(type(log))
        if make is not None:
            proxy = environ["wsgi.errors"] = make(watching, log)
            masked.append(("wsgi.errors", proxy, log))
        self._file_wrapper = wrapper = environ.get("wsgi.file_wrapper")
        if wrapper is not None and not issubclass(type(wrapper), type) and callable(wrapper):
            proxy = environ["wsgi.file_wrapper"] = Wrapper(watching, wrapper, self._made)
            masked.append(("wsgi.file_wrapper", proxy, wrapper))

    def wrapped(self, result: Any) -> bool:
        """Whether the server's ``wsgi.file_wrapper`` made ``result``."""
        wrapper = self._file_wrapper
        if wrapper is None:
            return False
        try:
            if isinstance(wrapper, type):
                return isinstance(result, wrapper) and self._seen(result)
        except Exception:  # noqa: BLE001 - the class decides what its instances are
            return False
        return any(result is made for made in self._made)

    def _seen(self, result: Any) -> bool:
        """Look at what a class made, where it keeps the file as the text's own example does."""
        if type(result) is self._file_wrapper and hasattr(result, "filelike"):
            self._watching.wrapped((result.filelike,), {}, result, None)
        return True

    def lift(self) -> None:
        """Put back what the proxies stood for, unless the application replaced them itself."""
        environ = self._environ
        for key, proxy, original in self._masked:
            if environ.get(key) is proxy:
                environ[key] = original
