"""THE list of what ./dev bench runs: everything else (commands, tables, charts) is derived from it."""
import statistics
from dataclasses import dataclass
from typing import Callable


@dataclass(frozen=True)
class Run:
    """What one run of a program came to: seconds, bytes, wait status, and peak resident memory in KiB."""
    wall: float
    status: int
    out: bytes
    err: bytes
    rss: int


def wall(run):
    return run.wall


def reported_ns(run):
    """The last word that the program wrote to its standard error: the nanoseconds that it measured itself."""
    return float(run.err.split()[-1]) * 1e-9


BLOCK = 16384


def openssl_block(run):
    """From `openssl speed -mr -evp`, +F:number:name:bytes per second: the seconds per block."""
    return BLOCK / float(openssl_figures(run)[3])


def openssl_signature(run):
    """From `openssl speed -mr rsa2048`, +F2:number:bits:signatures per second:verifications per second."""
    return 1 / float(openssl_figures(run)[3])


def openssl_figures(run):
    return next(line for line in run.out.decode().splitlines() if line.startswith("+F")).split(":")


def seven_zip_instruction(run):
    """From `7zz b`, "Tot: usage rating/usage rating" in million instructions per second: the seconds per instruction."""
    return 1e-6 / float(next(line for line in run.out.decode().splitlines() if line.startswith("Tot:")).split()[-1])


@dataclass(frozen=True)
class Group:
    """How the runs of a row become its figure."""
    about: str
    best: Callable = min
    rounds: int = 1  # for each of --times


GROUPS = {
    "kernels": Group("loops of kernels.c"),
    "startup": Group("whole short processes", statistics.median, 4),
    "programs": Group("Debian's programs in their steady state"),
    "jit": Group("programs that generate code themselves"),
    "threads": Group("threads.c: the same work for each thread"),
    "syscalls": Group("syscalls.c: time per call"),
}

# Whose outputs must be equal. The native program may round otherwise (no fused multiply-add) or make other code.
ALL = "all"
GUESTS = "guests"
FIGURES = "figures"  # no outputs to compare: the program prints its speed


@dataclass(frozen=True)
class Workload:
    """A row. `program` is a C file of this folder, built statically for both machines, or a path in the Debian roots; {arch} and {triplet}
    in it are the machine's. In the arguments {scripts} is the folder of that name and any other {word} an input (inputs.py). A row
    with {each} stands for one row for each of the names that the program prints when it has no arguments."""
    group: str
    name: str
    program: str
    arguments: tuple = ()
    figure: Callable = wall
    equal: str = ALL
    base: str = ""  # the row of this work with one thread: the table has the efficiency against it

    @property
    def own(self):
        return self.program.endswith(".c")


JAVA = "usr/lib/jvm/java-17-openjdk-{arch}/bin/java"
OPENSSL = ("speed", "-elapsed", "-seconds", "2", "-mr")


def cipher(name):
    return Workload("programs", f"openssl {name}", "usr/bin/openssl", (*OPENSSL, "-bytes", str(BLOCK), "-evp", name), openssl_block, FIGURES)


WORKLOADS = (
    Workload("kernels", "{each}", "kernels.c", ("{each}",), reported_ns),

    Workload("startup", "static hello", "hello.c"),
    Workload("startup", "/bin/true", "usr/bin/true"),
    Workload("startup", "bash -c :", "usr/bin/bash", ("-c", ":")),
    Workload("startup", "python3 -S -c pass", "usr/bin/python3.11", ("-S", "-c", "pass")),
    Workload("startup", "perl -e 1", "usr/bin/perl", ("-e", "1")),
    Workload("startup", "git --version", "usr/bin/git", ("--version",)),
    Workload("startup", "gcc --version", "usr/bin/gcc-12", ("--version",), equal=GUESTS),  # it says its own name
    Workload("startup", "java -version", JAVA, ("-version",)),
    Workload("startup", "node -e 0", "usr/bin/node", ("-e", "0")),

    Workload("programs", "gzip -9", "usr/bin/gzip", ("-9", "-n", "-c", "{text}")),
    Workload("programs", "bzip2", "usr/bin/bzip2", ("-c", "{text}")),
    Workload("programs", "zstd -9", "usr/bin/zstd", ("-9", "-q", "-T1", "-c", "{text}")),
    Workload("programs", "7zz b (LZMA)", "usr/bin/7zz", ("b", "1", "-mmt1", "-md20", "-mtime=1"), seven_zip_instruction, FIGURES),
    Workload("programs", "sqlite3, 150k rows", "usr/bin/sqlite3", (":memory:", ".read {scripts}/rows.sql")),
    Workload("programs", "gawk word count", "usr/bin/gawk", ("-f", "{scripts}/words.awk", "{text}")),
    Workload("programs", "perl word count", "usr/bin/perl", ("{scripts}/words.pl", "{text}")),
    Workload("programs", "python3", "usr/bin/python3.11", ("-B", "-S", "{scripts}/work.py")),
    Workload("programs", "lua fib", "usr/bin/lua5.4", ("{scripts}/fib.lua", "31")),
    Workload("programs", "lua n-body", "usr/bin/lua5.4", ("{scripts}/nbody.lua", "200000"), equal=GUESTS),
    Workload("programs", "cc1 -O2, 130 functions", "usr/lib/gcc/{triplet}/12/cc1", ("-quiet", "-O2", "{functions}", "-o", "-"), equal=GUESTS),
    Workload("programs", "cjpeg", "usr/bin/cjpeg", ("-quality", "90", "{large_ppm}"), equal=GUESTS),
    Workload("programs", "djpeg", "usr/bin/djpeg", ("{jpeg}",), equal=GUESTS),
    Workload("programs", "cwebp", "usr/bin/cwebp", ("-quiet", "-m", "4", "{ppm}", "-o", "-"), equal=GUESTS),
    Workload("programs", "flac", "usr/bin/flac", ("-s", "-c", "{long_wav}"), equal=GUESTS),
    Workload("programs", "flac -8", "usr/bin/flac", ("-s", "-c", "-8", "{wav}"), equal=GUESTS),
    cipher("aes-128-gcm"),
    cipher("chacha20-poly1305"),
    cipher("sha256"),
    Workload("programs", "openssl rsa2048", "usr/bin/openssl", (*OPENSSL, "rsa2048"), openssl_signature, FIGURES),

    Workload("jit", "java", JAVA, ("-cp", "{classes}", "Work")),
    Workload("jit", "node", "usr/bin/node", ("{scripts}/work.js",)),
    Workload("jit", "luajit", "usr/bin/luajit", ("{scripts}/jit.lua",)),

    Workload("threads", "{each}, 1 thread", "threads.c", ("{each}", "1"), reported_ns),
    Workload("threads", "{each}, 2 threads", "threads.c", ("{each}", "2"), reported_ns, base="{each}, 1 thread"),

    Workload("syscalls", "{each}", "syscalls.c", ("{each}",), reported_ns),
)
