// The tools of these tests, each shown to find the fault that it is there to find.
import assert from "node:assert/strict";
import http from "node:http";
import { after, before, test } from "node:test";
import { announcement } from "./server.mjs";
import { powershell, renamed, repaired, report } from "./reports.mjs";
import { openBrowser, visit } from "./visitor.mjs";

const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'";
const page = (body) => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A page</title>
  <link rel="icon" href="/icon.svg"><link rel="stylesheet" href="/app.css"></head><body><main><h1>A page</h1>${body}</main></body></html>`;
const pages = {
  "/good": page("<p>Nothing is wrong here.</p>"),
  "/unlabelled": page('<form><input name="q"></form>'),
  "/inline": page("<script>document.title = 'changed'</script>"),
  "/wide": page('<p class="wide">Too wide.</p>'),
  "/picture": page('<img src="/none.png" alt="">'),
  "/boxed": page('<div class="box" tabindex="0"><p class="wide">Scrolls in its box.</p></div>'),
};

let server;
let browser;
let url;
before(async () => {
  server = http.createServer(({ url: path }, answer) => {
    answer.setHeader("content-security-policy", policy);
    if (path === "/app.css") answer.setHeader("content-type", "text/css").end(".wide { width: 2000px } .box { overflow-x: auto }");
    else if (path === "/icon.svg") answer.setHeader("content-type", "image/svg+xml").end('<svg xmlns="http://www.w3.org/2000/svg"/>');
    else if (pages[path]) answer.setHeader("content-type", "text/html").end(pages[path]);
    else answer.writeHead(404, { "content-type": "text/html" }).end(page("<p>Not here.</p>"));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${server.address().port}`;
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  server.close();
});

async function at(path, options, look) {
  const visitor = await visit(browser, url, options);
  try {
    await look(visitor, await visitor.go(path));
  } finally {
    await visitor.close();
  }
}

for (const scripts of [true, false]) {
  test(`a good page passes, ${scripts ? "with" : "without"} scripts`, () =>
    at("/good", { width: 390, scripts }, async (visitor, status) => {
      assert.equal(status, 200);
      visitor.quiet();
      await visitor.fits();
      if (scripts) await visitor.accessible();
      else await assert.rejects(visitor.accessible(), /needs scripts/);
    }));
}

test("axe finds a field without a label, under a strict policy", () =>
  at("/unlabelled", {}, (visitor) => assert.rejects(visitor.accessible(), /label/)));

test("a script that the policy refuses is a complaint", () =>
  at("/inline", {}, async (visitor) => {
    assert.throws(visitor.quiet, /Content Security Policy/);
    assert.equal(await visitor.page.title(), "A page");
  }));

test("a missing picture is a complaint", () => at("/picture", {}, (visitor) => assert.throws(visitor.quiet, /none\.png: 404/)));

test("an error page is a complaint unless it is expected", () =>
  at("/nowhere", {}, async (visitor, status) => {
    assert.equal(status, 404);
    assert.throws(visitor.quiet, /nowhere: 404/);
  }));

test("a page wider than the window is found, a scrolling box is not", async () => {
  await at("/wide", { width: 390 }, (visitor) => assert.rejects(visitor.fits(), /too wide/));
  await at("/boxed", { width: 390 }, (visitor) => visitor.fits());
});

test("what the first start says is read only when it is complete", () => {
  const said = "cutover is listening on https://127.0.0.1:40123\n  sign in as: admin\n  password:   q7-Zp\n";
  assert.equal(announcement(said), undefined);
  assert.deepEqual(announcement(`${said}  ingest token: cut_ingest_1\n`), {
    url: "https://127.0.0.1:40123",
    user: "admin",
    password: "q7-Zp",
    ingestToken: "cut_ingest_1",
  });
  const fromFile = announcement(said.replace(/admin\n.*\n/, "admin, with the password from the file\n  ingest token: cut_ingest_1\n"));
  assert.equal(fromFile.user, "admin");
  assert.equal(fromFile.password, "brown horse, 4 legs");
});

test("report files are fresh, apart from each other and encoded as PowerShell does", () => {
  const made = report("windows-7-untouched");
  const age = Date.now() - Date.parse(made.collected_at);
  assert.ok(age > 0 && age < 3_600_000, made.collected_at);
  assert.ok(Date.parse(repaired(made).collected_at) > Date.parse(made.collected_at));
  const other = renamed(made, "PC-0099", 99);
  for (const id of ["sms_guid", "fqdn", "name", "smbios_guid", "serial_number", "resource_id"]) {
    assert.notEqual(other.client[id], made.client[id], id);
  }
  const bytes = powershell(made);
  assert.deepEqual([...bytes.subarray(0, 4)], [0xff, 0xfe, "{".charCodeAt(0), 0]);
  const text = new TextDecoder("utf-16le").decode(bytes);
  assert.deepEqual(JSON.parse(text), made);
  assert.match(text, /\r\n {4}"schema_version": {2}1,\r\n/);
});
