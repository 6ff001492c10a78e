"""What Schemathesis does not know by itself: lines of JSON, and workbooks."""

import io
import json
import zipfile

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def lines(ctx, value):
    """A text is sent as it is; anything else is one line."""
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


@schemathesis.deserializer("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
def workbook(ctx, response):
    """A workbook is an archive that can be read to its end."""
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        assert archive.testzip() is None
    return {}
