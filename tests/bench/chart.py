"""An SVG chart of measured rows: a bar for each runner, how many times slower than the native run, on a logarithmic scale."""
import math
import xml.etree.ElementTree as ET

from report import groups, means, number, ratio, runners

COLOURS = ("#9aa5b1", "#d9822b", "#2b7de9", "#3fa45b", "#8f5bd1", "#c2405f")
LABEL, PLOT, MARGIN = 200, 620, 60
BAR, GAP, TITLE = 7, 7, 30
TICKS = tuple(step * 10 ** power for power in range(-2, 4) for step in (1, 2, 5))
FONT = "font-family:sans-serif;font-size:11px"


class Scale:
    """Ratios to horizontal positions; 1, the native time, is always in sight."""

    def __init__(self, values):
        self.low, self.high = math.log(min([*values, 0.8]) * 0.9), math.log(max([*values, 2]) * 1.1)

    def x(self, value):
        return LABEL + PLOT * (math.log(value) - self.low) / (self.high - self.low)

    def ticks(self):
        return [tick for tick in TICKS if self.low <= math.log(tick) <= self.high]


def element(parent, tag, content=None, **attributes):
    """An element; in the attributes' names _ stands for - and numbers are rounded."""
    made = ET.SubElement(parent, tag, {name.replace("_", "-"): f"{value:.1f}" if isinstance(value, float) else str(value)
                                       for name, value in attributes.items()})
    made.text = content
    return made


def sections(rows, names):
    """For each group: its title and its entries, each a label and a ratio for each of the names; the last is the geometric mean."""
    by_runner = {name: means(rows, name) for name in names}
    for group in groups(rows):
        entries = [(row["name"], [ratio(row, name) for name in names]) for row in rows if row["group"] == group]
        entries = [entry for entry in entries if any(entry[1])]
        if entries:
            yield group, [*entries, ("geometric mean", [by_runner[name][group][0] for name in names])]


def draw_entry(svg, scale, top, label, values):
    bold = ";font-weight:bold" if label == "geometric mean" else ""
    element(svg, "text", label, x=LABEL - 8, y=top + BAR * len(values) / 2 + 4, text_anchor="end", style=FONT + bold)
    for index, value in enumerate(values):
        if value is None:
            continue
        ends = sorted((scale.x(1), scale.x(value)))
        y = top + index * BAR
        bar = element(svg, "rect", x=ends[0], y=y, width=max(ends[1] - ends[0], 1.0), height=BAR - 1, fill=COLOURS[index % len(COLOURS)])
        element(bar, "title", f"{label}: {number(value, 0)}")
        element(svg, "text", number(value, 0), x=ends[1] + 3, y=y + BAR - 1, style="font-family:sans-serif;font-size:7px;fill:#555")


def draw_axis(svg, scale, top, bottom):
    for tick in scale.ticks():
        element(svg, "line", x1=scale.x(tick), x2=scale.x(tick), y1=top, y2=bottom, stroke="#333" if tick == 1 else "#ddd")
        element(svg, "text", f"{tick:g}x", x=scale.x(tick), y=top - 4, text_anchor="middle", style=FONT)


def svg_of(rows):
    names = runners(rows)
    parts = list(sections(rows, names))
    scale = Scale([value for _, entries in parts for _, values in entries for value in values if value])
    step = BAR * len(names) + GAP
    head = 62
    height = head + sum(TITLE + step * len(entries) for _, entries in parts) + 10
    width = LABEL + PLOT + MARGIN
    svg = ET.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "width": str(width), "height": str(height), "viewBox": f"0 0 {width} {height}"})
    element(svg, "rect", width=width, height=height, fill="white")
    element(svg, "text", "Time against the native run (1x), logarithmic: shorter is faster", x=LABEL, y=16, style="font-family:sans-serif;font-size:13px")
    for index, name in enumerate(names):
        element(svg, "rect", x=LABEL + 110 * index, y=25, width=10, height=10, fill=COLOURS[index % len(COLOURS)])
        element(svg, "text", name, x=LABEL + 110 * index + 15, y=34, style=FONT)
    draw_axis(svg, scale, head, height - 10)
    top = head
    for group, entries in parts:
        element(svg, "text", group, x=8, y=top + TITLE - 8, style="font-family:sans-serif;font-size:13px;font-weight:bold")
        top += TITLE
        for label, values in entries:
            draw_entry(svg, scale, top, label, values)
            top += step
    return svg


def save(rows, path):
    ET.ElementTree(svg_of(rows)).write(path, encoding="utf-8", xml_declaration=True)
