"""The roof: how people and systems get in and out. Rests on `patients` and `trials`."""
