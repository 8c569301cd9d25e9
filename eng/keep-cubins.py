#!/usr/bin/env python3
"""keep-cubins.py LIBRARY ARCH [-o REDUCED]: counts the GPU code in an ELF library's .nv_fatbin section by kind and
architecture, and with -o writes a copy in which what ARCH (such as 90) does not need is zero, so that it compresses well.
The copy is as long as the original and nothing moves; headers stay, so that the CUDA runtime chooses as before.

In CUDA's fat binaries (undocumented; as cuobjdump lists them) a container begins with magic 0xBA55ED50, uint16 version, uint16
length of this header, uint64 length of what follows: entries, each uint16 kind (1: PTX, 2: machine code), uint16 version,
uint32 length of its header, uint64 length of its payload, ..., at offset 28 uint32 architecture. A GPU runs machine code of
its own architecture, or of a lower one of the same major number, or compiles PTX of any lower one. So a container keeps all
it has where it has no machine code of ARCH itself."""
import argparse
import collections
import struct
import sys

MAGIC = 0xBA55ED50
KINDS = {1: "PTX", 2: "machine code"}


def fail(message):
    sys.exit(f"keep-cubins.py: {message}")


def section(data, name):
    """Offset and length of a section of a 64-bit little-endian ELF file."""
    if data[:6] != b"\x7fELF\x02\x01":
        fail("the file is no 64-bit little-endian ELF library")
    table, = struct.unpack_from("<Q", data, 40)
    size, count, names = struct.unpack_from("<HHH", data, 58)
    headers = [struct.unpack_from("<IIQQQQ", data, table + i * size) for i in range(count)]
    for header in headers:
        start = headers[names][4] + header[0]
        if bytes(data[start:data.index(b"\0", start)]) == name:
            return header[4], header[5]
    fail(f"the library has no section {name.decode()}: it holds no GPU code")


def containers(data):
    """Lists of (kind, architecture, offset and length of the payload), a list for each fat binary."""
    at, length = section(data, b".nv_fatbin")
    end = at + length
    while at < end:
        if data[at:at + 8] == bytes(8):      # containers are aligned
            at += 8
            continue
        magic, _, head, body = struct.unpack_from("<IHHQ", data, at)
        if magic != MAGIC:
            fail(f"found {magic:#x} at offset {at}, expected the magic {MAGIC:#x} of a fat binary: this layout is not known")
        entry, stop, found = at + head, at + head + body, []
        while entry < stop:
            kind, _, header, payload = struct.unpack_from("<HHIQ", data, entry)
            arch, = struct.unpack_from("<I", data, entry + 28)
            if kind not in KINDS or entry + header + payload > stop:
                fail(f"found an entry of kind {kind}, {header} + {payload} bytes, at offset {entry}: this layout is not known")
            found.append((kind, arch, entry + header, payload))
            entry += header + payload
        yield found
        at = stop


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("library")
    p.add_argument("arch", type=int)
    p.add_argument("-o", dest="output")
    args = p.parse_args()
    with open(args.library, "rb") as file:
        data = bytearray(file.read())
    counts, total, whole = collections.Counter(), 0, 0
    for entries in containers(data):
        total += 1
        has = any(kind == 2 and arch == args.arch for kind, arch, _, _ in entries)
        whole += not has
        for kind, arch, at, length in entries:
            kept = not has or (kind == 2 and arch == args.arch)
            counts[kind, arch, "kept"] += length if kept else 0
            counts[kind, arch, "all"] += length
            counts[kind, arch, "entries"] += 1
            if not kept:
                data[at:at + length] = bytes(length)
    for kind, arch in sorted({key[:2] for key in counts}):
        print(f"sm_{arch:<4} {KINDS[kind]:13} {counts[kind, arch, 'entries']:5} entries {counts[kind, arch, 'all']:11} bytes, "
              f"kept {counts[kind, arch, 'kept']:11}")
    print(f"{total} fat binaries, {whole} of them without machine code for sm_{args.arch} and kept whole")
    if whole == total:
        fail(f"none has machine code for sm_{args.arch}")
    if args.output:
        with open(args.output, "wb") as file:
            file.write(data)


if __name__ == "__main__":
    main()
