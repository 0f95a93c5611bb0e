"""The Kafka side of the service: takes requests from Kafka to Celery and outcomes back to Kafka."""
