"""`make screenshots`: the pages of the story as pictures, at two widths and in both schemes."""
