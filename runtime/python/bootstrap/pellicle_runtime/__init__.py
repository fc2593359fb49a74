"""Parts of the Python runtime."""

VERSION = "0.1.0"
