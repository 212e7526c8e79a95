"""How much the house costs on top of its bare parts, as ratios measured in the same run (`make bench`)."""
