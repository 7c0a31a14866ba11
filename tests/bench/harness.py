"""Runs workloads: the commands for each runner, in turn; their figures, and whether their outputs agree."""
import dataclasses
import math
import os
import shutil
import signal
import subprocess
import sys

import inputs
import native_root
from workloads import ALL, FIGURES, GROUPS, Run

HERE = os.path.dirname(os.path.abspath(__file__))
FLAGS = ("-O2", "-ffp-contract=off", "-static", "-pthread")
COMPILERS = {"amd64": "gcc", "arm64": "aarch64-linux-gnu-gcc"}
TRIPLETS = {"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}
WARM = "warm"  # auto, with a code cache that holds what a run before left
ENGINES = ("interp", "baseline", "llvm", "auto", WARM)
# One order of hashes, one collation, no messages in the user's language.
ENVIRONMENT = {"LC_ALL": "C", "PYTHONHASHSEED": "0"}


class Missing(Exception):
    """A row cannot be run here, and why."""


class Harness:
    def __init__(self, build, sysroots, ferry, qemu, engines, times, timeout):
        self.build, self.sysroots, self.ferry, self.engines, self.times, self.timeout = build, sysroots, ferry, engines, times, timeout
        self.qemu = shutil.which(qemu) or qemu
        self.cache = os.path.join(build, "code-cache")
        self.view = os.path.join(build, "native")
        self.inputs = inputs.Inputs(build, os.path.join(HERE, "scripts"), self.native_output)
        self.compiled = {}
        os.makedirs(build, exist_ok=True)
        shutil.rmtree(self.cache, ignore_errors=True)
        self.measure = os.path.join(build, "measure")
        subprocess.run(["gcc", "-O2", "-static", "-o", self.measure, os.path.join(HERE, "measure.c")], check=True)
        self.has_native_root = native_root.try_enter(os.path.join(sysroots, "amd64"), self.view, [HERE, build])

    def run(self, root, command):
        """One run; a program that takes too long is ended and counts as failed."""
        report = os.path.join(self.build, "measured")
        process = subprocess.Popen([self.measure, report, root, *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, env=os.environ | ENVIRONMENT, start_new_session=True)
        try:
            out, err = process.communicate(timeout=self.timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            return Run(math.inf, -1, out, err, 0)
        if process.returncode != 0:
            raise Missing(err.decode(errors="replace").strip())
        with open(report, encoding="ascii") as file:
            wall, rss, status = map(int, file.read().split())
        return Run(wall * 1e-9, status, out, err, rss)

    def native_output(self, command):
        """What a program of the amd64 root writes, for inputs that are made by one."""
        if not self.has_native_root or not os.path.exists(os.path.join(self.sysroots, "amd64", command[0])):
            raise Missing(f"no {command[0]} in the amd64 root to make an input")
        done = self.run(self.view, [f"/{command[0]}", *command[1:]])
        if done.status != 0:
            raise Missing(f"{' '.join(command)}: {done.err.decode(errors='replace').strip()}")
        return done.out

    def compile(self, source):
        """The paths of a program of this folder, by machine."""
        if source not in self.compiled:
            paths = {machine: os.path.join(self.build, f"{source[:-2]}.{machine}") for machine in COMPILERS}
            for machine, compiler in COMPILERS.items():
                subprocess.run([compiler, *FLAGS, "-o", paths[machine], os.path.join(HERE, source), "-lm"], check=True)
            self.compiled[source] = paths
        return self.compiled[source]

    def expand(self, workload):
        """The rows that a workload stands for."""
        if "{each}" not in workload.name:
            return [workload]
        names = subprocess.run([self.compile(workload.program)["amd64"]], stdout=subprocess.PIPE, check=True, text=True).stdout.split()
        return [dataclasses.replace(workload, name=workload.name.replace("{each}", name), base=workload.base.replace("{each}", name),
                                    arguments=tuple(argument.replace("{each}", name) for argument in workload.arguments)) for name in names]

    def commands(self, workload):
        """Root folder and command by runner."""
        arguments = [argument.format_map(self.inputs) for argument in workload.arguments]
        if workload.own:
            paths = self.compile(workload.program)
            native, guest, in_root = ("/", [paths["amd64"]]), [paths["arm64"]], []
        else:
            paths = {machine: workload.program.format(arch=machine, triplet=triplet) for machine, triplet in TRIPLETS.items()}
            for machine, path in paths.items():
                if not os.path.exists(os.path.join(self.sysroots, machine, path)):
                    raise Missing(f"no {path} in {os.path.join(self.sysroots, machine)}: ./dev bench installs it")
            if not self.has_native_root:
                raise Missing("no native runs of Debian's programs here")
            root = os.path.join(self.sysroots, "arm64")
            native, guest, in_root = (self.view, ["/" + paths["amd64"]]), [os.path.join(root, paths["arm64"])], ["-L", root]
        commands = {"native": (native[0], [*native[1], *arguments]), "qemu": ("/", [self.qemu, *in_root, *guest, *arguments])}
        for engine in self.engines:
            options = [f"--cache-dir={self.cache}"] if engine == WARM else ["--no-cache", f"--engine={engine}"]
            commands[engine] = ("/", [self.ferry, *options, *in_root, *guest, *arguments])
        return commands

    def row(self, workload):
        """A workload (expanded) measured: a row as reports have it."""
        row = {"group": workload.group, "name": workload.name, "base": workload.base}
        try:
            commands = self.commands(workload)
            runs = self.interleaved(commands, self.times * GROUPS[workload.group].rounds)
        except Missing as missing:
            return {**row, "missing": str(missing)}
        for name, results in runs.items():
            say_failure(workload, name, results)
        return {**row, "agree": agree(workload, runs), "seconds": {name: figure(workload, results) for name, results in runs.items()},
                "memory": {name: max(run.rss for run in results) for name, results in runs.items()}}

    def interleaved(self, commands, rounds):
        """The runners in turn, `rounds` times, one that failed no more; lists of runs by name."""
        if WARM in commands:
            self.run(*commands[WARM])
        runs = {name: [] for name in commands}
        for _ in range(rounds):
            for name, command in commands.items():
                if all(run.status == 0 for run in runs[name]):
                    runs[name].append(self.run(*command))
        return runs


def say_failure(workload, name, results):
    failed = next((run for run in results if run.status != 0), None)
    if failed:
        last = failed.err.decode(errors="replace").strip().splitlines()[-1:]
        print(f"{workload.name}, {name}: wait status {failed.status}{''.join(': ' + line for line in last)}", file=sys.stderr)


def figure(workload, results):
    """Seconds, or None if a run failed or did not print its figure."""
    try:
        seconds = [workload.figure(run) for run in results if run.status == 0]
    except (IndexError, StopIteration, ValueError, ZeroDivisionError):
        return None
    return GROUPS[workload.group].best(seconds) if len(seconds) == len(results) else None


def agree(workload, runs):
    """Whether the runs came to the same, as far as the workload says they must."""
    if any(run.status != 0 for results in runs.values() for run in results):
        return False
    if workload.equal == FIGURES:
        return all(figure(workload, results) is not None for results in runs.values())
    return len({run.out for name, results in runs.items() if workload.equal == ALL or name != "native" for run in results}) == 1
