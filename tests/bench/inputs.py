"""The inputs of the workloads: made here, each when it is first asked for, the same ones everywhere."""
import math
import os
import random
import shutil
import struct


def pixels(width, height):
    """A picture with slopes, edges and grain, as bytes of red, green and blue."""
    noise, rows = 1, []
    for y in range(height):
        row = bytearray()
        for x in range(width):
            noise = noise * 1103515245 + 12345 & 0x7FFFFFFF
            grain = noise >> 26
            inside = (x // 97 + y // 61) % 3
            row += bytes(((x * 255 // width + grain) & 255, (y * 255 // height + inside * 40 + grain) & 255,
                          int(100 + 80 * math.sin(x / 37 + y / 53)) + grain & 255))
        rows.append(bytes(row))
    return b"".join(rows)


def ppm(width, height, across, down):
    """A picture of `across` by `down` tiles as a PPM file."""
    tile = pixels(width, height)
    rows = b"".join(tile[y * width * 3:(y + 1) * width * 3] * across for y in range(height))
    return b"P6\n%d %d\n255\n" % (width * across, height * down) + rows * down


def sound(seconds, rate=44100):
    """Two channels of 16 bits: a few tones that rise and fall, and noise."""
    noise, samples = 1, []
    for i in range(seconds * rate):
        noise = noise * 1103515245 + 12345 & 0x7FFFFFFF
        t = i / rate
        tone = 6000 * math.sin(2 * math.pi * 440 * t) + 4000 * math.sin(2 * math.pi * 661.3 * t) * math.sin(t)
        samples += (int(tone) + (noise >> 22) - 256, int(tone / 2) + (noise >> 23) - 128)
    return struct.pack(f"<{len(samples)}h", *samples)


def wav(data, rate=44100):
    return b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 2, rate, rate * 4, 4, 16) + b"data" + \
        struct.pack("<I", len(data)) + data


def text(size):
    """Lines of phrases of words, which occur as in a language: few very often, many rarely."""
    source = random.Random(1)
    syllables = [a + b for a in ("", *"bcdfghklmnprstvw", "st", "th") for b in "aeiou"]
    words = ["".join(source.choice(syllables) for _ in range(1 + rank // 300 % 4)) + source.choice(("", "n", "s", "r")) for rank in range(12000)]
    phrases = [" ".join(chosen) for chosen in zip(*[iter(often(source, words, 60000))] * 4)]
    lines = zip(*[iter(often(source, phrases, size // 12))] * 3)
    return "".join(" ".join(line).capitalize() + ".\n" for line in lines).encode()[:size - 1] + b"\n"


def often(source, things, count):
    """`count` of the things, the first ones more often than the last."""
    return source.choices(things, [1 / (rank + 3) for rank in range(len(things))], k=count)


FUNCTION = """
static unsigned table_{i}[{size}];

unsigned function_{i}(unsigned a, unsigned b, const unsigned char *text) {{
  unsigned sum = a {op1} {k1}u, seen = 0;
  for (unsigned i = 0; i < b % {limit}u; ++i) {{
    switch (text[i] % {cases}u) {{
{arms}      default: sum ^= i * {k2}u; break;
    }}
    if (sum % {mask}u == {k3}u) {{
      seen += table_{i}[sum % {size}u];
      table_{i}[i % {size}u] = sum {op2} seen;
    }}
  }}
  struct {{ unsigned low, high; double share; }} pair = {{sum & 0xffff, sum >> 16, (double)seen / (b + 1)}};
  while (pair.high != 0 && pair.low > {k1}u) {{
    pair.low = pair.low % pair.high + {k3}u;
    pair.high = pair.high * {k2}u >> 9;
    pair.share = pair.share * 0.75 + pair.low;
  }}
  return (sum {op1} (unsigned)pair.share) {op2} {call};
}}
"""


def functions(count):
    """A C file of `count` functions with loops, switches, tables and calls."""
    source = random.Random(2)

    def number(limit):
        return 3 + source.randrange(limit)

    def arm(case):
        return f"      case {case}: sum = (sum << {1 + source.randrange(7)}) {source.choice('+-^')} text[i + {number(5)}] * {number(90)}u; break;\n"

    def function(i):
        cases, mask = number(2), number(60)
        return FUNCTION.format(
            i=i, size=16 * number(20), limit=number(4000), cases=cases + 1, arms="".join(map(arm, range(cases))), mask=mask, k1=number(5000),
            k2=number(200), k3=source.randrange(mask), op1=source.choice("+-^"), op2=source.choice("+-|^"),
            call=f"function_{source.randrange(i)}(b, a % 7u, text)" if i > 0 else "b")

    return "".join(map(function, range(count))).encode()


def fresh(path, source):
    """Whether `path` is there and was made from `source` as it is now."""
    return os.path.exists(path) and os.path.getmtime(path) >= os.path.getmtime(source)


def once(path, make):
    """The file at `path`, made by make() unless it is there, from this file as it is now."""
    if not fresh(path, __file__):
        with open(path + ".new", "wb") as file:
            file.write(make())
        os.rename(path + ".new", path)
    return path


class Inputs:
    """Paths by name, for str.format_map: what is asked for is made. `native` runs a program of the amd64 root and returns its output."""
    JAVA = "usr/lib/jvm/java-17-openjdk-amd64/bin/java"

    def __init__(self, folder, scripts, native):
        self.folder, self.scripts, self.native = folder, scripts, native
        self.files = {
            "text": ("text", lambda: text(7_800_000)),
            "functions": ("functions.c", lambda: functions(130)),
            "large_ppm": ("large.ppm", lambda: ppm(1200, 800, 8, 7)),
            "ppm": ("medium.ppm", lambda: ppm(1200, 800, 4, 4)),
            "jpeg": ("large.jpg", lambda: native(["usr/bin/cjpeg", "-quality", "90", self["large_ppm"]])),
            "wav": ("sound.wav", lambda: wav(sound(60) * 2)),
            "long_wav": ("long.wav", lambda: wav(sound(60) * 6)),
        }

    def __contains__(self, name):
        return name in ("scripts", "classes") or name in self.files

    def __getitem__(self, name):
        if name == "scripts":
            return self.scripts
        if name == "classes":
            return self.classes()
        file, make = self.files[name]
        return once(os.path.join(self.folder, file), make)

    def classes(self):
        """The folder with Work.java compiled, by the compiler that Debian's runtime has as a module."""
        folder = os.path.join(self.folder, "classes")
        source = os.path.join(self.scripts, "Work.java")
        if not fresh(os.path.join(folder, "Work.class"), source):
            shutil.rmtree(folder, ignore_errors=True)
            self.native([self.JAVA, "-m", "jdk.compiler/com.sun.tools.javac.Main", "-d", folder, source])
        return folder
