"""Every client that is not cleared, as lines of name, standing and reasons. Needs Python 3.8 and nothing else."""

import json
import os
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request

SERVER = os.environ["CUTOVER_URL"]
TOKEN = os.environ["CUTOVER_TOKEN"]
TRUSTED = ssl.create_default_context(cafile=os.environ["CUTOVER_CA"])


def ask(path, **query):
    query = {name: value for name, value in query.items() if value is not None}
    address = f"{SERVER}{path}?{urllib.parse.urlencode(query)}"
    request = urllib.request.Request(address, headers={"Authorization": f"Bearer {TOKEN}"})
    for attempt in range(5):
        try:
            with urllib.request.urlopen(request, context=TRUSTED, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            problem = json.load(error)
            if error.code not in (429, 503) or attempt == 4:
                raise SystemExit(f"{problem['title']}: {problem['detail']}")
            time.sleep(int(error.headers.get("Retry-After", 5)))


def blockers():
    cursor = None
    while True:
        page = ask("/api/v1/blockers", standing="all", limit=1000, cursor=cursor)
        yield from page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return


for client in blockers():
    print(client["name"], client["standing"], ",".join(client["reasons"]), sep="\t")
