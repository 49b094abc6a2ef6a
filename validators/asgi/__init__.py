"""The ASGI side of the validators: machines, judges, the live wrapper and the replay."""
