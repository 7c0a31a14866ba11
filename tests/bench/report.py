"""What is said about measured rows: the table, geometric means, efficiency of threads, and comparison with an earlier run."""
import json
import math

NATIVE = "native"


def runners(rows):
    """The names of the runners other than the native one, in their order."""
    return list(dict.fromkeys(name for row in rows for name in row.get("seconds", ()) if name != NATIVE))


def ratio(row, name):
    """Time against the native run, or None where there is none."""
    seconds = row.get("seconds", {})
    return seconds[name] / seconds[NATIVE] if seconds.get(name) and seconds.get(NATIVE) else None


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None


def groups(rows):
    return list(dict.fromkeys(row["group"] for row in rows))


def means(rows, name):
    """The ratios' geometric mean by group, and how many they are."""
    result = {}
    for group in groups(rows):
        ratios = [value for row in rows if row["group"] == group and (value := ratio(row, name)) is not None]
        result[group] = (geometric_mean(ratios), len(ratios))
    return result


def number(value, width=8):
    if value is None:
        return f"{'-':>{width}}"
    return f"{value:>{width}.{2 if value < 9.995 else 1 if value < 99.95 else 0}f}"


def duration(seconds):
    if seconds is None:
        return f"{'-':>11}"
    unit, scale = next((pair for pair in (("s ", 1), ("ms", 1e3), ("us", 1e6)) if seconds * pair[1] >= 1), ("ns", 1e9))
    return f"{number(seconds * scale)} {unit}"


def header(names):
    return f"{'group':9} {'row':24} {'native':>11} {''.join(f'{name:>9}' for name in names)}   peak MB: native {' '.join(names)}"


def line(row, names):
    """A row of the table."""
    start = f"{row['group']:9} {row['name']:24} "
    if "missing" in row:
        return f"{start}left out: {row['missing']}"
    ratios = "".join(" " + number(ratio(row, name)) for name in names)
    memory = " ".join(f"{row['memory'].get(name, 0) / 1024:.1f}" for name in (NATIVE, *names))
    return f"{start}{duration(row['seconds'].get(NATIVE))} {ratios}   {memory}{'' if row['agree'] else '   OUTPUTS DIFFER'}"


def memory_mean(rows, name):
    """The geometric mean of peak memory against QEMU's."""
    pairs = [(row["memory"].get(name), row["memory"].get("qemu")) for row in rows if "memory" in row]
    return geometric_mean([ours / theirs for ours, theirs in pairs if ours and theirs])


def efficiencies(rows):
    """For each row of several threads: name, and by runner the time of one thread over that of several (1: they do not hinder each other)."""
    by_name = {(row["group"], row["name"]): row.get("seconds", {}) for row in rows}
    result = []
    for row in rows:
        base = by_name.get((row["group"], row.get("base")))
        if base:
            result.append((row["name"], {name: base[name] / seconds for name, seconds in row.get("seconds", {}).items() if seconds and base.get(name)}))
    return result


def summary(rows):
    """The lines below the table."""
    names = runners(rows)
    by_runner = {name: means(rows, name) for name in names}
    lines = []
    for group in groups(rows):
        count = max((by_runner[name][group][1] for name in names), default=0)
        if count:
            title = f"geometric mean of {count}"
            memory = ", ".join(f"{name} {number(memory_mean([row for row in rows if row['group'] == group], name), 0)}" for name in names if name != "qemu")
            lines.append(f"{group:9} {title:24} {'':11} " + "".join(" " + number(by_runner[name][group][0]) for name in names) +
                         f"   memory against QEMU: {memory}")
    for row, values in efficiencies(rows):
        native = values.get(NATIVE)
        if native:
            lines.append(f"{'threads':9} {row:24} efficiency, native {native:.2f}; against it " +
                         ", ".join(f"{name} {values[name] / native:.2f}" for name in names if name in values))
    return lines


def failed(rows):
    return any(not row.get("agree", True) for row in rows)


def save(rows, path):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(rows, file, indent=1)
        file.write("\n")


def load(path):
    """Rows that save() wrote; ValueError if the file holds something else."""
    with open(path, encoding="utf-8") as file:
        rows = json.load(file)
    if not (isinstance(rows, list) and all(isinstance(row, dict) and {"group", "name"} <= row.keys() for row in rows)):
        raise ValueError("no figures of this program")
    return rows
