"""A server on a throw-away database, for the scripts beside this file."""

import contextlib
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def program():
    named = os.environ.get("CUTOVER_TEST_PROGRAM")
    found = [named] if named else [ROOT / "target/release/cutover", ROOT / "target/debug/cutover"]
    return next((str(path) for path in found if os.access(path, os.X_OK)), None) or sys.exit("no program; build it first")


class Server:
    """Whoever holds it may run commands on its database, before it is started and while it runs."""

    def __init__(self, folder):
        self.program, self.folder, self.process, self.port = program(), pathlib.Path(folder), None, None
        # Settings of whoever runs this are not ours.
        own = {name: value for name, value in os.environ.items() if not name.startswith("CUTOVER_")}
        database = os.environ.get("CUTOVER_TEST_DATABASE_URL") or f"sqlite://{folder}/cutover.db"
        self.environment = own | {"CUTOVER_DATA_DIR": folder, "CUTOVER_DATABASE_URL": database}

    def command(self, *words, said=None, **more):
        """Runs a command; answers what it prints."""
        done = subprocess.run(
            [self.program, *words], env=self.environment | more, input=said, capture_output=True, text=True
        )
        if done.returncode:
            sys.exit(f"{' '.join(words)}: {done.stderr}")
        return done.stdout.strip()

    def token(self, purpose):
        return self.command("token", "create", "--purpose", purpose, "--name", purpose)

    def start(self, *options):
        with open(self.folder / "server.log", "w") as log:
            self.process = subprocess.Popen(
                [self.program, "serve", "--plain-http", "--listen", "127.0.0.1:0", *options],
                env=self.environment, stdout=subprocess.PIPE, stderr=log, text=True,
            )
        heard = (re.search(r"listening on \S+:(\d+)", line) for line in self.process.stdout)
        self.port = next((int(found[1]) for found in heard if found), None)
        if not self.port:
            sys.exit((self.folder / "server.log").read_text())

    def memory(self):
        """The most memory that it held, in MiB."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) // 1024


@contextlib.contextmanager
def server():
    with tempfile.TemporaryDirectory(prefix="cutover-throwaway.") as folder:
        made = Server(folder)
        try:
            yield made
        finally:
            if made.process:
                made.process.terminate()
                made.process.wait()
