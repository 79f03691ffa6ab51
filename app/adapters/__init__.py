"""The outside world, one module each: object store, queue, cut-out model, mail, cache store."""
