// A board decides: scope, what-if, criteria, decision; then the data change, and the record does not.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { repaired, report } from "./reports.mjs";
import { engines, startServer } from "./server.mjs";
import { openBrowser, signIn, visit } from "./visitor.mjs";

const run = promisify(execFile);
const program = process.env.CUTOVER_TEST_PROGRAM ?? fileURLToPath(new URL("../../target/debug/cutover", import.meta.url));

let browser;
before(async () => (browser = await openBrowser()));
after(async () => browser?.close());

for (const engine of engines()) {
  describe(`the board, on ${engine}`, () => {
    test("decides, and the record does not move", async () => {
      const server = await startServer(engine);
      const folder = await mkdtemp(join(tmpdir(), "cutover-board-"));
      const send = (body) => server.request("/api/v1/reports", { method: "POST", token: server.ingestToken, body: JSON.stringify(body) });
      const session = await signIn(browser, server);
      const visitor = await visit(browser, server.url, { session });
      const { page } = visitor;
      const windows7 = report("windows-7-untouched");
      try {
        await send(windows7);
        await visitor.go("/cutover");
        await page.getByLabel("Name", { exact: true }).fill("Everybody");
        await page.getByLabel("Planned day").fill("2030-03-12");
        await page.getByLabel("Takes two people").uncheck();
        await page.getByRole("button", { name: "Make this scope" }).click();
        await page.getByRole("button", { name: "Run the what-if now" }).click();
        await visitor.fits();
        await visitor.accessible();
        await page.locator("h1 a").click();
        for (const kind of ["rehearsal", "rollback", "site_systems", "freeze", "repair_path"]) {
          await page.locator("select[name=kind]").selectOption(kind);
          await page.getByLabel("What holds, in words").fill("Seen, timed and tried");
          await page.getByLabel("Day that it is about").fill("2030-03-01");
          await page.getByRole("button", { name: "Say it with my name" }).click();
        }
        await visitor.turn({ width: 390, scheme: "dark" });
        await visitor.fits();
        await visitor.accessible();
        await visitor.picture("cutover-scope-390-dark");
        await visitor.turn({ width: 1440, scheme: "light" });
        await visitor.picture("cutover-scope-1440-light");
        await page.locator("select[name=decided]").selectOption("no_go");
        await page.getByRole("button", { name: "Decide with my name" }).click();
        await page.getByRole("heading", { name: "Decision 1: No-go" }).waitFor();
        await visitor.fits();
        await visitor.accessible();
        const record = await (await page.request.get("/cutover/decisions/1/record")).text();
        await send(repaired(windows7));
        await page.reload();
        assert.equal(await (await page.request.get("/cutover/decisions/1/record")).text(), record);
        await page.getByText(/Changed since it was frozen: \+0 \/ −1/).waitFor();
        const file = join(folder, "decision-1.ndjson");
        await writeFile(file, record);
        const good = await run(program, ["verify-record", file]);
        assert.match(good.stdout, /is what was signed/);
        const bytes = await readFile(file);
        bytes[Math.floor(bytes.length / 3)] ^= 1;
        await writeFile(file, bytes);
        await assert.rejects(run(program, ["verify-record", file]));
        visitor.quiet();
      } finally {
        await visitor.close();
        await rm(folder, { recursive: true, force: true });
        await server.stop();
      }
    });
  });
}
