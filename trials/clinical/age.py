"""Age in completed years from a date of birth that may be known only to the month or the year."""

from datetime import date, timedelta

from trials.clinical.partial_date import PartialDate


def completed_years(birth: PartialDate, on: date) -> tuple[int, int]:
    """The youngest and the oldest age, in completed years, that the subject can have on a day.

    Both are equal when the birth date is complete. A year is completed on the birthday; who is born on
    29 February completes it on 1 March of a common year. When the birth date may lie after the day, the
    youngest age is 0. Raises ValueError when it certainly lies after.

    >>> completed_years(PartialDate(1960, 3), date(2021, 3, 15))
    (60, 61)
    >>> completed_years(PartialDate(2000, 2, 29), date(2018, 2, 28))
    (17, 17)
    """
    if birth.earliest > on:
        raise ValueError("the date of birth lies after the day on which the age is asked")
    return max(0, _years(birth.latest, on)), _years(birth.earliest, on)


def agrees(stated_age: int, birth: PartialDate, on: date) -> bool:
    """Whether a stated age is one the birth date allows on that day; no age agrees with a later birth.

    >>> agrees(60, PartialDate(1960, 3), date(2021, 3, 15)), agrees(62, PartialDate(1960), date(2021, 3, 15))
    (True, False)
    """
    if birth.earliest > on:
        return False
    youngest, oldest = completed_years(birth, on)
    return youngest <= stated_age <= oldest


def ages_on(day: date, *, birth: PartialDate, stated: int, stated_on: date) -> tuple[int, ...]:
    """The ages, in completed years, that a subject can have on a day, from the birth and an age once stated.

    A birth known to the month leaves two ages; the age stated on another day tells on which side of that
    day the birthday lies. Empty where birth and stated age contradict each other.

    >>> consent = date(2021, 3, 15)
    >>> ages_on(consent, birth=PartialDate(1960, 3), stated=60, stated_on=consent)
    (60,)
    >>> ages_on(date(2021, 3, 20), birth=PartialDate(1960, 3), stated=60, stated_on=consent)
    (60, 61)
    """
    days = (birth.latest - birth.earliest).days + 1
    births = (birth.earliest + timedelta(days=each) for each in range(days))
    fitting = [each for each in births if each <= stated_on and _years(each, stated_on) == stated]
    return tuple(sorted({_years(each, day) for each in fitting if each <= day}))


def _years(born: date, on: date) -> int:
    birthday_to_come = (on.month, on.day) < (born.month, born.day)
    return on.year - born.year - birthday_to_come
