"""Entry points that only loop: worker, relay, scheduler. What they run lives in app/kit and the domains."""
