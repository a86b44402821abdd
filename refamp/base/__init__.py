"""Tools without tables of their own and without a word of the product."""
