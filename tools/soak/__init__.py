"""`make soak`: people trade while programs and servers are killed at random; afterwards everything must add up."""
