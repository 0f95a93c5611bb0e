"""What one request costs from Kafka to Kafka, beside two services that somebody would write in an hour."""
