// What a person does with cutover, from the empty first screen to a cleared client; on every database, with and without
// scripts. Steps of a journey build on each other, so the first that fails ends its journey.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { folder, json, powershell, raw, renamed, repaired, report } from "./reports.mjs";
import { engines, startServer } from "./server.mjs";
import { fillIn, openBrowser, preview, signIn, store, upload, visit } from "./visitor.mjs";

let browser;
before(async () => (browser = await openBrowser()));
after(() => browser?.close());

/// The first link of the main part whose address says "what is blocking" and whose text has a number.
const blockingNumber = (visitor) =>
  visitor.main.locator('a[href*="standing=blocking"], a[href^="/blockers"]').filter({ hasText: /\d/ }).first();
const numberIn = async (link) => Number((await link.innerText()).replaceAll(/[,.\s\u00a0\u202f](?=\d{3})/g, "").match(/\d+/)[0]);
/// Presses Tab until the link has the focus, then Enter; the focus must be visible all the way.
async function walkTo({ page }, link) {
  for (let presses = 0; presses < 80; presses += 1) {
    await page.keyboard.press("Tab");
    const { shown, tag } = await page.evaluate(() => {
      const style = getComputedStyle(document.activeElement);
      return { shown: style.outlineStyle !== "none" || style.boxShadow !== "none", tag: document.activeElement.outerHTML.slice(0, 120) };
    });
    assert.ok(shown, `the focus cannot be seen on ${tag}`);
    if (await link.evaluate((element) => element === document.activeElement)) {
      await page.keyboard.press("Enter");
      return;
    }
  }
  assert.fail(`80 presses of Tab did not reach the link on ${page.url()}`);
}
const path = (visitor) => new URL(visitor.page.url()).pathname;

for (const engine of engines()) {
  for (const scripts of [true, false]) {
    describe(`on ${engine} ${scripts ? "with" : "without"} scripts`, () => {
      const windows7 = report("windows-7-untouched");
      const windows10 = report("windows-10-ready");
      const files = [];
      let server;
      let session;
      let visitor;
      let blockingPage;

      before(async () => (server = await startServer(engine)));
      after(async () => {
        await visitor?.close();
        for (const kept of files) await kept.remove();
        assert.equal(await server?.stop(), 0, "a server that is told to stop ends well");
      });
      const onDisk = async (content) => {
        files.push(await folder(content));
        return files.at(-1).paths;
      };

      test("a stranger is asked to sign in, and a wrong password is said", async () => {
        const stranger = await visit(browser, server.url, { scripts });
        await stranger.go("/");
        assert.equal(path(stranger), "/sign-in");
        for (const status of [400, 401, 403, 422]) stranger.expect(status);
        const asked = await stranger.main.innerText();
        await fillIn(stranger, server.user, "not the password");
        assert.equal(path(stranger), "/sign-in");
        assert.notEqual(await stranger.main.innerText(), asked, "the page says what was wrong");
        stranger.quiet();
        await stranger.close();
        session = await signIn(browser, server, { scripts });
        visitor = await visit(browser, server.url, { scripts, session });
      });

      test("the empty first screen promises nothing and leads to the first upload", async () => {
        assert.equal(await visitor.go("/"), 200);
        assert.doesNotMatch(await visitor.main.innerText(), /\b100\s?%/, "nobody reported: nothing is complete");
        await visitor.picture(`journey-empty-${engine}`);
        await visitor.main.locator('a[href="/upload"]').first().click();
        await visitor.page.locator("input[type=file][name=files]").waitFor();
        assert.equal(path(visitor), "/upload");
      });

      test("an uploaded report is shown, stored when that is said, and leads to the client", async () => {
        await preview(visitor, await onDisk({ "pc-0042.json": json(windows7) }));
        assert.match(await visitor.main.innerText(), /Nothing is stored yet[^]*PC-0042[^]*New device/i);
        await visitor.picture(`journey-preview-${engine}`);
        await store(visitor);
        const result = await visitor.main.innerText();
        assert.match(result, /PC-0042/i);
        assert.match(result, /blocking/i);
        await visitor.picture(`journey-uploaded-${engine}`);
        await visitor.main.locator('a[href^="/clients/"]').first().click();
        await visitor.main.getByRole("heading", { name: /PC-0042/i }).first().waitFor();
      });

      test("of several files the good are taken, and the broken one is named with its fault", async () => {
        const paths = await onDisk({
          "pc-0107.json": json(windows10),
          "pc-0108.json": powershell(renamed(windows10, "PC-0108", 108)),
          "broken.json": raw("broken.json"),
        });
        await upload(visitor, paths);
        const result = await visitor.main.innerText();
        for (const word of [/PC-0107/i, /PC-0108/i, /broken\.json/, /refused/i]) assert.match(result, word);
        await visitor.picture(`journey-mixed-${engine}`);
      });

      test("one button says that 64-bit programs read a result of CMPivot, and a tick is never dropped", async () => {
        const asked = ["Collected", "Device", "Caption", "Version", "ProductType", "OSArchitecture", "Asked_WinHttpNative", "Asked_WinHttpWow64",
          "Asked_Tls12ClientEnabled", "Asked_Tls12ClientDisabledByDefault", "Asked_NetRelease",
          ...["Native", "Wow64"].flatMap((view) => [`Asked_NetV4${view}SystemDefaultTlsVersions`, `Asked_NetV4${view}SchUseStrongCrypto`])];
        const row = [new Date(Date.now() - 3_600_000).toISOString(), "PIV-01", "Microsoft Windows 10 Pro", "10.0.19045", 1, "64-bit", 2720, 2720, 1, 0, 533320, 1, 1, 1, 1];
        const sums = () => visitor.main.getByText("By themselves:").innerText();
        const settled = async (text) => {
          await visitor.main.getByText(text).first().waitFor();
          await visitor.page.locator("#decide").waitFor();
        };
        await preview(visitor, await onDisk({ "run.csv": `${asked}\r\n${row}\r\n` }));
        assert.match(await sums(), /0 blocking, 0 ready, 1 undetermined/);
        assert.match(await visitor.main.innerText(), /registry values of 1 row\. Without that word it stays undetermined/);
        if (scripts) await visitor.accessible();
        await visitor.picture(`journey-views-${engine}`);
        await visitor.page.getByRole("button", { name: "These values were read by 64-bit programs: read again" }).click();
        await settled("1 ready");
        assert.match(await sums(), /0 blocking, 1 ready, 0 undetermined/);
        assert.match(await visitor.main.locator("table").last().innerText(), /PIV-01[^]*Ready/);
        if (scripts) await visitor.accessible();
        // Chosen and not read yet: storing reads it first. Enter in a field does what it always did.
        const tick = visitor.page.getByRole("checkbox", { name: /read by 64-bit programs/ });
        assert.ok(await tick.isChecked());
        await tick.uncheck();
        await visitor.page.getByRole("button", { name: /^Store / }).click();
        await settled("read once more instead of being stored");
        await settled("1 undetermined");
        await visitor.page.getByRole("checkbox", { name: /read by 64-bit programs/ }).check();
        await visitor.page.locator("#again input[name=device]").press("Enter");
        await settled("1 ready");
        await visitor.page.getByRole("button", { name: "Discard" }).click();
        await visitor.page.getByRole("heading", { level: 1, name: /Discarded$/ }).waitFor();
      });

      test("the same report again changes nothing, and says so", async () => {
        await upload(visitor, await onDisk({ "pc-0042.json": json(windows7) }));
        assert.match(await visitor.main.innerText(), /unchanged|already/i);
      });

      test("from the first screen the number leads to the list, the client and the fix", async () => {
        await visitor.go("/");
        const link = blockingNumber(visitor);
        assert.equal(await numberIn(link), 1);
        await visitor.picture(`journey-first-screen-${engine}`);
        await link.click();
        await visitor.page.waitForURL(/blockers|clients/);
        const clients = visitor.main.locator('a[href^="/clients/"]');
        await clients.first().waitFor();
        const listed = new Set(await clients.evaluateAll((links) => links.map((link) => link.pathname)));
        assert.equal(listed.size, 1, "the list is as long as the number says");
        assert.match(await visitor.main.innerText(), /PC-0042/i);
        await clients.first().click();
        await visitor.page.waitForURL(/\/clients\/[^?]+/);
        blockingPage = path(visitor);
        const text = await visitor.main.innerText();
        for (const word of [/KB3140245/, /DefaultSecureProtocols/, /Windows 7/, /blocking/i]) assert.match(text, word);
        await visitor.picture(`journey-client-${engine}`);
      });

      test("the list can be searched, and taken away as CSV", async () => {
        await visitor.go("/clients");
        await visitor.page.locator("input[name=q]").fill("0107");
        await Promise.all([visitor.page.waitForURL(/q=0107/), visitor.page.locator("input[name=q]").press("Enter")]);
        const found = await visitor.main.innerText();
        assert.match(found, /PC-0107/i);
        assert.doesNotMatch(found, /PC-0042/i);
        await visitor.go("/blockers");
        const address = await visitor.page.locator('a[href*="csv"]').first().getAttribute("href");
        const answer = await visitor.page.request.get(new URL(address, visitor.page.url()).href);
        assert.equal(answer.status(), 200);
        assert.match(answer.headers()["content-type"], /^text\/csv/);
        assert.match(await answer.text(), /PC-0042/i);
      });

      test("the keyboard alone leads to the client, and one can see where one is", async () => {
        await visitor.go("/");
        await walkTo(visitor, blockingNumber(visitor));
        await visitor.page.waitForURL(/blockers|clients/);
        await walkTo(visitor, visitor.main.locator('a[href^="/clients/"]').first());
        await visitor.page.waitForURL(/\/clients\/[^?]+/);
      });

      test("the pages and the API give the same numbers", async () => {
        const token = await server.token("read");
        const summary = await server.request("/api/v1/summary", { token });
        const blockers = await server.request("/api/v1/blockers", { token });
        assert.equal(summary.status, 200, summary.text);
        assert.equal(blockers.status, 200, blockers.text);
        assert.equal(blockers.json().total, 1);
        assert.equal(blockers.json().items[0].name, "PC-0042");
        await visitor.go("/");
        assert.equal(await numberIn(blockingNumber(visitor)), blockers.json().total);
      });

      test("a repaired client is off the list, and its page tells what it was", async () => {
        await upload(visitor, await onDisk({ "pc-0042-again.json": json(repaired(windows7)) }));
        assert.match(await visitor.main.innerText(), /PC-0042/i);
        await visitor.go("/blockers");
        assert.equal(await visitor.main.locator('a[href^="/clients/"]').count(), 0);
        await visitor.go(blockingPage);
        assert.match(await visitor.main.innerText(), /ready/i);
      });

      test("nothing was refused, missing or in error on the way", () => visitor.quiet());
    });
  }
}
