"""The same requests at a thousand to a million tags and repositories, caches off."""

from runner import Metric, Part, Row
from rows.pushes import seeds
from warehouse import SizedBerths, manifest_lines, page_lines

SIZES = {"1 k": 1_000, "10 k": 10_000, "100 k": 100_000, "1 M": 1_000_000}
METRICS = [Metric("cpu_us", "server CPU, us/req"), Metric("rate", "req/s")]


def read_row(title, kind, make_lines, method="GET"):
    def measure(berths, size, number):
        return berths.request(size, make_lines, number, method)
    return Row(f"{title}, {kind}", measure, list(SIZES), METRICS, group="scaling")


def write_row(lab, kind):
    def measure(berths, size, _):
        return lab.loads.push_manifests(berths.servers[size], next(seeds), 8, lab.seconds)
    return Row(f"manifest PUT, {kind}", measure, list(SIZES), METRICS, group="scaling")


def parts(lab):
    pages = {"tags": "tag page of 100", "repositories": "catalog page of 100"}
    for kind, page in pages.items():
        yield Part([read_row("manifest GET by tag", kind, manifest_lines), read_row("manifest HEAD by tag", kind, manifest_lines, "HEAD"),
                    read_row(page, kind, page_lines), write_row(lab, kind)],
                   lambda kind=kind: SizedBerths(lab, kind, SIZES))
