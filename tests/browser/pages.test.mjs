// Every page in every window, with and without scripts: it answers, axe finds no fault by day and by night, nothing scrolls
// sideways, moves while it comes, or is refused. A picture of each is left in target/screenshots/.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { renamed, repaired, report } from "./reports.mjs";
import { startServer } from "./server.mjs";
import { openBrowser, schemes, signIn, visit, widths } from "./visitor.mjs";

/// The pages behind the sign-in: a name for the picture, the path (or where to find a link to it), the status, and
/// whether it is the same before anybody reported.
const always = [
  { name: "first-screen", path: "/" },
  { name: "blockers", path: "/blockers" },
  { name: "fixes", path: "/fixes" },
  { name: "fix", path: "/fixes/set-default-secure-protocols", same: true },
  { name: "clients", path: "/clients" },
  { name: "upload", path: "/upload" },
  { name: "population", path: "/population" },
  { name: "feeds", path: "/feeds" },
  { name: "webhooks", path: "/webhooks" },
  { name: "observed", path: "/observed" },
  { name: "cutover", path: "/cutover", same: true },
  { name: "exceptions", path: "/exceptions" },
  { name: "ask-for-exceptions", path: "/exceptions/new?standing=blocking" },
  { name: "tokens", path: "/tokens" },
  { name: "enrolled", path: "/enrolled" },
  { name: "people", path: "/people" },
  { name: "person", path: "/people/admin" },
  { name: "account", path: "/account" },
  { name: "second-factor", path: "/account/second-factor", same: true },
  { name: "tls", path: "/tls" },
  { name: "sightings", path: "/sightings" },
  { name: "suspicions", path: "/suspicions" },
  { name: "audit", path: "/audit" },
  { name: "feeding", path: "/feeding", same: true },
  { name: "method", path: "/method", same: true },
  { name: "api", path: "/api", same: true },
  { name: "trend", path: "/trend" },
  { name: "views", path: "/views" },
  { name: "first-screen-of-a-site", path: "/?site=P01", same: true },
  { name: "not-found", path: "/there-is-no-such-page", status: 404, same: true },
];
const withClients = [
  { name: "components", path: "/components" },
  { name: "own-columns", path: "/clients?sort=since&columns=os,standing,since,last_contact,roles,sms_guid,fqdn,serial_number" },
  { name: "site", path: "/sites/P01" },
  { name: "role", path: "/roles/management_point" },
  { name: "os", from: "/", link: 'a[href^="/os/"]' },
  { name: "client-blocking", from: "/blockers", link: 'a[href^="/clients/"]' },
  { name: "client", from: "/clients", link: 'a[href^="/clients/"]' },
  { name: "client-changed", from: "/clients?q=PC-0400", link: 'tbody a[href^="/clients/"]' },
  { name: "client-stale", from: "/clients?q=PC-0401", link: 'tbody a[href^="/clients/"]' },
  { name: "client-site-system", from: "/clients?q=SRV-MP-01", link: 'tbody a[href^="/clients/"]' },
  { name: "client-excepted", from: "/exceptions", link: 'tbody th a[href^="/clients/"]' },
  { name: "exception", from: "/exceptions", link: 'tbody a[href^="/exceptions/"]' },
  { name: "upload-one", from: "/upload", link: 'a[href^="/uploads/"]' },
  { name: "upload-table", from: "/upload", link: 'tr:nth-child(2) a[href^="/uploads/"]' },
  { name: "no-such-client", path: "/clients/00000000-0000-7000-8000-000000000000", status: 404 },
  { name: "machine", from: "/enrolled", link: 'tbody a[href^="/enrolled/"]' },
  { name: "search-without-result", path: "/clients?q=nobody-is-called-so" },
];

let browser;
let server;
let session;
before(async () => {
  browser = await openBrowser();
  server = await startServer();
  session = await signIn(browser, server);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/// Finds the address of a page, where a link leads to it.
async function address(visitor, { path, from, link }) {
  if (!from) return path;
  await visitor.go(from);
  return visitor.main.locator(link).first().getAttribute("href");
}

/// One page in every window: a telephone by night, a desk by day, both seen by axe, and two widths more.
async function look({ name, status = 200, ...where }, options) {
  const visitor = await visit(browser, server.url, options);
  try {
    if (status >= 400) visitor.expect(status);
    const target = await address(visitor, where);
    for (const width of widths) {
      const scheme = schemes[width === 390 || width === 2560 ? 1 : 0];
      await visitor.turn({ width, scheme });
      assert.equal(await visitor.go(target), status, target);
      assert.ok(await visitor.page.title(), "the page has a title");
      visitor.quiet();
      await visitor.fits();
      await visitor.still();
      if (width !== 390 && width !== 1440) continue;
      await visitor.picture(`${name}-${width}-${scheme}`);
      await visitor.accessible();
    }
  } finally {
    await visitor.close();
  }
}

/// The same page in a window without scripts: it answers, fits, and everything folded opens by itself.
async function lookWithoutScripts({ status = 200, ...where }, options) {
  const visitor = await visit(browser, server.url, { ...options, width: 390, scripts: false });
  try {
    if (status >= 400) visitor.expect(status);
    assert.equal(await visitor.go(await address(visitor, where)), status);
    await visitor.fits();
    const menu = visitor.page.locator("nav .menu > summary");
    if (await menu.count()) {
      await menu.click();
      assert.ok(await visitor.page.locator('nav .menu a[href="/method"]').isVisible(), "the menu opens");
      await visitor.fits();
    }
    visitor.quiet();
  } finally {
    await visitor.close();
  }
}

function everyWindow(pages, prefix, options = () => ({ session })) {
  for (const page of pages) {
    test(`${page.name} in every window`, () => look({ ...page, name: `${prefix}${page.name}` }, options()));
    test(`${page.name} without scripts`, () => lookWithoutScripts(page, options()));
  }
}

/// Somebody answers for the clients with long names, and says so.
async function askForExceptions() {
  const { page, quiet, close } = await visit(browser, server.url, { session });
  await page.goto("/exceptions/new?q=LONG-NAME-0002");
  await page.locator("select[name=kind]").selectOption("grace");
  await page.locator("textarea[name=reason]").fill("The maker allows no change before the contract ends, and a wordthatisverylongandhasnobreakinitanywhere.");
  await page.locator("textarea[name=control]").fill("A management point of its own, in a network of its own.");
  await page.locator("input[name=owner]").fill("Medical engineering");
  await page.locator("input[name=until]").fill(new Date(Date.now() + 90 * 86_400_000).toISOString().slice(0, 10));
  await Promise.all([page.waitForNavigation(), page.getByRole("button", { name: "Ask for all of them" }).click()]);
  assert.match(page.url(), /what=asked&done=10$/);
  quiet();
  await close();
}

describe("before signing in", () => everyWindow([{ name: "sign-in", path: "/sign-in" }], "", () => ({})));

describe("with nobody reported yet", () => everyWindow(always.filter(({ same }) => !same), "empty-"));

describe("with clients of several standings", () => {
  before(async () => {
    const windows7 = report("windows-7-untouched");
    const windows10 = report("windows-10-ready");
    const halfRead = renamed(windows10, "PC-0205", 205);
    halfRead.registry = halfRead.registry.filter(({ key }) => !key.includes("WinHttp"));
    const reports = [
      windows7,
      windows10,
      halfRead,
      repaired(renamed(windows7, "PC-0043", 43)),
      ...Array.from({ length: 30 }, (_, n) => renamed(windows7, `LONG-NAME-${String(n).padStart(5, "0")}`, 1000 + n)),
    ];
    // One that changed, one that is stale and has a fresh record beside it, and a site system.
    const earlier = (made, minutes) => ({ ...made, collected_at: new Date(Date.now() - minutes * 60_000).toISOString() });
    const site = renamed(windows10, "SRV-MP-01", 402);
    site.client.roles = ["management_point", "software_update_point"];
    Object.assign(site.os, { product_type: 3, version: "6.3.9600" });
    reports.push(
      earlier(renamed(windows7, "PC-0400", 400), 2_000),
      repaired(renamed(windows7, "PC-0400", 400)),
      earlier(renamed(windows7, "PC-0401", 401), 60 * 24 * 30),
      renamed(windows10, "PC-0401", 403),
      site,
    );
    const answer = await server.request("/api/v1/reports", { method: "POST", token: server.ingestToken, body: JSON.stringify(reports) });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.json().stored, reports.length, answer.text);
    const token = await server.token("import");
    const send = (query, body, type) => server.request(`/api/v1/uploads?${query}`, { method: "POST", token, body, type });
    const table = "Device;Caption;Version;ProductType;OSArchitecture;Asked_WinHttpNative;Colour\nPC-0042;Windows 7;6.1.7601;1;64-bit;160;red\nTAB-01;Windows 10;10.0.19045;1;64-bit;2720;blue\n;;;;;;\n;;6.1.7601;;;;\n";
    const sent = [
      await send(`name=devices.csv&collected_at=${new Date(Date.now() - 3_600_000).toISOString()}`, table, "text/csv"),
      await send("name=week-47.ndjson&commit=true", `${JSON.stringify(renamed(windows7, "PC-0300", 300))}\n{"broken": true}\n`, "application/x-ndjson"),
    ];
    for (const { status, text, headers } of sent) {
      assert.equal(status, 202, text);
      await server.request(`${headers.location}?wait=30`, { token });
    }
    await server.tell("enrol", "pc-0042.corp.example", "a-machine-with-a-name-that-is-as-long-as-any.and-a-domain-that-is-long-too.corp.example", "--why", "cannot do TLS 1.2 yet");
    await askForExceptions();
  });
  everyWindow([...always, ...withClients], "");
});
