"""What Celery's process needs around a scoring: the hint, the transport that brings it, and what is shown on scrape."""
