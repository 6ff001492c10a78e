"""What Schemathesis does not know by itself: lines of JSON, tables, and workbooks."""

import io
import json
import zipfile

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def lines(ctx, value):
    """A text is sent as it is; anything else is one line."""
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


@schemathesis.hook
def filter_query(context, query):
    """An address has no empty list: what is made of one is an empty value, or nothing, and either may be right."""
    return not any(value == [] for value in (query or {}).values())


@schemathesis.hook
def filter_case(context, case):
    """Whatever is written as lines or as a table is text, so there is no wrong type of it."""
    return case.media_type not in ("application/x-ndjson", "text/csv") or isinstance(case.body, str)


@schemathesis.deserializer("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
def workbook(ctx, response):
    """A workbook is an archive that can be read to its end."""
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        assert archive.testzip() is None
    return {}
