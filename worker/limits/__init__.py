"""When a request to the provider may start: the shared rate limiter, and what the provider says about its limits."""
