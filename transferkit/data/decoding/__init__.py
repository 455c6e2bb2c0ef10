"""From a file to pixels: `formats` says which files are read, `pixels` how they become RGB.

`decode` makes a square of them, in threads. A format that needs a way of its own has it in two
places: AVIF and HEIF are recognised in `formats._of_box` and opened in `pixels._opened`.
"""

DECODING_FORMAT = 1
"""To be raised when a rule changes the pixels of a file: it is in the key of each cache on disk
that holds what was computed from pixels."""
