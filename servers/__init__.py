"""Servers of others that bridge and worker both know: how Redis and the provider are reached, and what is wrong there.

Kafka is the bridge's alone: bridge/kafka.py and bridge/kafka_trouble.py.
"""
