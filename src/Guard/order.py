#!/usr/bin/env python3
"""Puts the methods that the guard runs to the front of the code in the compiler's object file (x64).

usage: order.py OBJECT HOT        HOT: names of methods without what stands in angle brackets, one a line; `name*` for all that begin so

The compiler sorts methods by assembly and type. The system maps sixteen pages around one that is touched, and a seventh of the code, spread over all of it, kept three
quarters of it in memory. A method moves as it is. What refers to it does so by its symbol, and other methods by a distance, which is found with objdump. Done twice it changes nothing.
The result is read again: every distance in it must lead from and to where it led before, or the file stays as it was and the build fails (decision 0020).
"""
import bisect, os, re, struct, subprocess, sys

SECTION = "__managedcode"
SYMBOL, RELOCATION = struct.Struct("<IBBHQQ"), struct.Struct("<QIIq")
NEAR = re.compile(r" *([0-9a-f]+):\t([0-9a-f ]+)\t(?:[a-z]+ +([0-9a-f]+) <|.*# ([0-9a-f]+) <)")


def plain(name):
    """Without the types that a generic method or type is made for."""
    while (short := re.sub(r"<[^<>]*>", "", name)) != name:
        name = short
    return name


def distances(path, relocated):
    """Places of four bytes that say how far it is from behind them to another place in the code, and that place."""
    for line in subprocess.run(["objdump", "-dwj", SECTION, path], check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines():
        if "(bad)" in line:
            sys.exit(f"{path}: {line.strip()} is no instruction: data within code")
        if (match := NEAR.match(line)) and (end := int(match[1], 16) + len(match[2].split())) - 4 not in relocated:
            yield end - 4, int(match[3] or match[4], 16)


def main(path, hot_path):
    with open(hot_path) as file:
        lines = [line for line in file.read().split("\n") if line and line[0] != "#"]
    exact, begins = {line for line in lines if line[-1] != "*"}, tuple(line[:-1] for line in lines if line[-1] == "*")
    with open(path, "rb") as file:
        data = bytearray(file.read())
    header, = struct.unpack_from("<Q", data, 0x28)
    count, names = struct.unpack_from("<HH", data, 0x3C)
    sections = [struct.unpack_from("<IIQQQQIIQQ", data, header + 64 * i) for i in range(count)]  # name type flags address offset size link info align entry
    text = lambda table, at: data[sections[table][4] + at:data.index(b"\0", sections[table][4] + at)].decode()
    code = next(i for i, section in enumerate(sections) if text(names, section[0]) == SECTION)
    offset, size = sections[code][4:6]
    table = next(section for section in sections if section[1] == 2)
    symbols = [(at, *SYMBOL.unpack_from(data, at)) for at in range(table[4], table[4] + table[5], SYMBOL.size)]  # at name info other section value size
    relocations = [(section[7], at, *RELOCATION.unpack_from(data, at)) for section in sections if section[1] == 4 for at in range(section[4], section[4] + section[5], RELOCATION.size)]

    called = {}
    for _, name, info, _, section, value, _ in symbols:
        if section == code and info & 15 != 3:
            called.setdefault(value, []).append(plain(text(table[6], name)))
    starts = sorted(called)
    align = min(start & -start for start in starts if start)
    if starts[0] != 0:
        sys.exit(f"{path}: {SECTION} does not begin with a method")
    ends = [*starts[1:], size]
    place, content, front = {}, bytearray(), 0
    for start, end, hot in sorted(((start, end, any(n in exact or n.startswith(begins) for n in called[start])) for start, end in zip(starts, ends)), key=lambda method: not method[2]):
        content += bytes(-len(content) % align)
        place[start] = len(content)
        content += data[offset + start:offset + end]
        front = len(content) if hot else front
    # The last one's end needs no room behind it where it stands in the middle now.
    if len(content) > size and any(content[size:]) or len(content) < size:
        sys.exit(f"{path}: {SECTION} has another length after it")
    print(f"{SECTION}: {front} of {size} bytes in front")

    def moved(value):
        start = starts[bisect.bisect_right(starts, value) - 1]
        return place[start] + value - start

    relocated = {at for section, _, at, _, _, _ in relocations if section == code}
    near = list(distances(path, relocated))
    for at, target in near:
        if moved(at) - at != moved(target) - target:
            if target not in place:
                sys.exit(f"{path}: what stands at {at:x} in {SECTION} leads into a method")
            struct.pack_into("<i", content, moved(at), moved(target) - moved(at) - 4)
    data[offset:offset + size] = content[:size]
    own = {i for i, symbol in enumerate(symbols) if symbol[4] == code and symbol[2] & 15 == 3}
    for at, name, info, other, section, value, length in symbols:
        if section == code and info & 15 != 3:
            SYMBOL.pack_into(data, at, name, info, other, section, moved(value), length)
    for section, at, where, kind, symbol, addend in relocations:
        if section == code or symbol in own:
            RELOCATION.pack_into(data, at, moved(where) if section == code else where, kind, symbol, moved(addend) if symbol in own else addend)
    with open(path + ".ordered", "wb") as file:
        file.write(data)
    if sorted(distances(path + ".ordered", {moved(at) for at in relocated})) != sorted((moved(at), moved(target)) for at, target in near):
        sys.exit(f"{path}: a distance in {SECTION} leads elsewhere after it")
    os.replace(path + ".ordered", path)


main(*sys.argv[1:])
