"""A local stand-in for OpenAI's chat completions API: not OpenAI, and labelled so in all it says."""
