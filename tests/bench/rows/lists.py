"""Pages of 100 tags and repositories at random positions, Berth's caches off: a page costs the same however many there are."""

from runner import Goal, Metric, Part, Row
from warehouse import SizedBerths, page_lines

SMALL = {"tags": ("10 k tags", 10_000), "repositories": ("2 k repositories", 2_000)}
LARGE = {"tags": ("1 M tags", 1_000_000), "repositories": ("1 M repositories", 1_000_000)}
TITLES = {"tags": "page of 100 tags", "repositories": "catalog page of 100"}
PAGE_CPU_US = 60.0


def page_row(kind):
    large, small = LARGE[kind][0], SMALL[kind][0]

    def measure(berths, name, number):
        return berths.request(name, page_lines, number)
    return Row(f"{TITLES[kind]} of {large}, caches off, c8", measure, [large, small],
               [Metric("time_us", "time a page, us"), Metric("cpu_us", "server CPU, us/page")],
               [Goal("time_us", at_most=1.25, against=small), Goal("cpu_us", at_most=1.1, against=small),
                Goal("cpu_us", at_most=PAGE_CPU_US), Goal("cpu_us", at_most=PAGE_CPU_US, of=small)])


def parts(lab):
    for kind in TITLES:
        yield Part([page_row(kind)], lambda kind=kind: SizedBerths(lab, kind, dict([LARGE[kind], SMALL[kind]])))
