"""Points inside a stack of middlewares: which layer is at fault."""
