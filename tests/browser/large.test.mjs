// A table of a whole site, uploaded by a person: the bar moves, the preview says what storing would do, and the same
// file once more changes nothing. How often a bar is seen to move depends on the machine: of two readings and of two
// storings one has to be seen part of the way.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { folder } from "./reports.mjs";
import { engines, startServer } from "./server.mjs";
import { openBrowser, signIn, visit } from "./visitor.mjs";

/// A large office: enough for a bar to move. With `CUTOVER_TEST_LARGE=1` a whole site of 100,000.
const devices = process.env.CUTOVER_TEST_LARGE === "1" ? 100_000 : 15_000;
/// A debug build on a busy machine.
const patience = 600_000;

/// As a query of the site's database gives it; every row is a device of its own.
function table() {
  const lines = ["Name0,Resource_Domain_OR_Workgr0,Caption0,Version0,ProductType0,OSArchitecture0"];
  const systems = ["Microsoft Windows 10 Enterprise,10.0.19045,1,64-bit", "Microsoft Windows 11 Enterprise,10.0.22631,1,64-bit"];
  for (let n = 0; n < devices; n += 1) {
    lines.push(`LARGE-${String(n).padStart(6, "0")},CORP,${systems[n % systems.length]}`);
  }
  return Buffer.from(`${lines.join("\r\n")}\r\n`);
}

/// Whether a bar stands between nothing and everything.
const partly = (value) => value > 0 && value < devices;

/// The values of the bar that stand in a page, one after the other, from now on and behind every reload. The page looks
/// far more often here than for a person, because a fast machine is done with a portion before a second has passed.
async function watchBar(page) {
  let seen = [];
  const part = new Set();
  await page.exposeBinding("barMoved", (_, state, value, max) => seen.push({ state, value, max }));
  await page.addInitScript(() => {
    const later = window.setTimeout.bind(window);
    window.setTimeout = (work, wait, ...rest) => later(work, Math.min(wait ?? 0, 25), ...rest);
    const look = () => {
      const bar = document.querySelector("[data-progress] progress");
      if (!bar) return;
      const tell = () => bar.hasAttribute("value") && window.barMoved(bar.closest("[data-state]").dataset.state, Number(bar.getAttribute("value")), bar.max);
      tell();
      new MutationObserver(tell).observe(bar, { attributes: true, attributeFilter: ["value"] });
    };
    document.addEventListener("DOMContentLoaded", look);
  });
  return {
    /// What was seen of one piece of work: it never fell, and is about the rows of the file. What comes is the next one.
    rose(state) {
      const values = seen.filter((one) => one.state === state).map(({ value }) => value);
      assert.ok(values.every((value, at) => at === 0 || value >= values[at - 1]), `while ${state} the bar fell: ${values.join(", ")}`);
      assert.ok(seen.every(({ value, max }) => value <= max && max <= devices), "it is about the rows of the file");
      if (values.some(partly)) part.add(state);
      seen = [];
    },
    /// Of all the pieces of work at least one was seen part of the way, in each state.
    moved() {
      for (const state of ["reading", "committing"]) {
        assert.ok(part.has(state), `while ${state} the bar was not seen part of the way once`);
      }
    },
  };
}

/// Without scripts the page comes again by itself, every other second; here somebody reloads it meanwhile, until it was
/// seen part of the way. From then on it is left alone, and has to reach the end by itself. What the bar showed is given.
async function watchWithoutScripts(page, storing) {
  const seen = [];
  const stored = page.getByRole("heading", { level: 1, name: /Stored$/ });
  const bar = page.locator("progress");
  // It may come again by itself at the very moment: then the one or the other is broken off.
  const reload = () => page.reload().catch((error) => assert.match(error.message, /ERR_ABORTED|interrupted|Timeout/));
  let ended = false;
  storing.catch(() => (ended = true));
  while (!ended && !seen.some(partly) && (await stored.count()) === 0) {
    await reload();
    if ((await bar.count()) > 0) seen.push(Number(await bar.getAttribute("value", { timeout: 1_000 }).catch(() => 0)));
  }
  await storing;
  await stored.waitFor({ timeout: patience });
  return seen;
}

/// Chooses the file as people do and has it read; ends while it is being read.
async function choose({ page }, paths) {
  await page.goto("/upload");
  const chooser = page.waitForEvent("filechooser");
  await page.getByLabel("Files", { exact: true }).click();
  await (await chooser).setFiles(paths);
  await Promise.all([page.waitForURL(/\/uploads\//, { timeout: patience }), page.getByRole("button", { name: "Read the files" }).click()]);
}

const first = async (server, token) => {
  const answer = await server.request("/api/v1/summary", { token });
  return answer.json().population.total;
};

for (const engine of engines()) {
  const counted = devices.toLocaleString("en-GB");
  describe(`${counted} devices in one file on ${engine}`, { timeout: 2 * patience }, () => {
    let browser;
    let server;
    let session;
    let visitor;
    let bar;
    let files;
    let token;
    let partWithoutScripts = false;
    const store = async () => {
      await visitor.page.getByRole("button", { name: `Store ${counted} readings` }).click();
      await visitor.page.getByRole("heading", { level: 1, name: /Stored$/ }).waitFor({ timeout: patience });
    };
    const receipt = () => visitor.page.locator("#receipt").locator("xpath=ancestor::section").innerText();

    before(async () => {
      [browser, server] = await Promise.all([openBrowser(), startServer(engine)]);
      session = await signIn(browser, server);
      token = await server.token("read");
      files = await folder({ "site.csv": table() });
      visitor = await visit(browser, server.url, { session });
      bar = await watchBar(visitor.page);
    });
    after(async () => {
      await browser?.close();
      await server?.stop();
      await files?.remove();
    });

    /// Waits until something stands on the page; it reloads itself.
    const reached = (selector) => visitor.page.locator(selector).waitFor({ timeout: patience });
    const timed = async (context, what, work) => {
      const began = performance.now();
      await work();
      context.diagnostic(`${engine}: ${what} took ${((performance.now() - began) / 1000).toFixed(1)} s`);
    };

    test("it is read before one's eyes, and the preview says what is in it", async (context) => {
      await timed(context, "reading a new table", async () => {
        await choose(visitor, files.paths);
        await reached("#decide");
      });
      bar.rose("reading");
      assert.match(await visitor.main.innerText(), new RegExp(`Of ${counted} rows: ${counted} would bring a new client\\.`));
      assert.equal(await first(server, token), 0, "nothing is stored yet");
    });

    test("it is stored before one's eyes, also of a window without scripts", async (context) => {
      const still = await visit(browser, server.url, { session, scripts: false });
      await still.go(new URL(visitor.page.url()).pathname);
      let seen;
      await timed(context, "storing a new table", async () => {
        seen = await watchWithoutScripts(still.page, store());
      });
      bar.rose("committing");
      assert.ok(seen.every((value) => value <= devices), `without scripts it went too far: ${seen}`);
      partWithoutScripts = seen.some(partly);
      assert.match(await still.main.innerText(), new RegExp(`${counted} brought a new client`));
      await still.close();
      assert.match(await receipt(), new RegExp(`Of ${counted} rows: ${counted} brought a new client\\.`));
      assert.equal(await first(server, token), devices);
    });

    test("the same file once more changes nothing, and says so before and after", async (context) => {
      await timed(context, "reading the same table again", async () => {
        await choose(visitor, files.paths);
        await reached("#decide");
      });
      bar.rose("reading");
      assert.match(await visitor.main.innerText(), new RegExp(`Of ${counted} rows: ${counted} unchanged\\.`));
      const still = await visit(browser, server.url, { session, scripts: false });
      await still.go(new URL(visitor.page.url()).pathname);
      let seen;
      await timed(context, "storing the same table again", async () => {
        seen = await watchWithoutScripts(still.page, store());
      });
      await still.close();
      bar.rose("committing");
      bar.moved();
      assert.ok(partWithoutScripts || seen.some(partly), "without scripts it was not seen part of the way once");
      assert.match(await receipt(), new RegExp(`Of ${counted} rows: ${counted} unchanged\\.`));
      assert.equal(await first(server, token), devices, "no client came or went");
      await visitor.go("/");
      assert.match(await visitor.main.innerText(), new RegExp(counted.replace(",", "[,\\s]?")));
      visitor.quiet();
    });
  });
}
