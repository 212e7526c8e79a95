"""One module per command group; each has a click command named `command`."""
