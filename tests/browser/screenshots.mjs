// The pictures of the README, taken of a demo that this starts:
//   node tests/browser/screenshots.mjs
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { startServer } from "./server.mjs";
import { openBrowser, signIn, visit } from "./visitor.mjs";

const folder = fileURLToPath(new URL("screenshots/", import.meta.url));
await mkdir(folder, { recursive: true });
const [browser, server] = await Promise.all([openBrowser(), startServer("sqlite", { demo: 2_000 })]);
try {
  const session = await signIn(browser, server);
  const desk = await visit(browser, server.url, { width: 1280, session });
  const take = (visitor, name) => visitor.page.screenshot({ path: `${folder}${name}.png` });
  await desk.page.setViewportSize({ width: 1280, height: 1000 });
  for (const [name, path] of [["overview", "/"], ["trend", "/trend"], ["fix-plan", "/fixes"]]) {
    await desk.go(path);
    await take(desk, name);
  }
  await desk.go("/blockers?impact=orphan");
  await desk.go(await desk.main.locator("tbody th a[href^='/clients/']").first().getAttribute("href"));
  await take(desk, "client");
  const phone = await visit(browser, server.url, { width: 390, scheme: "dark", session });
  await phone.go("/blockers");
  await phone.page.setViewportSize({ width: 390, height: 1000 });
  await take(phone, "blockers-narrow-dark");
} finally {
  await browser.close();
  await server.stop();
}
