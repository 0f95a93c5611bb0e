"""What operators run beside a bridge: `python -m bridge COMMAND`, one module each."""
