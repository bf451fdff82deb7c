# SPDX-License-Identifier: GPL-2.0-or-later
"""mosquitto, to compare with. An installed one is taken; otherwise Debian's package is unpacked into
the build folder, which installs nothing and starts no service."""
import getpass
import glob
import os
import shutil
import socket
import subprocess
import time

from programs import PATIENCE, Program

CONFIGURATION = """\
listener {port} 127.0.0.1
user {user}
allow_anonymous true
persistence false
set_tcp_nodelay true
max_inflight_messages 0
max_queued_messages 0
log_type error
"""


def installed():
    return shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


def unpacked(folder):
    """(program, folders of libraries) in `folder`, fetched if it is not there yet."""
    program = os.path.join(folder, "usr/sbin/mosquitto")
    if not os.path.exists(program):
        os.makedirs(folder, exist_ok=True)
        plan = subprocess.run(["apt-get", "install", "--simulate", "--no-install-recommends",
                               "--reinstall", "mosquitto"],
                              check=True, capture_output=True, text=True).stdout
        packages = [line.split()[1] for line in plan.splitlines() if line.startswith("Inst ")]
        subprocess.run(["apt-get", "download", *packages], cwd=folder, check=True,
                       stdout=subprocess.DEVNULL)
        for archive in glob.glob(os.path.join(folder, "*.deb")):
            subprocess.run(["dpkg", "-x", archive, folder], check=True)
    return program, glob.glob(os.path.join(folder, "usr/lib/*-linux-gnu*"))


class Mosquitto(Program):
    """The broker, without persistence: that it acknowledges means that it is in memory."""

    def __init__(self, folder, build):
        program, libraries = installed(), []
        if program is None or os.environ.get("BENCH_UNPACK"):
            program, libraries = unpacked(os.path.join(build, "mosquitto"))
        if libraries:
            os.environ["LD_LIBRARY_PATH"] = ":".join(libraries)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        configuration = folder.path("mosquitto.conf")
        with open(configuration, "w", encoding="ascii") as file:
            file.write(CONFIGURATION.format(port=port, user=getpass.getuser()))
        super().__init__(program, "-c", configuration, log=folder.path("mosquitto.log"))
        self.port, self.more_ports = port, []

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=log)
        end = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return self
            except OSError:
                assert self.process.poll() is None and time.monotonic() < end, self.tail()
                time.sleep(0.05)


def version(build):
    program = installed()
    if program is None or os.environ.get("BENCH_UNPACK"):
        program = unpacked(os.path.join(build, "mosquitto"))[0]
    return subprocess.run([program, "-h"], capture_output=True, text=True,
                          check=False).stdout.splitlines()[0]
