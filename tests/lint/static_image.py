#!/usr/bin/env python3
"""static_image.py FERRY BASE: FERRY is one static executable at BASE without dynamic relocations (docs/adr/0001)."""

import struct
import sys

ET_EXEC, PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_GNU_STACK = 2, 1, 2, 3, 0x6474E551
SHT_RELA, R_X86_64_IRELATIVE = 4, 37


def main():
    path, base = sys.argv[1], int(sys.argv[2], 16)
    with open(path, "rb") as file:
        image = file.read()
    kind, _, _, entry, phoff, shoff, _, _, phentsize, phnum, shentsize, shnum, _ = struct.unpack_from(
        "<HHIQQQIHHHHHH", image, 16)
    segments = [struct.unpack_from("<IIQQQQQQ", image, phoff + i * phentsize) for i in range(phnum)]
    sections = [struct.unpack_from("<IIQQQQIIQQ", image, shoff + i * shentsize) for i in range(shnum)]
    loads = [segment for segment in segments if segment[0] == PT_LOAD]
    relocations = {struct.unpack_from("<Q", image, section[4] + offset + 8)[0] & 0xFFFFFFFF
                   for section in sections if section[1] == SHT_RELA
                   for offset in range(0, section[5], 24)}
    wrong = []
    if kind != ET_EXEC:
        wrong.append(f"ELF type {kind} instead of ET_EXEC")
    if min(segment[3] for segment in loads) != base:
        wrong.append(f"does not start at {base:#x}")
    if any(segment[0] in (PT_DYNAMIC, PT_INTERP) for segment in segments):
        wrong.append("is linked dynamically")
    if relocations - {R_X86_64_IRELATIVE}:
        wrong.append(f"has dynamic relocations of types {sorted(relocations)}")
    if any(segment[1] & 3 == 3 for segment in segments if segment[0] in (PT_LOAD, PT_GNU_STACK)):
        wrong.append("has writable and executable memory")
    if not any(segment[3] <= entry < segment[3] + segment[6] for segment in loads):
        wrong.append("starts outside its image")
    for text in wrong:
        print(f"{path}: {text}")
    sys.exit(1 if wrong else 0)


main()
