// What a security lead does, each by mouse and by the keyboard alone, in front of a fleet with a past.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { renamed, repaired, report } from "./reports.mjs";
import { startServer } from "./server.mjs";
import { openBrowser, signIn, visit } from "./visitor.mjs";

const clients = 600;
let browser;
let server;
let session;

before(async () => {
  [browser, server] = await Promise.all([openBrowser(), startServer("sqlite", { demo: clients })]);
  session = await signIn(browser, server);
  const send = async (made) => {
    const answer = await server.request("/api/v1/reports", { method: "POST", token: server.ingestToken, body: JSON.stringify(made) });
    assert.equal(answer.status, 200, answer.text);
  };
  // One that was ready and lost it again.
  const slipped = renamed(report("windows-7-untouched"), "SLIPPED-01", 700);
  await send(repaired(slipped, { minutes: 30 }));
  await send({ ...slipped, collected_at: new Date(Date.now() - 60_000).toISOString() });
  // One of whom a second source says something else.
  const told = renamed(report("windows-10-ready", { minutes: 30 }), "TWO-SOURCES-01", 701);
  await send(told);
  const winhttp = told.registry.find(({ key }) => key.endsWith("\\WinHttp") && !key.includes("Wow6432Node"));
  await send({
    ...report("windows-10-ready", { minutes: 5 }),
    client: told.client,
    partial: true,
    collector: { name: "registry-export", version: "1", process_bits: 64 },
    registry: [{ ...winhttp, exists: true, values: { DefaultSecureProtocols: { type: "REG_DWORD", data: 0x80 } } }],
  });
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/// A hand on the mouse, and one on the keyboard.
const hands = {
  mouse: (visitor) => ({
    follow: (target) => target.click(),
    choose: (field, label) => field.selectOption({ label }),
    write: (field, text) => field.fill(text),
  }),
  keyboard: (visitor) => ({
    async follow(target) {
      await visitor.tabTo(target);
      await visitor.page.keyboard.press("Enter");
    },
    async choose(field, label) {
      await visitor.tabTo(field);
      for (let presses = 0; presses < 60; presses += 1) {
        if ((await field.locator("option:checked").innerText()) === label) return;
        await visitor.page.keyboard.press("ArrowDown");
      }
      assert.fail(`the arrow keys did not reach ${label}`);
    },
    async write(field, text) {
      await visitor.tabTo(field);
      await visitor.page.keyboard.type(text);
    },
  }),
};

const numberOf = async (target) => Number((await target.innerText()).replaceAll(",", "").match(/\d+/)[0]);
/// How many clients a list says it has: `1–100 of 214 clients`.
const lengthOf = async (visitor) => Number((await visitor.main.locator("h1 .range").innerText()).replaceAll(",", "").match(/(\d+) client/)[1]);
const rowsOf = (visitor) => visitor.main.locator('tbody th a[href^="/clients/"]');
const arrived = (visitor, pattern) => visitor.page.waitForURL(pattern);

for (const [hand, of] of Object.entries(hands)) {
  describe(`by ${hand}`, () => {
    let visitor;
    let act;
    before(async () => {
      visitor = await visit(browser, server.url, { session });
      act = of(visitor);
    });
    after(async () => {
      visitor?.quiet();
      await visitor?.close();
    });
    const at = (selector, options) => visitor.main.locator(selector, options);

    test("the state, the number left, the unknown and the direction stand on the first window", async () => {
      await visitor.go("/");
      for (const target of [at("h1"), at(".bar"), at(".readiness"), at(".direction")]) {
        const box = await target.boundingBox();
        assert.ok(box.y + box.height <= 900, `${await target.innerText().catch(() => "the bar")} is below the first window`);
      }
      assert.match(await at("h1").innerText(), /^Not ready: [\d,]+ of [\d,]+ .*clients.* would .* cannot be judged/);
      assert.match(await at(".direction").innerText(), /^(Going (down|up)|Both ways|Standing still): /);
    });

    test("state, site, OS version, list, client, fix", async () => {
      await visitor.go("/");
      await act.follow(at(".fold > summary"));
      await act.choose(at(".fold select[name=site]"), "P02");
      await act.follow(at(".fold button").first());
      await arrived(visitor, /site=P02/);
      assert.match(await at("h1").innerText(), /^In this selection: /);
      await act.follow(at('table.wide tbody tr:has(td[data-label="Blocking"] a) th a[href*="os="]').first());
      await arrived(visitor, /os=/);
      const number = at('table.wide td[data-label="Blocking"] a').first();
      const blocking = await numberOf(number);
      await act.follow(number);
      await arrived(visitor, /blockers/);
      assert.equal(await lengthOf(visitor), blocking, "the list is as long as the number says");
      const fixes = await at('td[data-label="What fixes it"] .item').first().innerText();
      await act.follow(rowsOf(visitor).first());
      await arrived(visitor, /\/clients\/[^?]+$/);
      assert.match(await at(".verdict").innerText(), /Blocking[^]*P02/);
      assert.match(await visitor.main.innerText(), /What would make it ready/);
      assert.ok(fixes, "the list names the fix, too");
      await act.follow(visitor.page.locator('nav a[href="/fixes"]'));
      await arrived(visitor, /\/fixes$/);
      await act.follow(at('table.plan a[href^="/fixes/"]').first());
      await arrived(visitor, /\/fixes\/.+/);
    });

    test("those that never speak, and those that never change", async () => {
      await visitor.go("/");
      const number = at(".side dd a").nth(2);
      const silent = await numberOf(number);
      await act.follow(number);
      await arrived(visitor, /standing=silent/);
      assert.equal(await lengthOf(visitor), silent);
      assert.match(await at("tbody").first().innerText(), /never[^]*ConfigMgr: /);
      await act.follow(rowsOf(visitor).first());
      await arrived(visitor, /\/clients\/[^?]+$/);
      assert.match(await visitor.main.innerText(), /Retired, or to be chased\?/);
      await visitor.go("/trend");
      const unchanged = at('section:has(#outlook) a[href*="unchanged"]');
      if (await unchanged.count()) {
        const n = await numberOf(unchanged);
        await act.follow(unchanged);
        await arrived(visitor, /unchanged=60/);
        assert.equal(await lengthOf(visitor), n);
      } else assert.match(await at("section:has(#outlook)").innerText(), /do not move: 0 /);
    });

    test("who was ready and is not any more, and what changed", async () => {
      await visitor.go("/");
      const line = at('.warning a[href*="regressed"]');
      const n = await numberOf(line);
      await act.follow(line);
      await arrived(visitor, /regressed=1/);
      assert.equal(await lengthOf(visitor), n);
      await act.follow(at("tbody th a", { hasText: "SLIPPED-01" }));
      await arrived(visitor, /\/clients\/[^?]+$/);
      assert.match(await at(".timeline").last().innerText(), /DefaultSecureProtocols[^]*(→|is now)/);
    });

    test("a number is defended: the client, the rule, the raw value, the source", async () => {
      await visitor.go("/");
      await act.follow(at("h1 a").first());
      await arrived(visitor, /blockers/);
      await act.follow(rowsOf(visitor).first());
      await arrived(visitor, /\/clients\/[^?]+$/);
      const check = at(".checks tbody tr").first();
      await act.follow(check.locator("summary", { hasText: "Why it matters" }));
      assert.ok(await check.locator(".why p").first().isVisible());
      await act.follow(check.locator("summary", { hasText: "Sources" }));
      assert.match(await check.locator('a[href^="https://"]').first().getAttribute("href"), /^https:\/\//);
      await act.follow(at("summary", { hasText: "Show the facts" }));
      assert.match(await at("pre.raw").last().innerText(), /registry/);
      await act.follow(visitor.page.locator(".foot a[href='/method']"));
      await arrived(visitor, /\/method/);
      assert.match(await visitor.main.innerText(), /Rules[^]*Sources/);
    });

    test("where sources say different things, the page says so and who decides", async () => {
      await visitor.go("/clients?q=TWO-SOURCES-01");
      await act.follow(rowsOf(visitor).first());
      await arrived(visitor, /\/clients\/[^?]+$/);
      const sources = await at("section:has(#sources)").innerText();
      for (const word of [/registry-export/, /cutover-collector/, /Decides \d+ facts/]) assert.match(sources, word);
      await act.follow(at("summary", { hasText: "Show what it says, registry-export" }));
      assert.match(await at("pre.raw:visible").first().innerText(), /DefaultSecureProtocols/);
    });

    test("a past day, and the day before it", async () => {
      await visitor.go("/");
      await act.follow(visitor.page.locator('nav a[href="/trend"]'));
      await arrived(visitor, /\/trend$/);
      await act.follow(at('tbody th a[href^="/trend/"]').first());
      await arrived(visitor, /\/trend\/\d/);
      const day = await at("h1").innerText();
      assert.match(await visitor.main.innerText(), /kept as they were/);
      await act.follow(at('nav a[rel="prev"]'));
      await visitor.page.waitForFunction((before) => document.querySelector("h1").innerText !== before, day);
      assert.equal(await at('td a[href^="/blockers"], td a[href^="/clients"]').count(), 0, "numbers of the past lead to no list of today");
    });

    test("a view is saved, found again and deleted", async () => {
      await visitor.go("/blockers?site=P01&sort=since");
      const length = await lengthOf(visitor);
      const name = `Mine by ${hand}`;
      await act.write(at(".save input[name=name]"), name);
      await act.follow(at(".save button"));
      await arrived(visitor, /\/views/);
      await act.follow(at("tbody th a", { hasText: name }));
      await arrived(visitor, /site=P01.*sort=since/);
      assert.equal(await lengthOf(visitor), length);
      await act.follow(visitor.page.locator('nav a[href="/views"]'));
      await arrived(visitor, /\/views/);
      await act.follow(at("button", { hasText: `Delete ${name}` }));
      await at("tbody th a", { hasText: name }).waitFor({ state: "detached" });
    });

    test("a list is taken along as CSV and Excel, with every row of it", async () => {
      await visitor.go("/blockers?site=P01");
      const length = await lengthOf(visitor);
      for (const [label, check] of [["CSV", csvRows], ["Excel", workbookRows]]) {
        const coming = visitor.page.waitForEvent("download");
        await act.follow(visitor.main.getByRole("link", { name: label, exact: true }));
        const download = await coming;
        assert.equal(await check(await readFile(await download.path())), length, `${label} has every row of the list`);
        // The keyboard begins at the top again.
        await visitor.go("/blockers?site=P01");
      }
    });
  });
}

function csvRows(bytes) {
  return bytes.toString("utf8").trim().split("\r\n").length - 1;
}

/// Counts the rows of the first sheet; a workbook is a zip of deflated XML.
async function workbookRows(bytes) {
  const { inflateRawSync } = await import("node:zlib");
  const end = bytes.lastIndexOf(Buffer.from("PK\x05\x06", "latin1"));
  let at = bytes.readUInt32LE(end + 16);
  for (let n = bytes.readUInt16LE(end + 10); n > 0; n -= 1) {
    const [method, size] = [bytes.readUInt16LE(at + 10), bytes.readUInt32LE(at + 20)];
    const [name, extra, comment] = [28, 30, 32].map((offset) => bytes.readUInt16LE(at + offset));
    const local = bytes.readUInt32LE(at + 42);
    if (bytes.toString("utf8", at + 46, at + 46 + name).endsWith("sheet1.xml")) {
      const begin = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
      const data = bytes.subarray(begin, begin + size);
      return (method === 8 ? inflateRawSync(data) : data).toString("utf8").match(/<row /g).length - 1;
    }
    at += 46 + name + extra + comment;
  }
  throw new Error("the workbook has no sheet");
}
