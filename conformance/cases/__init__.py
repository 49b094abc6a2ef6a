"""The cases, one file a spec section; each is found by being there."""
