"""Working days and working hours at the site."""

import random
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")
SATURDAY = 5
HOURS = (time(8, 30), time(17, 15))
AFTER_VISITS = (time(14, 30), time(17, 15))
CLOSED = {date(year, 10, day) for year in (2020, 2021, 2022) for day in (1, 2, 3, 4, 5)}


def is_working_day(day: date) -> bool:
    return day.weekday() < SATURDAY and day not in CLOSED


def next_working_day(day: date) -> date:
    """The day itself, or the first working day after it."""
    while not is_working_day(day):
        day += timedelta(days=1)
    return day


def nearest_working_day(day: date) -> date:
    """The day itself, the Friday before a Saturday, or the first working day after."""
    before = day - timedelta(days=1)
    return before if day.weekday() == SATURDAY and is_working_day(before) else next_working_day(day)


def in_window(planned: date, wanted: date, before: int, after: int) -> date:
    """The working day nearest to the wanted one so few days around the planned; the next one if none is."""
    days = [planned + timedelta(days=each) for each in range(-before, after + 1)]
    open_days = [day for day in days if is_working_day(day)]
    if not open_days:
        return next_working_day(planned)
    return min(open_days, key=lambda day: (abs((day - wanted).days), day))


def working_moment(day: date, draw: random.Random, hours: tuple[time, time] = HOURS) -> datetime:
    """A moment of the working hours of a day, to the millisecond."""
    opened, closes = (datetime.combine(day, hour, ZONE) for hour in hours)
    milliseconds = int((closes - opened).total_seconds() * 1000)
    return opened + timedelta(milliseconds=draw.randrange(milliseconds))


def moment_of_entry(visited: date, draw: random.Random) -> datetime:
    """When a visit is entered: mostly the same afternoon, else some days later, in working hours."""
    delay = draw.choices((0, 1, 2, 3, 5, 8), weights=(60, 15, 10, 7, 5, 3))[0]
    day = next_working_day(visited + timedelta(days=delay))
    return working_moment(day, draw, AFTER_VISITS if day == visited else HOURS)
