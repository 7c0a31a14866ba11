"""Real programs in their steady state, with inputs made here: the group `programs` of tests/bench/run."""
import math
import os
import struct
import subprocess


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


def once(path, make):
    """The file at `path`, made by make() unless it is there."""
    if not os.path.exists(path):
        with open(path + ".new", "wb") as file:
            file.write(make())
        os.rename(path + ".new", path)
    return path


def inputs(folder, native):
    """Paths of the inputs by name. `native` gives the command that runs a program of the amd64 root."""
    picture = once(os.path.join(folder, "large.ppm"), lambda: ppm(1200, 800, 8, 7))
    return {
        "large ppm": picture,
        "ppm": once(os.path.join(folder, "medium.ppm"), lambda: ppm(1200, 800, 4, 4)),
        "jpeg": once(os.path.join(folder, "large.jpg"),
                     lambda: subprocess.run([*native("usr/bin/cjpeg"), "-quality", "90", picture], stdout=subprocess.PIPE, check=True).stdout),
        "wav": once(os.path.join(folder, "sound.wav"), lambda: wav(sound(60) * 2)),
        "long wav": once(os.path.join(folder, "long.wav"), lambda: wav(sound(60) * 6)),
    }


def rows(paths, here):
    """Name, program in the root, arguments."""
    return (
        ("cjpeg", "usr/bin/cjpeg", ["-quality", "90", paths["large ppm"]]),
        ("djpeg", "usr/bin/djpeg", [paths["jpeg"]]),
        ("cwebp", "usr/bin/cwebp", ["-quiet", "-m", "4", paths["ppm"], "-o", "-"]),
        ("flac", "usr/bin/flac", ["-s", "-c", paths["long wav"]]),
        ("flac -8", "usr/bin/flac", ["-s", "-c", "-8", paths["wav"]]),
        ("lua n-body", "usr/bin/lua5.4", [os.path.join(here, "nbody.lua"), "400000"]),
    )


CIPHERS = ("aes-128-gcm", "chacha20-poly1305", "sha256")
BLOCK = 16384


def openssl_arguments(cipher):
    return ["speed", "-elapsed", "-seconds", "2", "-bytes", str(BLOCK), "-mr", "-evp", cipher]


def seconds_per_block(output):
    """From `openssl speed -mr`: the line +F:number:name:bytes per second."""
    for line in output.decode().splitlines():
        if line.startswith("+F:"):
            return BLOCK / float(line.split(":")[3])
    return math.inf
