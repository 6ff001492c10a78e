// Whoever may send something sends what a browser, a spreadsheet or a script would carry out, in every field there is. Then an
// administrator reads everything: nothing may happen, and all of it must be there to be read. The watch itself is held to a
// server of its own that does each thing wrong.
import assert from "node:assert/strict";
import http from "node:http";
import { after, before, test } from "node:test";
import { attacks, faultsOf, fields, hostile, watch } from "./hostile.mjs";
import { report } from "./reports.mjs";
import { startServer } from "./server.mjs";
import { openBrowser, signIn, visit } from "./visitor.mjs";

const names = Object.keys(attacks);
/// Of one kind, that is with the same names in an address and other values, so many pages are read.
const sameKind = 60;
/// The same where the address asks for something, and kinds of those under one path.
const sameQuestion = 2;
const questions = 14;
const pagesAtMost = 1500;

let browser;
let server;
let session;
let sessionCookie;
let receiver;

const form = (path, fields, headers = {}) =>
  server.request(path, { method: "POST", body: new URLSearchParams(fields).toString(), type: "application/x-www-form-urlencoded", headers: { cookie: sessionCookie, ...headers } });
const taken = (answer, what) => assert.ok(answer.status < 400, `${what}: ${answer.status} ${answer.text.slice(0, 600)}`);

/// The most that the code of a site may have, and no sign that cannot be seen: anything else is refused, and reaches no page.
const hostileSite = (field, name) => hostile(field, name, 64).replace(/[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g, "");

/// A report in which every text is an attack.
function attacking(name, number) {
  const made = report(number % 3 ? "windows-7-untouched" : "windows-10-ready", { minutes: 5 + number });
  const text = (field, most) => hostile(field, name, most);
  made.report_id = text("report-id");
  made.collector = { name: text("collector"), version: text("collector-version"), process_bits: 64 };
  made.client = {
    sms_guid: text("guid"),
    resource_id: 17_000_000 + number,
    site_code: hostileSite("site", name),
    name: text("name"),
    fqdn: text("fqdn"),
    smbios_guid: text("smbios"),
    serial_number: text("serial"),
    ip_addresses: [text("address")],
    management_point: text("mp"),
    client_version: text("client-version"),
    communication: text("communication"),
    roles: [text("role"), "SMS Management Point"],
    [text("unknown-field")]: text("unknown-value"),
  };
  made.os.caption = text("caption");
  made.os.architecture = text("architecture");
  const value = (data) => ({ type: "REG_SZ", data });
  for (const entry of made.registry) {
    if (entry.values && !entry.key.includes("CurrentVersion")) entry.values[text("value-name")] = value(text("value"));
    if (entry.key.endsWith("TLS 1.2\\Client") && number % 2) Object.assign(entry, { exists: true, values: { Enabled: value(text("odd-value")), DisabledByDefault: value(text("odd-default")) } });
    if (entry.key.includes("Internet Settings\\WinHttp") && number % 4 === 1) Object.assign(entry, { exists: true, values: { DefaultSecureProtocols: value(text("odd-protocols")) } });
  }
  made.registry.push({ key: `HKLM\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols\\TLS 1.2\\${text("misspelt").replaceAll("\\", "/")}`, exists: true, values: {} });
  made.registry.push({ key: `HKLM\\SOFTWARE\\${text("unknown-key")}`, exists: true, values: { [text("x")]: value("\u001b]0;hit\u0007\u0000") } });
  made.hotfixes.push(text("hotfix"));
  made.files[text("file")] = "1.2.3.4";
  made.cipher_suites.push(text("suite"));
  made.software = [
    { name: text("software"), version: text("software-version") },
    { name: `Microsoft SQL Server 2012 Native Client ${text("sql-client")}`, version: text("sql-version") },
    { name: "\u001b[31mred\u0007", version: "1\u0000" },
  ];
  return made;
}

/// A CSV field, whatever is in it.
const field = (text) => `"${text.replaceAll('"', '""')}"`;
const csv = (rows) => rows.map((row) => row.map(field).join(",")).join("\r\n");

async function fill() {
  const ingest = server.ingestToken;
  const [importing, population] = [await server.token("import"), await server.token("population")];

  const reports = await server.request("/api/v1/reports", { method: "POST", token: ingest, body: JSON.stringify(names.map(attacking)) });
  const stored = (answer, what) => {
    taken(answer, what);
    assert.deepEqual([answer.json().rejected, answer.json().received], [0, names.length], `${what}: ${answer.text.slice(0, 800)}`);
  };
  stored(reports, "reports");
  // The same clients a little later with something else, so that there is a history to be told.
  const later = names.map((name, number) => {
    const made = attacking(name, number);
    made.collected_at = new Date().toISOString();
    made.report_id = hostile("later-id", name);
    made.os.caption = hostile("later-caption", name);
    made.hotfixes.push("KB3140245");
    for (const entry of made.registry) if (entry.values?.Enabled?.type === "REG_SZ") entry.values.Enabled.data = hostile("later-value", name);
    return made;
  });
  stored(await server.request("/api/v1/reports", { method: "POST", token: ingest, body: JSON.stringify(later) }), "later reports");

  // What is refused is shown with its place and its beginning.
  const refused = names.flatMap((name) => [
    { ...report("windows-10-ready"), schema_version: hostile("schema", name) },
    { ...report("windows-10-ready"), collected_at: hostile("time", name), files: { "winhttp.dll": hostile("version", name) } },
    hostile("no-report", name),
  ]);
  for (let from = 0; from < refused.length; from += 15) {
    await server.request("/api/v1/reports", { method: "POST", token: ingest, body: JSON.stringify(refused.slice(from, from + 15)) });
  }

  // Expected lists, with columns and rows of any name.
  const list = csv([
    ["Name", "ResourceID", "SMSUniqueIdentifier", "SiteCode", "Owner", "Last contact"],
    ...names.map((name, number) => [hostile("listed", name, 200), `${18_000_000 + number}`, "", hostileSite("listed-site", name), hostile("owner", name), hostile("contact", name)]),
  ]);
  const listed = await server.request("/api/v1/population?list=outsider&confirm=1", { method: "PUT", token: population, body: list, type: "text/csv" });
  taken(listed, "a list");
  const leaves = csv([["Name", "Owner"], ...names.map((name) => [hostile("only", name, 200), hostile("only-owner", name)])]);
  for (const name of ["short", "kept"]) {
    taken(await server.request(`/api/v1/population?list=${name}&confirm=1`, { method: "PUT", token: population, body: leaves, type: "text/csv" }), "a short list");
  }
  const why = encodeURIComponent(hostile("why", "image"));
  taken(await server.request(`/api/v1/population?list=short&confirm=1&confirm_shrink=${names.length}&why=${why}`, { method: "DELETE", token: population }), "taking a list out of force");

  // Files, by name and by content: stored, only looked at, and not understood.
  const uploads = [];
  for (const [number, name] of names.entries()) {
    const table = csv([
      ["Device", "Caption", "Version", "BuildNumber", "ProductType", "OSArchitecture", "Asked_WinHttpNative", "Tls12ClientEnabled", hostile("column", name)],
      [hostile("device", name, 200), hostile("table-caption", name), "10.0.19045", "19045", "1", "64-bit", hostile("cell", name), hostile("cell", name), hostile("other-cell", name)],
      ["", hostile("nobody", name), hostile("table-version", name), "x", "x", "x", "x", "x", "x"],
    ]);
    const contents = [table, JSON.stringify({ [hostile("json-key", name)]: hostile("json-value", name) }), hostile("garbage", name), `Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\${hostile("reg-key", name).replace(/[\r\n]/g, "")}]\r\n"${hostile("reg-value", name)}"=dword:1\r\n`];
    for (const [kind, content] of contents.entries()) {
      if (kind && (number + kind) % 4) continue;
      const called = encodeURIComponent(`${hostile("file-name", name, 200)}${["", ".json", ".txt", ".reg"][kind]}`);
      const commit = number % 2 && !kind ? "&commit=1" : "";
      const sent = await server.request(`/api/v1/uploads?name=${called}${commit}`, { method: "POST", token: importing, body: content, type: "application/octet-stream" });
      taken(sent, "an upload");
      if (!kind && !commit) uploads.push([name, sent.json().id]);
    }
  }
  // A form names its files itself.
  for (const name of names) {
    const called = hostile("form-file", name, 200).replaceAll('"', "%22").replaceAll("\\", "");
    const parts = `--edge\r\ncontent-disposition: form-data; name="files"; filename="${called}.csv"\r\ncontent-type: text/html\r\n\r\nName,OSVersion\r\n${field(hostile("form-device", name, 200))},6.1.7601\r\n--edge--\r\n`;
    taken(await server.request("/upload", { method: "POST", body: parts, type: "multipart/form-data; boundary=edge", headers: { cookie: sessionCookie } }), "a form with a file");
  }
  for (const [name, id] of uploads) {
    const wait = async () => (await server.request(`/api/v1/uploads/${id}`, { token: importing })).json();
    for (let tries = 0; tries < 200 && (await wait()).state === "reading"; tries += 1) await new Promise((resolve) => setTimeout(resolve, 50));
    taken(await form(`/uploads/${id}/again`, { device: hostile("chosen-device", name, 100), "meaning-0": "device.name", save_as: hostile("mapping", name, name === "pile" ? 45 : 90) }), "a mapping");
  }

  // People, programs and what they name.
  for (const name of names) {
    taken(await form("/people", { name: hostile("person", name, 100), role: "viewer", sites: "" }), "a person");
    taken(await form("/tokens", { purpose: "ingest", name: hostile("token", name, 100) }), "a token");
    taken(await form("/views", { name: hostile("view", name, 80), address: `/clients?q=${encodeURIComponent(hostile("looked-for", name, 80))}` }), "a view");
  }
  const tokens = (await server.tell("token", "list")).split("\n").filter((line) => line.includes("~token~"));
  assert.equal(tokens.length, names.length);
  for (const name of names) {
    const own = await server.tell("token", "create", "--purpose", "ingest", `--name=${hostile("sender", name, 100)}`);
    const made = attacking(name, 0);
    Object.assign(made.client, { name: hostile("sent-name", name), fqdn: null, sms_guid: null, resource_id: null, smbios_guid: null, serial_number: null });
    taken(await server.request("/api/v1/reports", { method: "POST", token: own, body: JSON.stringify(made) }), "a report by a token");
    const id = (await server.tell("token", "list")).split("\n").find((line) => line.includes(hostile("sender", name, 100))).split("\t")[0];
    if (names.indexOf(name) % 4 === 0) taken(await form(`/tokens/${id}/quarantine`, { why: hostile("quarantine", name), confirm: "1" }), "a quarantine");
  }
  // Webhooks: a name, an address, and what the other side answers.
  const place = `http://127.0.0.1:${receiver.address().port}/`;
  for (const name of names.slice(0, 40)) {
    await server.tell("webhook", "add", `${place}?${encodeURIComponent(name)}&${hostile("webhook-address", name, 200).replaceAll("#", "")}`, `--name=${hostile("webhook", name, 100)}`, "--on", "blocking");
  }
  const more = names.map((name, number) => ({ ...attacking(name, 1), client: { name: hostile("newly", name), site_code: "P01", resource_id: 19_000_000 + number } }));
  stored(await server.request("/api/v1/reports", { method: "POST", token: ingest, body: JSON.stringify(more) }), "more reports");

  // Exceptions, asked for in any words.
  const blockers = (await server.request("/api/v1/blockers?limit=200", { headers: { cookie: sessionCookie } })).json().items;
  const until = new Date(Date.now() + 30 * 24 * 3_600_000).toISOString().slice(0, 10);
  for (const [number, name] of names.entries()) {
    const words = { reason: hostile("exception-reason", name), control: hostile("exception-control", name), owner: hostile("exception-owner", name, 100) };
    taken(await form(`/clients/${blockers[number].id}/exceptions`, { kind: "mitigated", until, ...words }), "an exception");
  }

  // Browsers that come in under any name.
  for (const name of names) {
    const agent = hostile("agent", name).replace(/[^\x20-\x7e]/g, "?");
    const answer = await server.request("/sign-in", { method: "POST", body: new URLSearchParams({ user: server.user, password: server.password }).toString(), type: "application/x-www-form-urlencoded", headers: { "user-agent": agent, "x-request-id": agent, "x-forwarded-for": agent, referer: agent } });
    assert.equal(answer.status, 303, answer.text.slice(0, 200));
  }
}

/// Addresses that somebody sends an administrator by mail: each attack in a part of them, each of them with many attacks.
function sentByMail() {
  return names.flatMap((name, number) => {
    const text = encodeURIComponent(hostile("address", name));
    const addresses = [
      `/there-is-no-page/${text}`, `/clients?q=${text}`, `/blockers?owner=${text}&q=${text}`, `/?site=${text}`, `/clients?${text}=${text}`, `/clients?sort=${text}&cursor=${text}`,
      `/sites/${text}`, `/roles/${text}`, `/os/${text}`, `/fixes/${text}`, `/fixes/${text}?a=1/${text}`, `/clients/${text}`, `/uploads/${text}`, `/people/${text}`, `/tokens/${text}`,
      `/trend/${text}`, `/trend?site=${text}&days=${text}`, `/audit?who=${text}&subject=${text}`, `/audit?deed=${text}&from=${text}&to=${text}`,
      `/sign-in?next=${text}`, `/setup?key=${text}`, `/upload?cursor=${text}`, `/sightings?cursor=${text}`, `/suspicions?cursor=${text}`, `/views?${text}`, `/population?list=${text}`,
    ];
    return addresses.filter((_, place) => (place + number) % 5 === 0 || name === "image");
  });
}

before(async () => {
  // The other side of the webhooks answers with an attack, too.
  receiver = http.createServer((request, answer) => {
    const name = decodeURIComponent(request.url.slice(2).split("&")[0]);
    request.resume();
    answer.writeHead(500, { "content-type": "text/html" }).end(hostile("webhook-answer", name in attacks ? name : "image"));
  });
  await new Promise((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  [browser, server] = await Promise.all([openBrowser(), startServer("sqlite", { settings: { CUTOVER_WEBHOOK_ALLOW: "127.0.0.0/8" } })]);
  session = await signIn(browser, server);
  sessionCookie = session.cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
  await fill();
});
after(async () => {
  await browser?.close();
  await server?.stop();
  receiver?.close();
});

/// What an address is of: the same pages with other ids and values are one kind.
function kindOf(address) {
  const url = new URL(address);
  const path = url.pathname.replace(/^(\/(?:clients|os|sites|roles|uploads|people|tokens|fixes|trend|static|kit)\/)[^/]+/, "$1…").replace(/[0-9a-f-]{30,}/g, "…");
  const asked = [...new Set(url.searchParams.keys())].sort().join("&");
  return { path, asked };
}

/// Reads everything that links lead to. What is no page is fetched and held to what programs would make of it.
async function crawl(from, { session: whose, cookie, most = pagesAtMost, get }) {
  const visitor = await visit(browser, from, { session: whose });
  const { page } = visitor;
  const watching = await watch(page, from);
  const waiting = [new URL("/", from).href];
  const known = new Set(waiting);
  const kinds = new Map();
  const faults = [];
  const seen = { pages: 0, downloads: 0, texts: new Map(), fields: new Map() };
  const count = (text) => {
    for (const [name, attack] of Object.entries(attacks)) if (text.includes(attack.toLowerCase())) seen.texts.set(name, (seen.texts.get(name) ?? 0) + 1);
    for (const [, tag] of text.matchAll(/~([a-z-]+)~/g)) seen.fields.set(tag, (seen.fields.get(tag) ?? 0) + 1);
  };
  const read = async (address) => {
    let response;
    // What is plainly no page need not be tried as one.
    if (!/^\/(api\/v1|kit|audit|fixes\/[^/]+)\/|format=/.test(address.slice(new URL(address).origin.length))) {
      try {
        response = await page.goto(address, { waitUntil: "load" });
      } catch (error) {
        if (!/Download is starting|ERR_ABORTED/.test(error.message)) throw error;
      }
    }
    const kind = response?.headers()["content-type"] ?? "";
    if (!response || !kind.startsWith("text/html")) {
      seen.downloads += 1;
      const answer = await get(address, cookie);
      for (const fault of faultsOf(answer)) faults.push(`${address}: ${fault}`);
      count(answer.text.toLowerCase());
      return [];
    }
    seen.pages += 1;
    if (response.status() >= 500) faults.push(`${address}: ${response.status()}`);
    if (new URL(page.url()).origin !== new URL(from).origin) faults.push(`${address} led to ${page.url()}`);
    return shown(address);
  };
  const shown = async (address) => {
    const { faults: found, text, links } = await watching.look();
    for (const fault of found) faults.push(`${address}: ${fault}`);
    count(text);
    return links;
  };
  /// Chooses a file in the browser and sends it.
  const send = async (path, place, file) => {
    await page.goto(path);
    await page.locator(place).first().setInputFiles(file);
    await shown(path);
    await Promise.all([page.waitForNavigation(), page.locator("form", { has: page.locator(place) }).first().locator("button").first().click()]);
    await shown(page.url());
  };
  const follow = (links) => {
    for (const link of links) {
      const url = new URL(link);
      url.hash = "";
      if (known.has(url.href)) continue;
      known.add(url.href);
      const { path, asked } = kindOf(url.href);
      const kind = `${path}?${asked}`;
      const before = kinds.get(kind) ?? 0;
      if (before >= (asked ? sameQuestion : sameKind)) continue;
      if (asked && before === 0 && [...kinds.keys()].filter((other) => other.startsWith(`${path}?`)).length > questions) continue;
      kinds.set(kind, before + 1);
      waiting.push(url.href);
    }
  };
  while (waiting.length > 0 && seen.pages + seen.downloads < most) follow(await read(waiting.shift()));
  return { ...seen, left: waiting.length, kinds, faults, read, send, close: visitor.close };
}

/// Fields that no page shows: a cell of a column without a meaning, what a row that names nobody says beside, and the name of a
/// file with a list are not kept; of a webhook's address only the server is shown, of a browser one of the names that are known.
const nowhere = ["other-cell", "listed-wrong", "list-file", "webhook-address", "agent"];
const quiet = (faults) => assert.ok(faults.length === 0, `${faults.length} faults:\n${faults.slice(0, 40).join("\n")}`);
const get = (address, cookie) => server.request(address, { headers: cookie ? { cookie } : {} });

test("an administrator reads everything, and nothing happens", { timeout: 900_000 }, async (context) => {
  const read = await crawl(server.url, { session, cookie: sessionCookie, get });
  context.diagnostic(`${read.pages} pages and ${read.downloads} downloads of ${read.kinds.size} kinds`);
  context.diagnostic(`texts: ${[...read.texts].map(([name, times]) => `${name} ${times}`).join(", ")}`);
  context.diagnostic(`fields: ${[...read.fields].map(([name, times]) => `${name} ${times}`).join(", ")}`);
  quiet(read.faults);
  assert.equal(read.left, 0, "everything was read");
  assert.ok(read.pages > 300 && read.downloads > 40, "few pages were read");
  const rarely = names.filter((name) => (read.texts.get(name) ?? 0) < 50);
  assert.deepEqual(rarely, [], "texts that hardly stood on any page");
  // The answer to a list that somebody sends in the browser says what is wrong with its columns and rows.
  const rows = [["Name", "Owner", ...names.map((name) => hostile("list-column", name, 200))], ["A-NAME", "x"], ...names.map((name) => ["", hostile("listed-wrong", name)])];
  read.faults.length = 0;
  await read.send("/population", "input[name=file]", { name: `${hostile("list-file", "image")}.csv`, mimeType: "text/html", buffer: Buffer.from(csv(rows.map((row) => [...row, ...Array(2 + names.length - row.length).fill("")]))) });
  quiet(read.faults);
  assert.deepEqual([...fields].filter((name) => !read.fields.has(name) && !nowhere.includes(name)), [], "fields that were never seen");
  await read.close();
});

test("addresses that somebody sent do nothing", { timeout: 600_000 }, async (context) => {
  const read = await crawl(server.url, { session, cookie: sessionCookie, most: 1, get });
  const addresses = sentByMail();
  for (const address of addresses) await read.read(new URL(address, server.url).href);
  context.diagnostic(`${addresses.length} addresses`);
  quiet(read.faults);
  assert.ok(addresses.length > 200 && read.fields.get("address") > addresses.length / 2, "the addresses were not shown");
  await read.close();
});

/// A server that does one thing wrong on each page.
const wrong = {
  "/unescaped": [`<p>${attacks.title}</p>`, /an attribute data-hit/],
  "/script": [`<p>${attacks.script}</p>`, /a script of a text ran/],
  "/handler": [`<p>${attacks.image}</p>`, /a script of a text ran/],
  "/attribute": [`<input value="${attacks.attribute}">`, /an attribute onfocus/],
  "/refused": ["<script>window.__hit=1</script>", /the policy had to refuse: script-src/, true],
  "/dialog": [`<script>alert(1)</script>`, /a dialog: 1/],
  "/link": [`<a href="${attacks.address}">x</a>`, /href leads to javascript:/],
  "/data": [`<a href="${attacks.data}">x</a>`, /href leads to data:/],
  "/relative": [`<a href="${attacks.elsewhere}">x</a>`, /href leads to http:..evil\.invalid/],
  "/frame": [attacks.frame, /an element that we never write/],
  "/base": [attacks.base, /an element that we never write: <base/],
  "/style": [attacks.style, /an element that we never write: <style/],
  "/refresh": [`<meta data-hit http-equiv=refresh content="900;url=//evil.invalid/">`, /an instruction to the browser/],
  "/elsewhere": [`<img alt="" src="http://127.0.0.2:9/x">`, /asked another server: http:..127\.0\.0\.2/],
  "/svg": [`<svg><a href="${attacks.address}"><text>x</text></a></svg>`, /href leads to javascript:/],
  "/template": [`<p>8686909</p>`, /a template expression/],
};

test("the watch finds each thing that a page can do wrong, and the reading finds the page", async () => {
  const policy = "default-src 'none'; script-src 'self'";
  const planted = http.createServer(({ url: path }, answer) => {
    const [body, , guarded] = wrong[path] ?? [`<p>Nothing is wrong.</p>${path === "/" ? '<a href="/between">on</a>' : path === "/between" ? '<a href="/unescaped">on</a><a href="/api/v1/list">a list</a>' : ""}`];
    if (path === "/api/v1/list") return void answer.setHeader("content-type", "text/csv").end("a,b\r\n1,=1+1\r\n");
    answer.setHeader("content-type", "text/html");
    if (guarded) answer.setHeader("content-security-policy", policy);
    // Chromium asks for the icon when it likes, also after the page was read: a planted <base> must not reach its address.
    answer.end(`<!doctype html><meta charset="utf-8"><link rel="icon" href="${url}/icon"><title>A page</title>${body}`);
  });
  await new Promise((resolve) => planted.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${planted.address().port}`;
  try {
    for (const [path, [, expected]] of Object.entries(wrong)) {
      const visitor = await visit(browser, url);
      const watching = await watch(visitor.page, url);
      await visitor.page.goto(path);
      const { faults } = await watching.look();
      assert.match(faults.join("\n"), expected, path);
      await visitor.page.goto("/good");
      assert.deepEqual((await watching.look()).faults.filter((fault) => !fault.startsWith("console")), [], `${path} and then a good page`);
      await visitor.close();
    }
    const plain = async (address) => {
      const answer = await fetch(address);
      return { headers: Object.fromEntries(answer.headers), text: await answer.text() };
    };
    const read = await crawl(url, { get: plain });
    assert.deepEqual([read.pages, read.downloads, read.left], [3, 1, 0]);
    assert.match(read.faults.join("\n"), /unescaped: an attribute data-hit[^]*list: no nosniff\n[^]*list: no policy\n[^]*list: a formula: =1\+1/);
    await read.close();
  } finally {
    planted.closeAllConnections();
    planted.close();
  }
});

test("the watch finds what a file would do", () => {
  const headers = { "x-content-type-options": "nosniff", "content-security-policy": "default-src 'none'" };
  const look = (kind, text, more = {}) => faultsOf({ headers: { ...headers, "content-type": kind, ...more }, text }).join("\n");
  assert.equal(look("text/csv; charset=utf-8", `a,b\r\n-1,"'=1+1"\r\n"a ""b"", c",-\r\n`), "");
  for (const cell of ["=1", "+1+1", "-1+1", "@x", "\t=1", "＝1", '"=1,2"', '"\r=1"']) assert.match(look("text/csv", `a\r\nb,${cell}\r\n`), /a formula|a cell that begins/, cell);
  assert.match(look("image/svg+xml", `<svg>${attacks.image}</svg>`), /markup/);
  assert.match(look("text/html", ""), /a page/);
  assert.match(look("text/csv", "", { "content-disposition": hostile("x", "image") }), /a file name/);
  assert.match(faultsOf({ headers: {}, text: "" }).join(), /no nosniff,no policy/);
});
