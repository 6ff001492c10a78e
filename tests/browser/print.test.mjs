// What people take to a meeting on paper: the pages print in black on white, without what only a screen needs, and no table
// is wider than the sheet. The sheets are left in target/screenshots/.
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { startServer } from "./server.mjs";
import { openBrowser, signIn, visit } from "./visitor.mjs";

const sheets = fileURLToPath(new URL("../../target/screenshots/", import.meta.url));
/// A4 less a centimetre on each side, at 96 pixels an inch.
const paper = { width: 718, height: 1047 };

let browser;
let server;
let visitor;
before(async () => {
  [browser, server] = await Promise.all([openBrowser(), startServer("sqlite", { demo: 300 })]);
  // Even at night paper is white.
  visitor = await visit(browser, server.url, { session: await signIn(browser, server), scheme: "dark" });
  await mkdir(sheets, { recursive: true });
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const pages = {
  "first-screen": { path: "/", says: /^Not ready: [^]*Direction[^]*By OS version[^]*Why blocked/ },
  client: { from: "/blockers", link: 'tbody th a[href^="/clients/"]', says: /Blocking[^]*What would make it ready[^]*Checks[^]*History/ },
  method: { path: "/method", says: /How this is counted[^]*Rules[^]*Sources/ },
  fixes: { path: "/fixes", says: /Fix plan[^]*What unblocks/ },
  trend: { path: "/trend", says: /Trend[^]*Outlook[^]*Day by day/ },
};

for (const [name, { path, from, link, says }] of Object.entries(pages)) {
  test(`${name} on paper`, async () => {
    const { page } = visitor;
    if (from) {
      await visitor.go(from);
      await visitor.go(await visitor.main.locator(link).first().getAttribute("href"));
    } else await visitor.go(path);
    await page.emulateMedia({ media: "print" });
    await page.setViewportSize(paper);
    assert.match(await visitor.main.innerText(), says);
    const faults = await page.evaluate(() => {
      const faults = [];
      const seen = (element) => element.getClientRects().length > 0;
      for (const part of document.querySelectorAll("nav, .who, .skip, button, form, .crumbs")) {
        if (seen(part)) faults.push(`printed: ${part.outerHTML.slice(0, 80)}`);
      }
      const width = document.documentElement.clientWidth;
      for (const part of document.querySelectorAll("table, .chart, .bar, pre, p, dl, ol")) {
        const box = part.getBoundingClientRect();
        if (seen(part) && box.right > width + 1) faults.push(`cut off by ${Math.round(box.right - width)} px: ${part.outerHTML.slice(0, 80)}`);
      }
      // Ink on paper: every text is dark, and no ground under it is.
      const light = (colour) => {
        const [red, green, blue, alpha = 1] = colour.match(/[\d.]+/g).map(Number);
        return alpha === 0 ? 255 : (red * 299 + green * 587 + blue * 114) / 1000;
      };
      for (const part of document.querySelectorAll("main *:not(svg *)")) {
        if (!seen(part) || ![...part.childNodes].some((node) => node.nodeType === 3 && node.data.trim())) continue;
        const style = getComputedStyle(part);
        if (light(style.color) > 100) faults.push(`too light: ${part.outerHTML.slice(0, 80)}`);
        if (light(style.backgroundColor) < 200) faults.push(`on a dark ground: ${part.outerHTML.slice(0, 80)}`);
      }
      return faults.slice(0, 8);
    });
    assert.deepEqual(faults, []);
    const sheet = await page.pdf({ format: "A4", margin: { top: "1cm", bottom: "1cm", left: "1cm", right: "1cm" }, printBackground: false });
    assert.ok(sheet.subarray(0, 5).equals(Buffer.from("%PDF-")) && sheet.length > 10_000);
    await writeFile(`${sheets}print-${name}.pdf`, sheet);
    await visitor.picture(`print-${name}`);
    await page.emulateMedia({ media: "screen" });
  });
}
