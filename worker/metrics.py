"""Every metric of the worker, declared once. Labels never carry ids or text."""

from prometheus_client import Counter, Gauge, Histogram

OUTCOMES = Counter("ai_handler_outcomes_total", "Requests that ended", ["result"])  # scored, or a failure's code
CALLS = Counter("ai_handler_model_calls_total", "Calls of the model", ["result"])  # answer, or the error's class
CALL_SECONDS = Histogram(
    "ai_handler_model_call_seconds", "Duration of one call", buckets=(0.5, 1, 2, 3, 5, 8, 13, 20, 30, 60)
)
TOKENS = Counter("ai_handler_tokens_total", "Tokens", ["kind"])  # prompt, cached, completion
# question: criteria, grades; result: hit, miss. A miss is a call that was answered.
CACHE = Counter("ai_handler_result_cache_total", "Looks into the result cache", ["question", "result"])
REDACTED = Counter("ai_handler_redacted_total", "What was taken out of resumes before they were sent", ["kind"])
DROPPED_GROUNDS = Counter(
    "ai_handler_dropped_grounds_total", "Requirements on forbidden grounds that were dropped", ["ground"]
)
GATED_QUOTES = Counter("ai_handler_gated_grades_total", "Grades that an evidence gate lowered", ["reason"])
WAITS = Counter(
    "ai_handler_waits_total", "Times a request had to wait", ["why"]
)  # limits, blocked, fault, single_flight
WAIT_SECONDS = Histogram(
    "ai_handler_limiter_wait_seconds",
    "From first asking the limiter to the start",
    buckets=(0.1, 1, 10, 60, 600, 3600),
)
SUSPICIOUS = Counter("ai_handler_suspicious_total", "Resumes that address the reviewer", ["sign"])
UNVERIFIED_QUOTES = Counter("ai_handler_unverified_quotes_total", "Quotes that are not in the resume")
EGRESS_OPEN = Gauge("ai_handler_egress_open", "1 while the exit's country is known and allowed")
BREAKER_TRIPS = Counter("ai_handler_circuit_breaker_trips_total", "Times the circuit breaker opened", ["reason"])
