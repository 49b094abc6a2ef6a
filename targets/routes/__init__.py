"""Which paths an application answers, read from its framework's own router.

:func:`~gateproof.targets.routes.discovery.discover` is the way in. One file a framework
reads routes; an application is recognised by the names of its type and of the types that it
inherits from, so that no framework is imported that the application does not use itself.
"""
