"""The plots of a run as SVG: ratios beside their goals, and cost against size."""

import html
import math

MET, MISSED, GRID, INK, FAINT = "#2a6fbb", "#d9622b", "#dddddd", "#222222", "#777777"
SERIES = ["#2a6fbb", "#d9622b", "#2e8b57", "#8e44ad", "#b8860b", "#555555"]


class Svg:
    def __init__(self, width, height):
        self.parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
                      f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12" fill="{INK}">',
                      '<rect width="100%" height="100%" fill="white"/>']

    def text(self, x, y, words, anchor="start", size=12, color=INK):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{color}">'
                          f'{html.escape(words)}</text>')

    def line(self, points, color=GRID, width=1.0):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.parts.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="{width}"/>')

    def dot(self, x, y, color, radius=4.0):
        self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{color}"/>')

    def finish(self):
        return "\n".join([*self.parts, "</svg>\n"])


class LogScale:
    """A value between two bounds to a place between two pixels; what lies outside stands at the edge."""

    def __init__(self, low, high, first_pixel, last_pixel):
        self.low, self.high = low, high
        self.first_pixel, self.last_pixel = first_pixel, last_pixel

    def __call__(self, value):
        share = math.log(min(max(value, self.low), self.high) / self.low) / math.log(self.high / self.low)
        return self.first_pixel + share * (self.last_pixel - self.first_pixel)


def times_the_goal(goal):
    """(median, low, high) so that 1 is the goal and more is better, also where less is asked for."""
    bound = goal["bound"]
    if goal["is_upper_bound"]:
        return bound / goal["ratio"], bound / goal["high"], bound / goal["low"]
    return goal["ratio"] / bound, goal["low"] / bound, goal["high"] / bound


def ratios(rows):
    """One line a goal: a dot at the median, a bar for its 95 % interval."""
    entries = [(f"{row['name']}: {metric['title']}{'' if goal['of'] == row['servers'][0] else ' (' + goal['of'] + ')'}", goal)
               for row in rows for metric in row["metrics"] for goal in metric["goals"]]
    line_height, top, left, right = 18, 56, 560, 980
    bottom = top + line_height * len(entries)
    svg = Svg(1280, bottom + 34)
    scale = LogScale(0.125, 8, left, right)
    svg.text(16, 22, "Berth beside its goals", size=15)
    svg.text(16, 40, "Median and 95 % interval of the ratio, divided by the goal: right of 1 is better than asked for.", color=FAINT)
    for tick in (0.125, 0.25, 0.5, 1, 2, 4, 8):
        svg.line([(scale(tick), top - 6), (scale(tick), bottom)], INK if tick == 1 else GRID, 1.2 if tick == 1 else 1.0)
        svg.text(scale(tick), bottom + 16, f"{tick:g}", "middle")
    for number, (name, goal) in enumerate(entries):
        y = top + line_height * (number + 0.5)
        median, low, high = times_the_goal(goal)
        color = MET if goal["verdict"].startswith("met") else MISSED
        svg.text(left - 12, y + 4, name, "end", 11)
        svg.line([(scale(low), y), (scale(high), y)], color, 2.5)
        svg.dot(scale(median), y, color)
        against = f" {goal['against']}" if goal["against"] else ""
        svg.text(right + 12, y + 4, f"{goal['ratio']:.2f} ({goal['text']}{against})", size=11, color=color)
    return svg.finish()


def scaling(rows):
    """Server CPU of a request against the number of tags or repositories: a line a request, a panel for each of the two."""
    panels = [(what, [row for row in rows if row["name"].endswith(what)]) for what in ("tags", "repositories")]
    values = [value for row in rows for value in row["metrics"][0]["medians"].values()]
    low, high = 10 ** math.floor(math.log10(min(values))), 10 ** math.ceil(math.log10(max(values) * 1.01))
    svg = Svg(1160, 460)
    svg.text(16, 22, "Server CPU of a request, us, against what is stored (caches off)", size=15)
    for number, (what, panel) in enumerate(panels):
        draw_panel(svg, what, panel, 70 + number * 560, LogScale(low, high, 390, 50))
    return svg.finish()


def draw_panel(svg, what, rows, left, y_scale):
    right = left + 320
    sizes = rows[0]["servers"] if rows else []
    places = {size: left + 20 + (right - left - 40) * number / max(1, len(sizes) - 1) for number, size in enumerate(sizes)}
    tick = y_scale.low
    while tick <= y_scale.high:
        svg.line([(left, y_scale(tick)), (right, y_scale(tick))])
        svg.text(left - 8, y_scale(tick) + 4, f"{tick:g}", "end")
        tick *= 10
    for size, x in places.items():
        svg.text(x, 410, size, "middle")
    svg.text((left + right) / 2, 434, f"{what} stored", "middle", color=FAINT)
    for number, row in enumerate(rows):
        color = SERIES[number % len(SERIES)]
        points = [(places[size], y_scale(value)) for size, value in row["metrics"][0]["medians"].items()]
        svg.line(points, color, 2)
        for x, y in points:
            svg.dot(x, y, color, 3)
        svg.text(right + 8, 60 + 18 * number, row["name"].rsplit(",", 1)[0], size=11, color=color)
