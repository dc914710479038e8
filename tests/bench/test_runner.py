"""Rounds: who is measured when."""

import io

from runner import Goal, Metric, Progress, Row, run_row


def measured_order(rounds, servers, others=()):
    order = []

    def measure(_opened, server, number):
        order.append((number, server))
        return {"rate": 1.0}
    row = Row("row", measure, list(servers), [Metric("rate", "req/s")], [Goal("rate", at_least=1.0, against=servers[-1])],
              others=list(others))
    run_row(row, None, rounds, Progress(1, io.StringIO()))
    return order, row


def test_each_round_goes_the_other_way():
    order, row = measured_order(2, ["Berth", "nginx"])
    assert order == [(0, "Berth"), (0, "nginx"), (1, "nginx"), (1, "Berth")]
    assert {server: len(samples) for server, samples in row.samples.items()} == {"Berth": 2, "nginx": 2}


def test_others_are_measured_in_the_first_rounds_only():
    order, _ = measured_order(5, ["Berth", "nginx"], ["docker-registry"])
    assert [number for number, server in order if server == "docker-registry"] == [0, 1, 2]


def test_without_a_terminal_each_row_is_one_line():
    stream = io.StringIO()
    progress = Progress(2, stream)
    progress.show("row", 1, 9)
    assert stream.getvalue() == ""
    progress.skip("row", "no such feature")
    assert stream.getvalue() == "  row: left out, no such feature\n"
