"""The demonstration: a study filled with synthetic lives, written once as a fixture, loaded in seconds.

Nobody in it exists. `build.py` replays drawn plans through the ordinary actions into a scratch database;
`fixture.py` writes and reads the file; `load.py` brings it into an empty installation; `serving.py` shows it.
"""
