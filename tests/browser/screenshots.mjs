// The pictures of the README, taken from a running demo:
//   node tests/browser/screenshots.mjs https://127.0.0.1:8443 PASSWORD
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { openBrowser } from "./visitor.mjs";

const [url, password] = process.argv.slice(2);
if (!url || !password) throw new Error("give the address of a running demo and the password of admin");
const folder = fileURLToPath(new URL("screenshots/", import.meta.url));
await mkdir(folder, { recursive: true });

const browser = await openBrowser();
async function window(width, height, colorScheme) {
  const context = await browser.newContext({ baseURL: url, ignoreHTTPSErrors: true, viewport: { width, height }, colorScheme });
  const page = await context.newPage();
  await page.goto("/sign-in");
  await page.fill("input[name=user]", "admin");
  await page.fill("input[name=password]", password);
  await page.click("main button");
  await page.waitForURL("**/");
  return page;
}
try {
  const desk = await window(1280, 1000, "light");
  await desk.screenshot({ path: `${folder}overview.png` });
  await desk.goto("/blockers?impact=orphan");
  await desk.locator("main a[href^='/clients/']").first().click();
  await desk.screenshot({ path: `${folder}client.png` });
  const phone = await window(390, 1000, "dark");
  await phone.goto("/blockers");
  await phone.screenshot({ path: `${folder}blockers-narrow-dark.png` });
} finally {
  await browser.close();
}
