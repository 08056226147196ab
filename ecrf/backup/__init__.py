"""A copy of everything in one file, and the way back.

The file is a tar archive (`manifest.json`, then `content`) with a line behind its end: the SHA-256 of every
byte before it. Any tar program opens it; a byte that is missing or changed is found before anything is read.
"""
