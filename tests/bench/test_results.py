"""What follows from a row's samples, and the tables and plots made of it."""

import xml.etree.ElementTree

import pytest

import plot
import report
import results
from runner import Goal, Metric, Row


def make_row(name="GET", goals=(), group="goals", **samples):
    """Samples are rates by server; times are their inverse."""
    row = Row(name, lambda *_: {}, list(samples), [Metric("rate", "req/s"), Metric("us", "time, us")], list(goals), group=group)
    row.samples = {server: [{"rate": rate, "us": 1e6 / rate, "client_cores": 0.5} for rate in rates]
                   for server, rates in samples.items()}
    return row


def only_goal(row):
    (goal,) = (goal for metric in results.from_row(row, 1.0)["metrics"] for goal in metric["goals"])
    return goal


def test_ratios_are_taken_within_a_round():
    row = make_row(goals=[Goal("rate", at_least=0.95, against="nginx")], Berth=[100.0] * 9, nginx=[50.0] * 5 + [200.0] * 4)
    goal = only_goal(row)
    assert (goal["ratio"], goal["low"], goal["high"], goal["verdict"]) == (2.0, 0.5, 2.0, "MISSED")


def test_a_goal_that_is_a_figure_is_judged_by_its_ratio_to_it():
    row = make_row(goals=[Goal("us", at_most=60.0)], Berth=[1e6 / 54] * 9)
    goal = only_goal(row)
    assert goal["ratio"] == pytest.approx(0.9) and goal["verdict"] == "met"
    assert only_goal(make_row(goals=[Goal("us", at_most=60.0)], Berth=[1e6 / 66] * 9))["verdict"] == "MISSED"


def test_a_goal_can_speak_of_another_server_than_the_first():
    row = make_row(goals=[Goal("us", at_most=60.0, of="small")], large=[1e6 / 30] * 9, small=[1e6 / 90] * 9)
    assert only_goal(row)["verdict"] == "MISSED"
    assert "| 90 |" in "\n".join(report.goal_table([results.from_row(row, 1.0)]))


def test_what_was_measured_again_replaces_the_old_row_and_order_is_that_of_the_benchmark():
    old = {"rows": [results.from_row(make_row("b", Berth=[1.0]), 1.0), results.from_row(make_row("gone", Berth=[1.0]), 1.0)]}
    merged = results.merge(old, [results.from_row(make_row(name, Berth=[2.0]), 1.0) for name in ("c", "b")], ["a", "b", "c"])
    assert [(row["name"], row["samples"]["Berth"][0]["rate"]) for row in merged["rows"]] == [("b", 2.0), ("c", 2.0)]


@pytest.mark.parametrize("goal, expected", [
    ({"ratio": 1.2, "low": 1.0, "high": 1.4, "bound": 1.0, "is_upper_bound": False}, (1.2, 1.0, 1.4)),
    ({"ratio": 30.0, "low": 20.0, "high": 40.0, "bound": 20.0, "is_upper_bound": False}, (1.5, 1.0, 2.0)),
    ({"ratio": 0.5, "low": 0.4, "high": 0.8, "bound": 0.8, "is_upper_bound": True}, (1.6, 1.0, 2.0)),
])
def test_in_the_plot_one_is_the_goal_and_more_is_better(goal, expected):
    assert plot.times_the_goal(goal) == pytest.approx(expected)


def test_plots_are_well_formed():
    rows = [results.from_row(make_row("a & b", [Goal("rate", at_least=0.95, against="nginx")], Berth=[1.0], nginx=[2.0]), 1.0)]
    scaling = [results.from_row(make_row(f"GET, {what}", group="scaling", **{"1 k": [10.0], "1 M": [9.0]}), 1.0)
               for what in ("tags", "repositories")]
    for text in (plot.ratios(rows), plot.scaling(scaling)):
        assert xml.etree.ElementTree.fromstring(text).tag.endswith("svg")


def test_a_document_keeps_what_stands_outside_of_the_marks(tmp_path):
    path = tmp_path / "performance.md"
    path.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
    report.put_into(path, "new")
    assert path.read_text() == f"before\n{report.BEGIN}\nnew\n{report.END}\nafter\n"
    path.write_text("no marks")
    with pytest.raises(RuntimeError):
        report.put_into(path, "new")
