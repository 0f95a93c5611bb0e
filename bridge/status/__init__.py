"""One look that tells the state: what is collected, the one sentence that it comes to, and how it is shown."""
