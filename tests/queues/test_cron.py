from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from croniter import croniter
from hypothesis import given, settings
from hypothesis import strategies as st

from queues.cron import Mark, Run, next_runs, parse_cron, parse_every
from queues.cron_fields import CronError

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def shown(expression, zone, after, count):
    """Return runs as people read them: the clock of the zone, and the mark."""
    runs = next_runs(parse_cron(expression, zone), datetime.fromisoformat(after), count)
    return [f"{run.at.astimezone(ZoneInfo(zone)):%d %H:%M:%S%z} {run.mark}".strip() for run in runs]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("*/20 * * * *", ["01 12:20:00", "01 12:40:00", "01 13:00:00"]),
        ("*/20 * * * * *", ["01 12:00:20", "01 12:00:40", "01 12:01:00"]),
        ("30 5 12 * * *", ["01 12:05:30", "02 12:05:30", "03 12:05:30"]),
        ("0 9-10 * * MON-FRI", ["02 09:00:00", "02 10:00:00", "05 09:00:00"]),
        ("0 0 * * sat-sun", ["03 00:00:00", "04 00:00:00", "10 00:00:00"]),
        ("0 0 * * 7", ["04 00:00:00", "11 00:00:00", "18 00:00:00"]),
        ("0 0 13 * fri", ["02 00:00:00", "09 00:00:00", "13 00:00:00"]),
        ("0 0 L jan,Feb *", ["31 00:00:00", "28 00:00:00", "31 00:00:00"]),
        ("0 0 ? * L5", ["30 00:00:00", "27 00:00:00", "27 00:00:00"]),
        ("0 0 * * fri#2", ["09 00:00:00", "13 00:00:00", "13 00:00:00"]),
        ("  5,10-20/5   12 1 1  *  ", ["01 12:05:00", "01 12:10:00", "01 12:15:00"]),
    ],
)
def test_expressions_mean_what_they_always_have(expression, expected):
    runs = shown(expression, "UTC", "2026-01-01T12:00:00+00:00", 3)
    assert [run.partition("+")[0] for run in runs] == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("0 0 */15 * fri#3", ["16 00:00:00", "16 00:00:00", "16 00:00:00"]),
        ("0 0 1,16,31 * fri#3", ["16 00:00:00", "31 00:00:00", "01 00:00:00"]),
        ("0 0 */2 * L1", ["23 00:00:00", "27 00:00:00", "25 00:00:00"]),
    ],
)
def test_the_second_or_the_last_of_a_weekday_goes_by_the_same_rule(expression, expected):
    runs = shown(expression, "UTC", "2026-01-01T12:00:00+00:00", 3)
    assert [run.partition("+")[0] for run in runs] == expected


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("", "has 0 fields; allowed: 5, or 6 with seconds first"),
        ("* * * * * * *", "has 7 fields"),
        ("@daily", "has 1 fields"),
        ("60 * * * *", "minute is '60'; allowed: *, 0 to 59"),
        ("60 * * * * *", "second is '60'"),
        ("* 24 * * *", "hour is '24'"),
        ("* * 0 * *", "day of month is '0'"),
        ("* * * 13 *", "month is '13'; allowed: *, 1 to 12 or jan to dec"),
        ("* * * * funday", "day of week is 'funday'"),
        ("* * * mon *", "month is 'mon'"),
        ("*/0 * * * *", "minute is '*/0'"),
        ("22-2 * * * *", "ranges that go up"),
        ("1,,2 * * * *", "minute is ''"),
        ("R * * * *", "minute is 'r'"),
        ("* * 15W * *", "or L for the last day"),
        ("* * * * 1#6", "5#2 for the second"),
        ("\N{ARABIC-INDIC DIGIT ONE} * * * *", "minute is"),
        ("* * * * 1,5#2", "does not support mixing"),
        ("0 0 30 2 *", "never happens"),
        ("0 0 31 2,4,6,9,11 *", "never happens"),
        ("* " * 10_000_000, "allowed: text of 1 to 200 characters"),
    ],
)
def test_a_wrong_expression_is_refused_at_once_and_says_which_field_it_is(expression, says):
    began = time.monotonic()
    with pytest.raises(CronError) as caught:
        parse_cron(expression, "UTC")
    assert caught.value.field == "cron"
    assert says in str(caught.value)
    assert time.monotonic() - began < 1


@pytest.mark.parametrize("name", ["", "Europe/Berln", "europe/berlin", "America", "../passwd"])
def test_an_unknown_zone_is_refused(name):
    with pytest.raises(CronError, match="allowed: a name such as UTC or Europe/Berlin") as caught:
        parse_cron("* * * * *", name)
    assert caught.value.field == "time_zone"


@pytest.mark.parametrize(
    ("expression", "zone", "after", "expected"),
    [
        # Europe/Berlin skips 02:00 to 03:00 on 29 March, and repeats it on 25 October.
        (
            "30 2 * * *",
            "Europe/Berlin",
            "2026-03-28T12:00:00+00:00",
            ["29 03:00:00+0200 moved", "30 02:30:00+0200"],
        ),
        (
            "*/30 * * * *",
            "Europe/Berlin",
            "2026-03-29T00:15:00+00:00",
            ["29 01:30:00+0100", "29 03:00:00+0200 moved", "29 03:30:00+0200"],
        ),
        (
            "30 2 * * *",
            "Europe/Berlin",
            "2026-10-24T12:00:00+00:00",
            ["25 02:30:00+0200 repeated", "26 02:30:00+0100"],
        ),
        (
            "*/30 * * * *",
            "Europe/Berlin",
            "2026-10-24T23:45:00+00:00",
            [
                "25 02:00:00+0200 repeated",
                "25 02:30:00+0200 repeated",
                "25 03:00:00+0100",
                "25 03:30:00+0100",
            ],
        ),
        # From within the second pass: its times were there an hour ago.
        ("* * * * * *", "Europe/Berlin", "2026-10-25T01:10:00+00:00", ["25 03:00:00+0100"]),
        # Half an hour, skipped on 4 October and repeated on 5 April.
        (
            "15 2 * * *",
            "Australia/Lord_Howe",
            "2026-10-03T00:00:00+00:00",
            ["04 02:30:00+1100 moved", "05 02:15:00+1100"],
        ),
        (
            "45 1 * * *",
            "Australia/Lord_Howe",
            "2026-04-04T00:00:00+00:00",
            ["05 01:45:00+1100 repeated", "06 01:45:00+1030"],
        ),
        # A midnight that does not exist.
        (
            "0 0 * * *",
            "America/Santiago",
            "2026-09-05T12:00:00+00:00",
            ["06 01:00:00-0300 moved", "07 00:00:00-0300"],
        ),
        # A whole day that does not exist.
        (
            "0 12 * * *",
            "Pacific/Apia",
            "2011-12-29T23:00:00+00:00",
            ["31 00:00:00+1400 moved", "31 12:00:00+1400"],
        ),
    ],
)
def test_a_time_runs_when_the_clocks_of_its_zone_first_reach_it(expression, zone, after, expected):
    assert shown(expression, zone, after, len(expected)) == expected


MINUTES = st.sampled_from(["*", "*/7", "0", "30", "5-50/9", "1,59", "0,15,30,45"])
HOURS = st.sampled_from(["*", "*/5", "0", "2", "1-3", "23", "0,2,22"])
DATES = st.sampled_from(["*", "*/10", "1", "28-31", "15,L", "L"])
MONTHS = st.sampled_from(["*", "jan-jun/2", "2", "mar,apr,sep,oct"])
WEEKDAYS = st.sampled_from(["*", "sun", "mon-fri", "0,3", "*/2"])
SECONDS = st.sampled_from(["", "*/13 ", "0 ", "5,55 "])
EXPRESSIONS = st.builds("{}{} {} {} {} {}".format, SECONDS, MINUTES, HOURS, DATES, MONTHS, WEEKDAYS)
MOMENTS = st.integers(1_600_000_000, 2_200_000_000).map(lambda s: datetime.fromtimestamp(s, UTC))


@settings(deadline=None)
@given(EXPRESSIONS, MOMENTS)
def test_in_utc_runs_are_those_of_croniter(expression, after):
    *_, date, _, weekday = expression.split()
    is_both = date[0] == "*" or weekday[0] == "*"
    reference = croniter(
        expression, after, ret_type=datetime, second_at_beginning=True, day_or=not is_both
    )
    expected = [reference.get_next() for _ in range(5)]
    assert next_runs(parse_cron(expression, "UTC"), after, 5) == [Run(at=at) for at in expected]


def is_last(day):
    return (day + timedelta(days=1)).month != day.month


# What names days, and what it means; Monday is 0 to Python.
BY_DATE = {
    "*": bool,
    "L": is_last,
    "1,15,L": lambda day: day.day in {1, 15} or is_last(day),
    "*/10": lambda day: day.day in {1, 11, 21, 31},
    "1,*/10": lambda day: day.day in {1, 11, 21, 31},
    "30": lambda day: day.day == 30,
}
BY_WEEKDAY = {
    "*": bool,
    "sun": lambda day: day.weekday() == 6,
    "*/3": lambda day: day.weekday() in {6, 2, 5},
    "fri-7": lambda day: day.weekday() >= 4,
    "L5": lambda day: day.weekday() == 4 and (day + timedelta(days=7)).month != day.month,
    "tue#2": lambda day: day.weekday() == 1 and 8 <= day.day <= 14,
    "1#1,1#5": lambda day: day.weekday() == 0 and (day.day <= 7 or day.day >= 29),
}


@pytest.mark.parametrize("weekday", BY_WEEKDAY)
@pytest.mark.parametrize("date", BY_DATE)
def test_days_fit_either_field_or_both_if_one_begins_with_a_star(date, weekday):
    days = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=n) for n in range(365)]
    combine = all if "*" in {date[0], weekday[0]} else any
    expected = [day for day in days if combine([BY_DATE[date](day), BY_WEEKDAY[weekday](day)])]
    cron = parse_cron(f"0 0 {date} * {weekday}", "UTC")
    runs = next_runs(cron, days[0] - timedelta(seconds=1), len(expected))
    assert [run.at for run in runs] == expected


# Each with its two changes of 2026; Kolkata has none.
CHANGES = [
    ("Europe/Berlin", "2026-03-29T01:00Z", "2026-10-25T01:00Z"),
    ("America/New_York", "2026-03-08T07:00Z", "2026-11-01T06:00Z"),
    ("Australia/Lord_Howe", "2026-04-04T15:00Z", "2026-10-03T15:30Z"),
    ("America/Santiago", "2026-04-05T03:00Z", "2026-09-06T04:00Z"),
    ("Asia/Kolkata", "2026-03-29T01:00Z", "2026-10-25T01:00Z"),
]
AROUND = st.sampled_from(
    [(zone, datetime.fromisoformat(change)) for zone, *both in CHANGES for change in both]
)
MINUTE = timedelta(minutes=1)


def first_reached(fields, zone, start, end):
    """Go through time minute by minute: when did clocks first show, or pass, each local tick?"""
    shown = start.astimezone(zone).replace(tzinfo=None)
    ticks = croniter(fields, shown, ret_type=datetime)
    tick, moment, found = ticks.get_next(), start, []
    while moment < end:
        moment += MINUTE
        shown = moment.astimezone(zone).replace(tzinfo=None)
        if tick <= shown:
            found.append(moment)
        while tick <= shown:
            tick = ticks.get_next()
    return found


@settings(deadline=None)
@given(AROUND, st.builds("{} {} * * *".format, MINUTES, HOURS), st.integers(30, 900))
def test_around_a_change_each_local_time_runs_exactly_once(around, fields, minutes):
    name, change = around
    zone = ZoneInfo(name)
    start, end = change - minutes * MINUTE, change + timedelta(hours=26)
    expected = first_reached(fields, zone, start, end)
    runs = next_runs(parse_cron(fields, name), start, len(expected))
    assert [run.at for run in runs] == expected
    assert all(a.at < b.at for a, b in pairwise(runs))
    for run in runs:
        local = run.at.astimezone(zone)
        assert local.fold == 0
        assert (run.mark is Mark.REPEATED) == (
            local.replace(fold=1).utcoffset() != local.utcoffset()
        )


@settings(deadline=None)
@given(AROUND, EXPRESSIONS, st.integers(-7200, 7200))
def test_where_one_begins_to_look_does_not_matter(around, expression, seconds):
    name, change = around
    start = change + timedelta(seconds=seconds, milliseconds=300)
    cron = parse_cron(expression, name)
    runs = next_runs(cron, start, 4)
    assert next_runs(cron, runs[0].at - timedelta(microseconds=1), 4) == runs
    assert next_runs(cron, runs[0].at, 3) == runs[1:]


@given(MOMENTS, st.integers(1, 10**6), MOMENTS)
def test_a_cadence_keeps_its_distance_from_its_anchor_for_ever(anchor, seconds, after):
    runs = next_runs(parse_every(seconds, anchor), after, 3)
    step = timedelta(seconds=seconds)
    for run in runs:
        assert (run.at - anchor) % step == timedelta(0)
    assert [b.at - a.at for a, b in pairwise(runs)] == [step, step]
    assert runs[0].at == anchor if after < anchor else after < runs[0].at <= after + step


@pytest.mark.parametrize("seconds", [0, -1, 1.5, True, None, "60", 10**12])
def test_a_wrong_cadence_is_refused(seconds):
    with pytest.raises(CronError, match="allowed: whole seconds, 1 to 31622400"):
        parse_every(seconds, NOON)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_the_end_of_time_is_an_end_and_no_error(zone):
    late = datetime(2999, 12, 31, 23, 59, tzinfo=UTC)
    assert next_runs(parse_cron("0 0 29 2 *", zone), late, 5) == []
    assert next_runs(parse_every(60, late), late, 5) == []
    assert next_runs(parse_cron("* * * * *", zone), datetime.max.replace(tzinfo=UTC), 5) == []
