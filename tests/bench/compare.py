"""Two runs against each other: what became slower, faster, or fails now, as ratios to the native run of each."""
from report import NATIVE, ratio, runners


def by_name(rows):
    return {(row["group"], row["name"]): row for row in rows}


def works(row, name):
    return row.get("agree", False) and ratio(row, name) is not None


def compare(old_rows, new_rows, tolerance):
    """Lines that say what changed, and whether there is a regression: a row that got slower by more than `tolerance` (a fraction), or
    that does not work any more. Rows of one run only say nothing, nor do other runners than both runs have; QEMU is not ours."""
    old = by_name(old_rows)
    lines, regressed = [], False
    common = [name for name in runners(old_rows) if name in runners(new_rows) and name not in (NATIVE, "qemu")]
    for key, row in by_name(new_rows).items():
        for name in common:
            before = old.get(key, {})
            if not works(before, name):
                continue
            what = f"{key[0]:9} {key[1]:24} {name:9}"
            if "missing" in row:
                lines.append(f"left out  {what} {row['missing']}")
                break
            if not works(row, name):
                lines.append(f"FAILS     {what} worked before")
                regressed = True
                continue
            change = ratio(row, name) / ratio(before, name)
            if change > 1 + tolerance or change < 1 / (1 + tolerance):
                regressed |= change > 1
                lines.append(f"{'SLOWER' if change > 1 else 'faster':9} {what} {ratio(before, name):.2f} -> {ratio(row, name):.2f} ({change - 1:+.0%})")
    return lines, regressed
