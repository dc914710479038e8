"""The tables of a run, in Markdown."""

import pathlib

BEGIN, END = "<!-- Made by make bench: begin -->", "<!-- Made by make bench: end -->"


def figure(value):
    if value == 0:
        return "0"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def markdown(results):
    """What docs/performance.md holds between its marks."""
    rows = [row for row in results["rows"] if row["group"] == "goals"]
    lines = [introduction(results), "", "![Ratios and goals](performance/ratios.svg)", "", *goal_table(rows)]
    scaling = [row for row in results["rows"] if row["group"] == "scaling"]
    if scaling:
        lines += ["", "## Cost against size", "", "Server CPU of a request in microseconds, caches off, 8 connections.", "",
                  "![Cost against size](performance/scaling.svg)", "", *scaling_table(scaling)]
    return "\n".join(lines)


def introduction(results):
    machine, rows = results["machine"], results["rows"]
    dates = sorted({row["measured"] for row in rows})
    when = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
    commits = ", ".join(sorted({row["commit"] for row in rows}))
    judged = [goal["verdict"] for row in rows for metric in row["metrics"] for goal in metric["goals"]]
    met = sum(verdict.startswith("met") for verdict in judged)
    return (f"Measured {when} (Berth {commits}): {machine['cores']} cores ({machine['processor']}), {machine['memory_gib']} GiB, "
            f"kernel {machine['kernel']}, {machine['file_system']}; clients on the same cores, over loopback. "
            f"{met} of {len(judged)} goals met.")


def goal_table(rows):
    lines = ["| Work | Figure | Berth | held against | ratio (95 %) | goal | | for comparison | client, cores |",
             "|---|---|---:|---:|---|---|---|---|---|"]
    for row in rows:
        for number, metric in enumerate(row["metrics"]):
            lines += metric_lines(row, metric, is_first=number == 0)
    if any(row["is_disturbed"] for row in rows):
        lines += ["", "\\* More than a tenth of the machine was taken by other programs while this row was measured."]
    return lines


def metric_lines(row, metric, is_first):
    """One line a goal, or one without."""
    medians, servers = metric["medians"], row["servers"]
    compared = ", ".join(f"{name} {figure(value)}" for name, value in medians.items() if name not in servers)
    client = " / ".join(f"{row['client_cores'][name]:.2f}" for name in servers if name in row["client_cores"]) if is_first else ""
    name = row["name"] + (" \\*" if row["is_disturbed"] else "")
    lines = []
    for goal in metric["goals"] or [None]:
        title = metric["title"] + (f" ({goal['of']})" if goal and goal["of"] != servers[0] else "")
        if goal:
            held = f"{goal['against']} {figure(medians[goal['against']])}" if goal["against"] else ""
            ratio = f"{goal['ratio']:.2f} ({goal['low']:.2f}-{goal['high']:.2f})"
            cells = [held, ratio, goal["text"], goal["verdict"]]
        else:
            held = ", ".join(f"{name} {figure(medians[name])}" for name in servers[1:] if name in medians)
            cells = [held, "", "", ""]
        ours = figure(medians[goal["of"] if goal else servers[0]])
        lines.append(f"| {name} | {title} | {ours} | {' | '.join(cells)} | {compared} | {client} |")
    return lines


def scaling_table(rows):
    sizes = rows[0]["servers"]
    lines = [f"| Request | {' | '.join(sizes)} |", f"|---|{'---:|' * len(sizes)}"]
    for row in rows:
        medians = row["metrics"][0]["medians"]
        lines.append(f"| {row['name']} | {' | '.join(figure(medians[size]) if size in medians else '-' for size in sizes)} |")
    return lines


def put_into(path, text):
    """Replaces what stands between the marks of a document."""
    path = pathlib.Path(path)
    before, _, rest = path.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    if not rest or not after:
        raise RuntimeError(f"{path} has not the lines {BEGIN} and {END}")
    path.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")
