"""Dictionaries of terms: reading the files they come in, and looking terms up."""
