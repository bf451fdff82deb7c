# SPDX-License-Identifier: GPL-2.0-or-later
"""Real programs talking over loopback, recorded. Each function returns Conversations.

They run as whoever runs the tests, with their files in the folder that they are given.
"""
import base64
import contextlib
import os
import random
import shutil
import struct
import socket
import subprocess
import sys

from recorder import LOOPBACK, PATIENCE, Recorder, free_port, wait_for

# Debian keeps these where an ordinary user's PATH does not lead.
SEARCH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


class Missing(Exception):
    """A program is not on this machine. `optional`: nor need it be, where all packages are."""

    def __init__(self, program, optional=False):
        super().__init__(f"{program} is not installed (tools/install-packages test)")
        self.optional = optional


def find(program, optional=False):
    path = shutil.which(program, path=SEARCH)
    if path is None:
        raise Missing(program, optional)
    return path


@contextlib.contextmanager
def running(command, port, **more):
    """A server, from when it listens until the end of the block."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, **more)
    try:
        wait_for(port)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def client(*command, said=None, **more):
    """A client's run. Whether it talked is seen in what was recorded."""
    return subprocess.run(command, input=said, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=PATIENCE, check=False, **more).stdout


def http(folder):
    curl = find("curl")
    with open(os.path.join(folder, "page.json"), "w") as out:
        out.write('{"messages": [' + ", ".join(f'{{"id": {i}}}' for i in range(500)) + "]}")
    with open(os.path.join(folder, "binary"), "wb") as out:
        out.write(bytes(range(256)) * 20)
    port = free_port()
    with running([sys.executable, "-m", "http.server", str(port), "--bind", LOOPBACK], port,
                 cwd=folder), Recorder("HTTP", 80, port) as r:
        for page in ("page.json", "binary", "missing"):
            client(curl, "-s", f"http://{LOOPBACK}:{r.port}/{page}")
        client(curl, "-s", "--data-binary", "@" + os.path.join(folder, "binary"),
               f"http://{LOOPBACK}:{r.port}/upload")
    return r.conversations


def smtp(folder):
    """Letters with lines of base64, which have slashes and upper case as text commands do."""
    server, curl = find("aiosmtpd"), find("curl")
    port = free_port()
    letter = os.path.join(folder, "letter")
    chance = random.Random(8905)
    with running([server, "-n", "-c", "aiosmtpd.handlers.Sink", "-l", f"{LOOPBACK}:{port}"], port,
                 cwd=folder), Recorder("SMTP", 25, port) as r:
        for number in range(3):
            body = base64.encodebytes(chance.randbytes(6000 * (number + 1)))
            with open(letter, "wb") as out:
                out.write(b"Subject: letter %d\r\n\r\n" % number + body.replace(b"\n", b"\r\n"))
            client(curl, "-s", f"smtp://{LOOPBACK}:{r.port}", "--mail-from", "a@example.test",
                   "--mail-rcpt", "b@example.test", "--upload-file", letter)
    return r.conversations


def tls(folder, keylog):
    """OpenSSL on both sides; the keys go to `keylog`, so that TLS's heuristics see plain text."""
    openssl = find("openssl")
    certificate = os.path.join(folder, "certificate.pem")
    key = os.path.join(folder, "key.pem")
    client(openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
           "-nodes", "-days", "1", "-subj", "/CN=localhost", "-keyout", key, "-out", certificate)
    talks = []
    lines = b"".join(b"line %d\n" % i for i in range(40))
    for version in ("-tls1_2", "-tls1_3"):
        for mode, said in (("-www", b"GET / HTTP/1.0\r\n\r\n"), ("-rev", lines)):
            port = free_port()
            with running([openssl, "s_server", "-accept", f"{LOOPBACK}:{port}", "-cert",
                          certificate, "-key", key, mode, "-quiet"], port), \
                    Recorder("TLS", 443, port) as r:
                # sh: s_client stops at the end of its input, before the answer has come
                client("sh", "-c", f'(cat; sleep 0.5) | "{openssl}" s_client -connect '
                       f'{LOOPBACK}:{r.port} {version} -quiet -no_ign_eof -keylogfile "{keylog}"',
                       said=said)
            talks += r.conversations
    return talks


def ssh(folder):
    dropbear, dbclient = find("dropbear"), find("dbclient")
    host_key = os.path.join(folder, "host_key")
    client(find("dropbearkey"), "-t", "ed25519", "-f", host_key)
    port = free_port()
    with running([dropbear, "-r", host_key, "-F", "-E", "-p", f"{LOOPBACK}:{port}", "-P", ""],
                 port), Recorder("SSH", 22, port) as r:
        # nobody can log in; key exchange and refusal are conversation enough
        client(dbclient, "-y", "-y", "-T", "-p", str(r.port), f"nobody@{LOOPBACK}", "true",
               env=dict(os.environ, DROPBEAR_PASSWORD="wrong", HOME=folder))
    return r.conversations


def redis(folder):
    # The package with the client holds the server as well, under the name of a checking tool; it
    # goes by the name that it is called. The server's own package would start it on the machine.
    command_line, server = find("redis-cli"), os.path.join(folder, "redis-server")
    os.symlink(find("redis-check-rdb"), server)
    port = free_port()
    with running([server, "--port", str(port), "--bind", LOOPBACK, "--save", "", "--dir", folder],
                 port), Recorder("Redis", 6379, port) as r:
        client(command_line, "-p", str(r.port), said=b"PING\nSET key value\nGET key\n"
               b"RPUSH list 1 2 3 4 5\nLRANGE list 0 -1\nHSET h f 1 g 2\nHGETALL h\nINFO\n")
        client(command_line, "-p", str(r.port), "-x", "SET", "bytes", said=bytes(range(256)) * 30)
        client(command_line, "-3", "-p", str(r.port), said=b"HELLO 3\nHGETALL h\nGET bytes\n")
    return r.conversations


def postgresql(folder):
    # Not in the list of packages: large, and its package starts a server.
    try:
        binaries = os.path.dirname(os.path.realpath(find("postgres")))
        psql = os.path.join(binaries, "psql")
        initdb = os.path.join(binaries, "initdb")
    except Missing as error:
        error.optional = True
        raise
    run_as = []
    if os.geteuid() == 0:  # which it refuses
        run_as = [find("setpriv"), "--reuid=65534", "--regid=65534", "--clear-groups"]
        os.chown(folder, 65534, 65534)
    data = os.path.join(folder, "data")
    client(*run_as, initdb, "-D", data, "-U", "test", "-A", "trust", "--no-sync", cwd=folder)
    port = free_port()
    with running(run_as + [os.path.join(binaries, "postgres"), "-D", data, "-p", str(port), "-h",
                           LOOPBACK, "-k", folder, "-F"], port, cwd=folder), \
            Recorder("PostgreSQL", 5432, port) as r:
        for statements in ("create table t (id int, name text, raw bytea);"
                           "insert into t select i, 'name ' || i, decode(lpad(i::text, 8, '0'), "
                           "'hex') from generate_series(1, 300) i; select * from t;",
                           "select nonsense; select 1;", "copy t to stdout (format binary)"):
            client(psql, "-h", LOOPBACK, "-p", str(r.port), "-U", "test", "-d", "postgres",
                   "-c", statements, cwd=folder,
                   env=dict(os.environ, PGSSLMODE="disable", HOME=folder))
    return r.conversations


def mqtt(folder):
    broker = find("mosquitto", optional=True)
    publish, subscribe = (find(f"mosquitto_{kind}", optional=True) for kind in ("pub", "sub"))
    port = free_port()
    settings = os.path.join(folder, "mosquitto.conf")
    with open(settings, "w") as out:
        out.write(f"listener {port} {LOOPBACK}\nallow_anonymous true\npersistence false\n")
    with running([broker, "-c", settings], port), Recorder("MQTT", 1883, port) as r:
        reader = subprocess.Popen([subscribe, "-h", LOOPBACK, "-p", str(r.port), "-t", "#", "-q",
                                   "1", "-C", "5", "-W", "5"], stdout=subprocess.DEVNULL)
        for number in range(5):
            client(publish, "-h", LOOPBACK, "-p", str(r.port), "-t", f"topic/{number}", "-q",
                   str(number % 3), "-r", "-V", ("mqttv311", "mqttv5")[number % 2], "-s",
                   said=bytes([1, number]) * 300)
        reader.wait(PATIENCE)
    return r.conversations


def dns_over_tcp(folder):
    port = free_port()
    with running([find("dnsmasq"), "--keep-in-foreground", f"--port={port}",
                  f"--listen-address={LOOPBACK}", "--bind-interfaces", "--no-resolv", "--no-hosts",
                  "--conf-file=/dev/null", "--pid-file=", "--user=", "--group=",
                  "--address=/example.test/192.0.2.1", "--txt-record=text.example.test," +
                  "x" * 200], port, cwd=folder), Recorder("DNS", 53, port) as r:
        with socket.create_connection((LOOPBACK, r.port), PATIENCE) as asker:
            for number, (name, kind) in enumerate((("a.example.test", 1), ("text.example.test", 16),
                                                   ("a.example.test", 28), ("other.test", 1)), 256):
                labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
                query = struct.pack(">HHHHHH", number, 0x0100, 1, 0, 0, 0) + labels + \
                    struct.pack(">BHH", 0, kind, 1)
                asker.sendall(struct.pack(">H", len(query)) + query)
                asker.recv(4096)
    return r.conversations
