"""Two services of an hour's work each: what a message costs without leases, transactions, limits and evidence."""
