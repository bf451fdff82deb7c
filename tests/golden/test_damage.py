# SPDX-License-Identifier: GPL-2.0-or-later
"""Damaged captures: whatever the bytes are, tshark ends well and finds no bug in the dissector.

    test_damage.py [PART/PARTS | few]    of all committed captures; a part of them; one of each kind

Every capture is damaged in every way, and all that comes of it is read as one file, each damage with
addresses of its own. Where that fails, each damage is read alone, to name it."""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

import golden
import pcapng
import wireshark

CAPTURES = os.path.join(wireshark.ROOT, "captures")
FEW = ("bincmd-trouble", "first-chat", "textcmd-trouble", "trouble", "user-schema", "variant",
       "websocket")
HEADERS = 54  # Ethernet, IPv4 and TCP are left alone, so that the damage reaches Plato
HOUR = 3600 * 10 ** 9
# the line of one of the plugin's protocols
MESSAGE = re.compile("^(?:Plato Instant Messaging|Latency Echo|Text Command|Binary Command) Protocol",
                     re.MULTILINE)


# ---- what happens to the packets before editcap ----

def unharmed(packets):
    return packets


def every_other_swapped(packets):
    """With its neighbour; the times stay in order."""
    swapped = list(packets)
    for i in range(0, len(packets) - 1, 2):
        (one, *a), (two, *b) = packets[i], packets[i + 1]
        swapped[i:i + 2] = [(one, *b), (two, *a)]
    return swapped


def every_third_twice(packets):
    return [each for i, packet in enumerate(packets) for each in [packet] * (2 if i % 3 == 0 else 1)]


def every_seventh_lost(packets):
    return [packet for i, packet in enumerate(packets, 1) if i % 7]


def only_the_end(packets):
    """Captured from the middle."""
    return packets[len(packets) // 3:]


def swapped_from_the_middle(packets):
    return only_the_end(every_other_swapped(packets))


# name, what happens to the packets, editcap's options, packets that it takes out
DAMAGES = (
    *((f"bytes changed at rate {rate}", unharmed,
       ("-E", rate, "-o", str(HEADERS), "--seed", str(seed)), ())
      for seed, rate in ((1, "0.01"), (2, "0.03"), (3, "0.1"), (4, "0.3"))),
    *((f"cut to {length} bytes", unharmed, ("-s", str(length)), ())
      for length in (HEADERS + 1, HEADERS + 13, HEADERS + 20, 100)),
    ("packets missing", unharmed, (), ("22", "69", "82", "123")),
    ("every seventh lost", every_seventh_lost, (), ()),
    ("captured from the middle", only_the_end, (), ()),
    ("swapped", every_other_swapped, (), ()),
    ("twice", every_third_twice, (), ()),
    ("swapped, from the middle, and changed", swapped_from_the_middle,
     ("-E", "0.02", "-o", str(HEADERS), "--seed", "5"), ()),
)


def moved(packet, number):
    """The same packet between other addresses, so that it belongs to another connection."""
    at = 12
    while packet[at:at + 2] in (b"\x81\x00", b"\x88\xa8"):
        at += 4
    addresses = {b"\x08\x00": (at + 15, at + 19), b"\x86\xdd": (at + 17, at + 33)}
    out = bytearray(packet)
    for byte in addresses.get(packet[at:at + 2], ()):
        if byte < len(out):
            out[byte] ^= number + 1
    return bytes(out)


def damaged(folder, packets, number):
    """The file with damage `number`."""
    _, rearrange, options, without = DAMAGES[number]
    plain, out = (os.path.join(folder, f"{number}.{kind}") for kind in ("pcap", "pcapng"))
    pcapng.write_pcap(plain, [(ns + number * HOUR, moved(bytes_, number), length)
                              for ns, bytes_, length in rearrange(packets)])
    subprocess.run(["editcap", *options, plain, out, *without], check=True, capture_output=True)
    os.chmod(out, 0o644)
    return out


def decode(capture, options):
    """run() fails on an exit code, a dissector bug or a sanitizer's report."""
    return wireshark.run("-r", capture, *options, "-V") + wireshark.run(
        "-r", capture, *options, "-2", "-q", "-z", "expert", "-z", "plato,tree")


def options_of(folder, capture, key_log):
    options = golden.options_of(capture.rsplit(".", 1)[0])
    if key_log:
        path = os.path.join(folder, "keys.log")
        with open(path, "wb") as file:
            file.write(key_log)
        os.chmod(path, 0o644)
        options += ["-o", f"tls.keylog_file:{path}"]
    return options


def blame(files, options):
    """The damages that fail by themselves, and how to make them."""
    for number, path in enumerate(files):
        try:
            decode(path, options)
        except AssertionError as error:
            name, rearrange, words, without = DAMAGES[number]
            print(f"  {name}: {rearrange.__name__}, editcap {' '.join(words)} {' '.join(without)}\n"
                  f"{error}")


def judge(capture, seen):
    """Whether it is decoded in spite of all damage, with something left to see. `seen`: complaints
    about frames, added to."""
    folder = tempfile.mkdtemp()
    os.chmod(folder, 0o755)
    try:
        packets, key_log = pcapng.read(capture)
        options = options_of(folder, capture, key_log)
        files = [damaged(folder, packets, number) for number in range(len(DAMAGES))]
        merged = os.path.join(folder, "all.pcapng")
        subprocess.run(["mergecap", "-a", "-w", merged, *files], check=True, capture_output=True)
        os.chmod(merged, 0o644)
        try:
            text = decode(merged, options)
        except AssertionError as error:
            print(f"{capture}: {error}")
            blame(files, options)
            return False
        seen |= {m for m in ("Bad CRC", "Length over the limit", "Malformed") if m in text}
        messages = len(MESSAGE.findall(text))
        print(f"{capture}: {messages} messages of {len(packets)} packets in {len(DAMAGES)} ways")
        return messages >= len(DAMAGES)
    finally:
        shutil.rmtree(folder)


def chosen(word):
    paths = sorted(glob.glob(os.path.join(CAPTURES, "*.pcapng")))
    if word == "few":
        return [path for path in paths if os.path.basename(path)[:-7] in FEW]
    part, parts = (int(number) for number in word.split("/"))
    return paths[part - 1::parts]


def main():
    seen = set()
    right = [judge(capture, seen) for capture in chosen((sys.argv[1:] or ["1/1"])[0])]
    if not right or not {"Bad CRC", "Malformed"} <= seen:
        sys.exit(f"of {len(right)} captures, the damage did not reach the frames: {seen}")
    sys.exit(0 if all(right) else 1)


if __name__ == "__main__":
    main()
