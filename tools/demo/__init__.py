"""`make demo`: the story of one order over HTTP, against running processes, proven at the end."""
