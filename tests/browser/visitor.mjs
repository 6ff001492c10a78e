// A person in front of the pages: a window of some width, light or dark, with or without scripts; and what must hold on
// every page they see.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const screenshots = fileURLToPath(new URL("../../target/screenshots/", import.meta.url));

/// Everyone's window, from a telephone to a wall; each by day or by night, and axe looks at both.
export const widths = [390, 768, 1440, 2560];
export const schemes = ["light", "dark"];

/// Debian's Chromium, without the calls home that a closed network would refuse.
export function openBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    chromiumSandbox: false,
    args: ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
}

/// Runs in the page before it: everything that moves without anybody having touched it.
function countShifts() {
  window.layoutMoved = [];
  const table = (node) => (node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement)?.closest("table");
  new PerformanceObserver((list) => {
    for (const shift of list.getEntries()) {
      // A source has no node when that is not in the page any more: it was moved while its row was still being read.
      const nodes = shift.sources.map(({ node }) => node).filter((node) => node);
      // A long table may be painted before its last rows have come, and they may widen its columns.
      const inTables = nodes.length > 0 && nodes.every(table);
      if (shift.hadRecentInput || inTables) continue;
      const names = nodes.map((node) => (node.outerHTML ?? node.textContent).slice(0, 80));
      window.layoutMoved.push(`${shift.value.toFixed(6)} ${shift.sources.length} sources: ${names.join(" | ")}`);
    }
  }).observe({ type: "layout-shift", buffered: true });
}

/// Opens a window at `url`. `session` is what `signIn` gave.
export async function visit(browser, url, { width = 1440, scheme = "light", scripts = true, session } = {}) {
  const context = await browser.newContext({
    baseURL: url,
    ignoreHTTPSErrors: true,
    viewport: { width, height: 900 },
    colorScheme: scheme,
    reducedMotion: "reduce",
    javaScriptEnabled: scripts,
    storageState: session,
  });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  if (scripts) await page.addInitScript(countShifts);
  const complaints = [];
  const expected = new Set();
  page.on("pageerror", (error) => complaints.push(`script error: ${error.message}`));
  page.on("console", (message) => {
    // A page that is meant to be an error says so in the console as well; the status is what counts.
    if (message.type() !== "error" || message.text().startsWith("Failed to load resource")) return;
    complaints.push(`console: ${message.text()}`);
  });
  page.on("requestfailed", (request) => {
    // A click that leaves a page ends what that page was still loading.
    if (request.failure()?.errorText !== "net::ERR_ABORTED") complaints.push(`${request.url()}: ${request.failure()?.errorText}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 400 && !expected.has(response.status())) complaints.push(`${response.url()}: ${response.status()}`);
  });

  return {
    page,
    main: page.locator("main"),
    /// From here on an answer with this status is what the test wants.
    expect: (status) => expected.add(status),
    async go(path) {
      const response = await page.goto(path);
      return response.status();
    },
    /// Nothing refused by the policy, no script error, nothing missing.
    quiet: () => assert.ok(complaints.length === 0, `complaints up to ${page.url()}:\n${complaints.join("\n")}`),
    /// The page fits the window; a wide table may scroll inside its own box.
    async fits() {
      const { over, names } = await page.evaluate(() => {
        const width = document.documentElement.clientWidth;
        const wide = [...document.body.querySelectorAll("*")].filter((element) => element.getBoundingClientRect().right > width + 1);
        return {
          over: document.documentElement.scrollWidth - width,
          names: wide.slice(0, 5).map((element) => element.outerHTML.slice(0, 120)),
        };
      });
      assert.ok(over <= 0, `${page.url()} is ${over} px too wide at ${width} px:\n${names.join("\n")}`);
    },
    /// Nothing moved while the page came; `visit` has been counting since it began. A busy machine may draw a page in two steps
    /// and move a word by a hair: a hundredth is a tenth of what browsers call good.
    async still() {
      const moved = await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(() => resolve(window.layoutMoved), 50))));
      const all = moved.reduce((sum, one) => sum + Number.parseFloat(one), 0);
      assert.ok(all < 0.01, `${page.url()} moved while it came, at ${page.viewportSize().width} px: ${moved.join("\n")}`);
    },
    /// Another width or scheme in the same window.
    async turn({ width, scheme: other }) {
      if (width) await page.setViewportSize({ width, height: 900 });
      if (other) await page.emulateMedia({ colorScheme: other, reducedMotion: "reduce" });
      if (other) scheme = other;
    },
    /// Presses Tab until the focus is on `target`. The focus is visible all the way and never goes back in the page.
    async tabTo(target, { most = 400 } = {}) {
      await target.waitFor();
      await page.evaluate(() => (window.passedBefore = undefined));
      for (let presses = 0; presses < most; presses += 1) {
        await page.keyboard.press("Tab");
        const { shown, back, tag } = await page.evaluate(() => {
          const here = document.activeElement;
          const before = window.passedBefore;
          window.passedBefore = here;
          const style = getComputedStyle(here);
          const box = here.getBoundingClientRect();
          return {
            shown: here === document.body || ((style.outlineStyle !== "none" || style.boxShadow !== "none") && box.width > 0 && box.height > 0),
            back: Boolean(before && before !== document.body && here !== document.body && before.compareDocumentPosition(here) & Node.DOCUMENT_POSITION_PRECEDING),
            tag: here.outerHTML.slice(0, 120),
          };
        });
        assert.ok(shown, `the focus cannot be seen on ${tag}`);
        assert.ok(!back, `the focus went back to ${tag}`);
        if (await target.evaluate((element) => element === document.activeElement)) return;
      }
      assert.fail(`${most} presses of Tab did not reach the target on ${page.url()}`);
    },
    /// No fault that axe can find.
    async accessible() {
      // axe waits on timers, which do not run in a window without scripts.
      assert.ok(scripts, "axe needs scripts");
      const faults = await axe(page);
      assert.ok(faults.length === 0, `axe on ${page.url()} (${width} px, ${scheme}):\n${faults.join("\n")}`);
    },
    async picture(name) {
      await mkdir(screenshots, { recursive: true });
      // The longest pages are many screens, and the machine may be busy.
      await page.screenshot({ path: `${screenshots}${name}.png`, fullPage: true, timeout: 60_000 });
    },
    session: () => context.storageState(),
    close: () => context.close(),
  };
}

/// axe is given to the debugger and not to the page, whose policy would refuse the script.
async function axe(page) {
  const debug = await page.context().newCDPSession(page);
  const evaluate = async (expression) => {
    const { result, exceptionDetails } = await debug.send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  };
  try {
    await evaluate(`${axeSource}\n;undefined`);
    return await evaluate(`axe.run().then(({ violations }) => violations.map(({ id, help, nodes }) =>
      id + ": " + help + "\\n" + nodes.slice(0, 4).map(({ html, failureSummary }) => html + "\\n  " + failureSummary).join("\\n")))`);
  } finally {
    await debug.detach();
  }
}

/// Signs in through the form, and gives the session for later windows.
export async function signIn(browser, server, options = {}) {
  const visitor = await visit(browser, server.url, options);
  await visitor.go("/sign-in");
  await fillIn(visitor, server.user, server.password);
  assert.ok(!new URL(visitor.page.url()).pathname.startsWith("/sign-in"), "signed in, and led on");
  visitor.quiet();
  const session = await visitor.session();
  await visitor.close();
  return session;
}

/// Fills in the sign-in form and sends it.
export async function fillIn({ page }, user, password) {
  await page.locator("input[name=user]").fill(user);
  await page.locator("input[name=password]").fill(password);
  await Promise.all([page.waitForNavigation(), page.locator("input[name=password]").press("Enter")]);
}

/// Chooses files on the upload page and has them read; ends at the preview.
export async function preview({ page }, paths) {
  await page.goto("/upload");
  const files = page.locator("input[type=file][name=files]");
  await files.setInputFiles(paths);
  const form = page.locator("form").filter({ has: files });
  await Promise.all([page.waitForURL(/\/uploads\//), form.getByRole("button", { name: "Read the files" }).click()]);
  await page.locator("#decide").waitFor();
}

/// Has what the preview shows stored; ends at the receipt.
export async function store({ page }) {
  await page.getByRole("button", { name: /^Store / }).click();
  await page.getByRole("heading", { level: 1, name: /Stored$/ }).waitFor();
}

/// Chooses files, looks at the preview and has them stored.
export async function upload(visitor, paths) {
  await preview(visitor, paths);
  await store(visitor);
}
