"""What all documents share: one page, one font, one way to write money and moments."""
