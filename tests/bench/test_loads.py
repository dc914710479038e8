"""What the drivers say, read."""

import pytest

from loads import LoadFailed, cpu_figures, read_h2load

SAID = """
finished in 1.00s, 74988.00 req/s, 151.20MB/s
requests: 75244 total, 75244 started, 74988 done, 74988 succeeded, 0 failed, 0 errored, 0 timeout
status codes: 75012 2xx, 0 3xx, 0 4xx, 0 5xx
traffic: 151.20MB (158542000) total, 1.43MB (1500000) headers (space savings 97.00%), 146.50MB (153600000) data
"""


def test_h2load_is_read():
    figures = read_h2load("Berth", SAID, server_cpu=1.5, client_cpu=0.5)
    assert figures["rate"] == 74988
    assert figures["mib_per_second"] == pytest.approx(146.48, abs=0.01)
    assert figures["cpu_us"] == pytest.approx(20.0, abs=0.01)
    assert figures["client_cores"] == 0.5


def test_failures_of_h2load_are_not_figures():
    for bad in ("", SAID.replace("succeeded, 0 failed", "succeeded, 3 failed"), SAID.replace("75012 2xx", "70000 2xx")):
        with pytest.raises(LoadFailed):
            read_h2load("Berth", bad, 1.0, 1.0)


def test_cpu_is_counted_for_each_request_and_each_gib():
    figures = cpu_figures(server_seconds=0.5, client_seconds=0.25, seconds=2.0, count=1000, size_bytes=2**30)
    assert figures["cpu_us"] == 500 and figures["cpu_s_per_gib"] == 0.5 and figures["rate"] == 500
    assert figures["client_cores"] == 0.125 and figures["mib_per_second"] == 512
