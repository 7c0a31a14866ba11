#!/usr/bin/env -S python3 -B
"""Tests of ./dev bench that take no times: the list of workloads, the inputs, and what is derived from given figures."""
import os
import re
import string
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ET

import chart
import compare
import harness
import inputs
import report
import workloads
from workloads import GROUPS, WORKLOADS, Run

HERE = os.path.dirname(os.path.abspath(__file__))
MiB = 1024


def row(group, name, native, **seconds):
    """A row as the harness makes it."""
    return {"group": group, "name": name, "base": "", "agree": True, "seconds": {"native": native, **seconds},
            "memory": {runner: 10 * MiB for runner in ("native", *seconds)}}


def fields(text):
    return [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]


class Workloads(unittest.TestCase):
    def test_rows_are_named_once_and_in_known_groups(self):
        names = [(workload.group, workload.name) for workload in WORKLOADS]
        self.assertEqual(len(names), len(set(names)))
        self.assertEqual({group for group, _ in names}, set(GROUPS))

    def test_arguments_name_inputs_that_exist(self):
        known = inputs.Inputs("", "", None)
        for workload in WORKLOADS:
            for name in (name for argument in workload.arguments for name in fields(argument)):
                self.assertTrue(name == "each" or name in known, f"{workload.name}: {{{name}}}")

    def test_programs_are_sources_here_or_paths_in_the_roots(self):
        for workload in WORKLOADS:
            if workload.own:
                self.assertTrue(os.path.exists(os.path.join(HERE, workload.program)), workload.program)
            else:
                self.assertRegex(workload.program, "^usr/")
                self.assertLessEqual(set(fields(workload.program)), {"arch", "triplet"})

    def test_scripts_exist_and_each_is_used(self):
        used = {name for workload in WORKLOADS for argument in workload.arguments for name in re.findall(r"\{scripts\}/(\S+)", argument)}
        self.assertEqual(used | {"Work.java"}, set(os.listdir(os.path.join(HERE, "scripts"))))

    def test_only_own_programs_stand_for_many_rows(self):
        for workload in WORKLOADS:
            if "{each}" in workload.name:
                self.assertTrue(workload.own and "{each}" in workload.arguments)

    def test_bases_are_rows_of_the_same_group(self):
        for workload in WORKLOADS:
            if workload.base:
                self.assertIn((workload.group, workload.base), [(other.group, other.name) for other in WORKLOADS])


class Figures(unittest.TestCase):
    def run_of(self, out="", err=""):
        return Run(2.5, 0, out.encode(), err.encode(), 0)

    def test_wall(self):
        self.assertEqual(workloads.wall(self.run_of()), 2.5)

    def test_last_word_of_the_standard_error(self):
        self.assertAlmostEqual(workloads.reported_ns(self.run_of(err="a warning\n25.5\n")), 25.5e-9)

    def test_openssl(self):
        self.assertAlmostEqual(workloads.openssl_block(self.run_of("+R:1:x\n+F:22:AES-128-GCM:1638400.00\n")), 0.01)
        self.assertAlmostEqual(workloads.openssl_signature(self.run_of("+R2:1:2048:1.00\n+F2:2:2048:1600.000000:28969.000000\n")), 1 / 1600)

    def test_seven_zip(self):
        out = "Avr:   4048    63   5702   3607  |  38132    78   3968   3084\nTot:              70   4835   2000\n"
        self.assertAlmostEqual(workloads.seven_zip_instruction(self.run_of(out)), 0.5e-9)


class Inputs(unittest.TestCase):
    def test_text_has_the_size_and_is_the_same_each_time(self):
        text = inputs.text(20000)
        self.assertEqual(len(text), 20000)
        self.assertEqual(text, inputs.text(20000))
        self.assertGreater(text.count(b"\n"), 100)

    def test_functions_compile(self):
        with tempfile.TemporaryDirectory() as folder:
            source = os.path.join(folder, "functions.c")
            with open(source, "wb") as file:
                file.write(inputs.functions(20))
            subprocess.run(["gcc", "-Wall", "-Werror", "-Wno-parentheses", "-fsyntax-only", source], check=True)

    def test_each_is_made_once(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "file")
            self.assertEqual(inputs.once(path, lambda: b"first"), path)
            inputs.once(path, lambda: self.fail("made again"))
            with open(path, "rb") as file:
                self.assertEqual(file.read(), b"first")
            os.utime(path, (0, 0))
            inputs.once(path, lambda: b"from a newer recipe")
            with open(path, "rb") as file:
                self.assertEqual(file.read(), b"from a newer recipe")


class Outcome(unittest.TestCase):
    """What the runs of a row come to."""
    WALL = workloads.Workload("kernels", "x", "kernels.c")

    def runs(self, native=b"out", guest=b"out", status=0):
        return {"native": [Run(1.0, 0, native, b"", 0)], "auto": [Run(3.0, status, guest, b"", 0), Run(2.0, status, guest, b"", 0)]}

    def test_the_groups_choice_of_the_runs(self):
        self.assertEqual(harness.figure(self.WALL, self.runs()["auto"]), 2.0)
        short = workloads.Workload("startup", "x", "hello.c")
        self.assertEqual(harness.figure(short, self.runs()["auto"]), 2.5)

    def test_no_figure_of_a_failed_run_or_of_one_that_does_not_print_it(self):
        self.assertIsNone(harness.figure(self.WALL, self.runs(status=11)["auto"]))
        printing = workloads.Workload("kernels", "x", "kernels.c", figure=workloads.reported_ns)
        self.assertIsNone(harness.figure(printing, self.runs()["auto"]))

    def test_outputs_agree(self):
        guests = workloads.Workload("programs", "x", "usr/bin/x", equal=workloads.GUESTS)
        self.assertTrue(harness.agree(self.WALL, self.runs()))
        self.assertFalse(harness.agree(self.WALL, self.runs(native=b"other")))
        self.assertTrue(harness.agree(guests, self.runs(native=b"other")))
        self.assertFalse(harness.agree(guests, {**self.runs(), "qemu": [Run(1.0, 0, b"other", b"", 0)]}))
        self.assertFalse(harness.agree(guests, self.runs(status=256)))

    def test_figures_in_place_of_outputs(self):
        printing = workloads.Workload("programs", "x", "usr/bin/x", figure=workloads.openssl_block, equal=workloads.FIGURES)
        self.assertTrue(harness.agree(printing, self.runs(native=b"+F:1:x:200\n", guest=b"+F:1:x:100\n")))
        self.assertFalse(harness.agree(printing, self.runs(native=b"+F:1:x:200\n", guest=b"")))


class NativeRoot(unittest.TestCase):
    def test_the_root_is_laid_over_this_machine(self):
        with tempfile.TemporaryDirectory() as folder:
            root, view = os.path.join(folder, "root"), os.path.join(folder, "view")
            os.makedirs(os.path.join(root, "etc"))
            with open(os.path.join(root, "etc", "only-here"), "w", encoding="ascii") as file:
                file.write("in the root")
            look = (f"import native_root, os; print(native_root.try_enter({root!r}, {view!r}, ['/etc/alternatives']), "
                    f"sorted(os.listdir({view + '/etc'!r})), os.path.exists({view + '/etc/alternatives/awk'!r}), os.listdir({view + '/proc/self/ns'!r}) != [])")
            done = subprocess.run([sys.executable, "-B", "-c", look], capture_output=True, text=True, cwd=HERE)
            if "mount namespaces are needed" in done.stderr:
                self.skipTest(done.stderr.strip())
            self.assertEqual(done.stdout.strip(), "True ['alternatives', 'only-here'] True True", done.stderr)
            self.assertEqual(os.listdir(view), [])  # out here nothing is mounted


class Report(unittest.TestCase):
    ROWS = [row("kernels", "a", 0.1, qemu=0.8, auto=0.1), row("kernels", "b", 0.1, qemu=0.2, auto=0.4),
            {"group": "programs", "name": "c", "base": "", "missing": "no usr/bin/c"}]

    def test_geometric_means_by_group(self):
        means = report.means(self.ROWS, "qemu")
        self.assertAlmostEqual(means["kernels"][0], 4)
        self.assertEqual(means["kernels"][1], 2)
        self.assertEqual(means["programs"], (None, 0))

    def test_a_failed_run_is_not_part_of_the_mean(self):
        rows = [self.ROWS[0], row("kernels", "b", 0.1, qemu=None, auto=0.4)]
        self.assertAlmostEqual(report.means(rows, "qemu")["kernels"][0], 8)

    def test_lines(self):
        names = report.runners(self.ROWS)
        self.assertEqual(names, ["qemu", "auto"])
        self.assertRegex(report.line(self.ROWS[0], names), r"^kernels +a +100 ms +8\.00 +1\.00 +10\.0 10\.0 10\.0$")
        self.assertIn("left out: no usr/bin/c", report.line(self.ROWS[2], names))
        self.assertIn("OUTPUTS DIFFER", report.line({**self.ROWS[0], "agree": False}, names))
        self.assertRegex(report.line(row("kernels", "b", 0.1, qemu=None, auto=0.4), names), r"100 ms +- +4\.00")

    def test_durations(self):
        for seconds, text in ((2.5, "2.50 s"), (0.1, "100 ms"), (25e-6, "25.0 us"), (3e-9, "3.00 ns"), (3e-10, "0.30 ns")):
            self.assertEqual(report.duration(seconds).strip(), text)

    def test_efficiency_of_threads(self):
        rows = [row("threads", "x, 1 thread", 1.0, auto=2.0), {**row("threads", "x, 2 threads", 1.25, auto=4.0), "base": "x, 1 thread"}]
        (name, values), = report.efficiencies(rows)
        self.assertEqual((name, values), ("x, 2 threads", {"native": 0.8, "auto": 0.5}))
        self.assertTrue(any("native 0.80" in line and "auto 0.62" in line for line in report.summary(rows)))

    def test_memory_against_qemu(self):
        rows = [{**row, "memory": {"native": 1, "qemu": 10, "auto": auto}} for row, auto in zip(self.ROWS, (40, 10))] + [self.ROWS[2]]
        self.assertAlmostEqual(report.memory_mean(rows, "auto"), 2)
        self.assertTrue(any("memory against QEMU: auto 2.00" in line for line in report.summary(rows)))

    def test_failed(self):
        self.assertFalse(report.failed(self.ROWS))
        self.assertTrue(report.failed([*self.ROWS, {**self.ROWS[0], "agree": False}]))


class Compare(unittest.TestCase):
    OLD = [row("kernels", "a", 0.1, qemu=0.8, auto=0.2)]

    def compare(self, new, tolerance=0.1):
        return compare.compare(self.OLD, [new], tolerance)

    def test_within_the_tolerance(self):
        self.assertEqual(self.compare(row("kernels", "a", 0.1, qemu=0.8, auto=0.215)), ([], False))

    def test_ratios_count_and_not_times(self):
        self.assertEqual(self.compare(row("kernels", "a", 1.0, qemu=8.0, auto=2.0)), ([], False))

    def test_slower_is_a_regression(self):
        lines, regressed = self.compare(row("kernels", "a", 0.1, qemu=0.8, auto=0.3))
        self.assertTrue(regressed)
        self.assertRegex(lines[0], r"^SLOWER .*a +auto +2\.00 -> 3\.00 \(\+50%\)$")

    def test_faster_is_said(self):
        lines, regressed = self.compare(row("kernels", "a", 0.1, qemu=0.8, auto=0.1))
        self.assertFalse(regressed)
        self.assertRegex(lines[0], "^faster ")

    def test_qemu_and_new_rows_and_new_engines_are_not_compared(self):
        self.assertEqual(self.compare(row("kernels", "a", 0.1, qemu=8.0, auto=0.2)), ([], False))
        self.assertEqual(self.compare(row("kernels", "b", 0.1, qemu=0.8, auto=9.0)), ([], False))
        self.assertEqual(self.compare(row("kernels", "a", 0.1, qemu=0.8, llvm=9.0)), ([], False))

    def test_what_fails_now_is_a_regression(self):
        for new in (row("kernels", "a", 0.1, qemu=0.8, auto=None), {**row("kernels", "a", 0.1, qemu=0.8, auto=0.2), "agree": False}):
            lines, regressed = self.compare(new)
            self.assertTrue(regressed)
            self.assertRegex(lines[0], "^FAILS ")

    def test_a_row_left_out_is_said(self):
        other = row("kernels", "b", 0.1, qemu=0.8, auto=0.2)
        lines, regressed = compare.compare(self.OLD, [{"group": "kernels", "name": "a", "missing": "no root"}, other], 0.1)
        self.assertFalse(regressed)
        self.assertRegex(lines[0], "^left out .*no root")


class Chart(unittest.TestCase):
    def test_a_bar_for_each_figure_and_names_are_escaped(self):
        rows = [row("kernels", "a < b & c", 0.1, qemu=0.8, auto=0.05), row("kernels", "d", 0.1, qemu=None, auto=0.1)]
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "chart.svg")
            chart.save(rows, path)
            svg = ET.parse(path).getroot()
        space = "{http://www.w3.org/2000/svg}"
        self.assertEqual(svg.tag, space + "svg")
        self.assertIn("a < b & c", [text.text for text in svg.iter(space + "text")])
        bars = [bar for bar in svg.iter(space + "rect") if bar.find(space + "title") is not None]
        self.assertEqual(len(bars), 3 + 2)  # and the means
        self.assertTrue(all(float(bar.get("width")) > 0 for bar in bars))

    def test_positions_are_logarithmic_and_inside(self):
        scale = chart.Scale([0.5, 100])
        self.assertAlmostEqual(scale.x(4) - scale.x(2), scale.x(2) - scale.x(1))
        self.assertTrue(chart.LABEL < scale.x(0.5) < scale.x(100) < chart.LABEL + chart.PLOT)
        self.assertIn(1, scale.ticks())


class Command(unittest.TestCase):
    """The command on saved figures."""

    def bench(self, *arguments):
        return subprocess.run([sys.executable, "-B", os.path.join(HERE, "run"), *arguments], capture_output=True, text=True)

    def setUp(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.paths = {}
        for name, seconds in (("old", 0.2), ("new", 0.3)):
            self.paths[name] = os.path.join(folder, f"{name}.json")
            report.save([row("kernels", "a", 0.1, qemu=0.8, auto=seconds)], self.paths[name])
        self.folder = folder

    def test_status_tells_a_regression(self):
        done = self.bench("--load", self.paths["new"], "--compare", self.paths["old"])
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("SLOWER", done.stdout)
        self.assertEqual(self.bench("--load", self.paths["new"], "--compare", self.paths["old"], "--tolerance", "60").returncode, 0)
        self.assertEqual(self.bench("--load", self.paths["old"], "--compare", self.paths["new"]).returncode, 0)

    def test_json_and_svg(self):
        copy, drawing = os.path.join(self.folder, "copy.json"), os.path.join(self.folder, "chart.svg")
        done = self.bench("--load", self.paths["new"], "--json", copy, "--svg", drawing)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(report.load(copy), report.load(self.paths["new"]))
        self.assertTrue(os.path.getsize(drawing))

    def test_bad_arguments(self):
        program = os.path.join(HERE, "run")
        for arguments in (["nosuchgroup"], ["--engines=fast"], ["--times=0"], ["--rows=("], ["--ferry=/nonexistent"],
                          ["--compare", "/nonexistent"], ["--load", program]):
            done = self.bench(*arguments)
            self.assertEqual(done.returncode, 2)
            self.assertIn("error:", done.stderr.splitlines()[-1])


if __name__ == "__main__":
    unittest.main()
