"""Everything that happens to one randomized life under treatment, put together."""

from datetime import date, timedelta

from ecrf.demo.adverse_events import draw_happenings, infusion_reaction
from ecrf.demo.blood_counts import Samples, episodes
from ecrf.demo.calendar import in_window, is_working_day, nearest_working_day, next_working_day
from ecrf.demo.course import Course, draw_course
from ecrf.demo.cycles import Cycles
from ecrf.demo.outcomes import Stop
from ecrf.demo.overdose import consequence_of_overdose, with_overdose
from ecrf.demo.periods import Periods, actions_on_infusions
from ecrf.demo.plans import Plan
from ecrf.demo.treatment import OBSERVED_AFTER_LAST_DOSE, Closing, Day, Treatment
from ecrf.demo.world import CUT_OFF

REACTS_IN_CYCLE = 2
OBSERVED_FOR_IMMUNE_EVENTS = 90
ONLY_BLOOD = ("WBC", "NEUT", "PLAT", "HGB")


def draw_treatment(plan: Plan) -> Treatment:
    """The treatment of a life; the same whenever it is asked for."""
    course = draw_course(plan)
    first = first_dose(plan)
    until = course.treated_until
    observed = min(
        until + timedelta(days=OBSERVED_AFTER_LAST_DOSE),
        *(day - timedelta(days=1) for day in (course.died, course.last_contact) if day),
        date.max,
    )
    happenings = draw_happenings(plan, first, until, observed)
    cycles = Cycles(plan, course, happenings)
    days = cycles.draw(first)
    attended = [day for day in days if isinstance(day, Day)]
    closing = _closing(plan, course, cycles, attended)
    happenings += episodes(plan, _samples(attended, closing), observed)
    for day in attended:
        if day.cycle == REACTS_IN_CYCLE and day.day == 1:
            happenings += infusion_reaction(plan, day.given_on)
    happenings += consequence_of_overdose(plan, attended)
    happenings.sort(key=lambda each: each.started)
    periods = Periods(plan, course, first, until).follow(happenings)
    actions_on_infusions(plan, attended, happenings)
    periods = with_overdose(plan, attended, periods)
    return Treatment(course, days, periods, happenings, until, closing)


def first_dose(plan: Plan) -> date:
    """Day 1 of the first cycle: within days of randomization."""
    wanted = plan.after(plan.draws("first dose").randint(1, 3))
    return in_window(plan.after(2), wanted, 1, 1)


def _closing(plan: Plan, course: Course, cycles: Cycles, attended: list[Day]) -> dict[str, Closing]:
    """End of treatment and safety follow-up, where the subject lives and comes."""
    wanted = {
        "EOT": next_working_day(course.treated_until + timedelta(days=1)),
        "SFU": nearest_working_day(course.treated_until + timedelta(days=OBSERVED_AFTER_LAST_DOSE)),
        "SFU90": nearest_working_day(course.treated_until + timedelta(days=OBSERVED_FOR_IMMUNE_EVENTS)),
    }
    left = course.treated_until if plan.outcome.stop is Stop.WITHDRAWAL else None
    gone = min((day for day in (course.died, course.last_contact, left, CUT_OFF) if day), default=date.max)
    found = {}
    for code, on in wanted.items():
        if on < gone and is_working_day(on):
            results, measured = cycles.closing(attended[-1].cycle + 1, on, plan.draws(code))
            found[code] = Closing(on, results, measured)
    return found


def _samples(attended: list[Day], closing: dict[str, Closing]) -> Samples:
    """The results that are entered, by day: on day 8 and on a recount blood only."""
    found: list[tuple[date, dict[str, str]]] = []
    for day in attended:
        if day.cycle == 1 and day.day == 1:
            continue
        found.append((day.on, _blood(day.results) if day.day == 8 else _tested(day.results)))
        if day.recounted:
            found.append((day.recounted[0], _blood(day.recounted[1])))
    found += [(each.on, _tested(each.results)) for each in closing.values()]
    return sorted(found, key=lambda each: each[0])


def _blood(results: dict[str, str]) -> dict[str, str]:
    return {code: results[code] for code in ONLY_BLOOD}


def _tested(results: dict[str, str]) -> dict[str, str]:
    return {code: text for code, text in results.items() if code != "LYM"}
