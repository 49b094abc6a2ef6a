"""Requirements of order that say again what another says, and which one is told instead.

One fault is to give one finding, so the closest requirement carries the check.
"""

from __future__ import annotations

SAME_AS: dict[str, tuple[str, ...]] = {
    "wsgi.environ.errors-text-mode": ("wsgi.errors.write", "wsgi.errors.writelines"),
    "wsgi.errors-handling.app-not-trap": ("wsgi.exc-info.app-no-trap",),
    "wsgi.errors-handling.never-trap-with-exc-info": ("wsgi.exc-info.app-no-trap",),
    "wsgi.errors-handling.no-data-before-error-page": ("wsgi.exc-info.app-no-trap",),
    "wsgi.errors-handling.reraises-when-sent": (
        "wsgi.exc-info.raises-after-headers-sent",
        "wsgi.exc-info.reraises-original",
    ),
}
"""Each requirement, with those whose checks decide it as well."""
