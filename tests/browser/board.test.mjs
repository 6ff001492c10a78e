// A board decides: scope, what-if, criteria, decision; then the data change, and the record does not. The file that was taken
// away is verified without the server, and one changed byte is caught.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { renamed, repaired, report } from "./reports.mjs";
import { engines, startServer } from "./server.mjs";
import { openBrowser, signIn, visit } from "./visitor.mjs";

const run = promisify(execFile);
const program = process.env.CUTOVER_TEST_PROGRAM ?? fileURLToPath(new URL("../../target/debug/cutover", import.meta.url));

let browser;
before(async () => (browser = await openBrowser()));
after(async () => browser?.close());

/// The page as it is, in both schemes, on a telephone and on a desk.
async function looked(visitor, name) {
  for (const [width, scheme] of [[390, "dark"], [1440, "light"]]) {
    await visitor.turn({ width, scheme });
    await visitor.fits();
    await visitor.accessible();
    await visitor.picture(`${name}-${width}-${scheme}`);
  }
}

/// A day some days ago, as a field of a form takes it.
const dayAgo = (days) => new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);

for (const engine of engines()) {
  describe(`the board, on ${engine}`, () => {
    test("decides, and the record does not move", async () => {
      const server = await startServer(engine);
      const folder = await mkdtemp(join(tmpdir(), "cutover-board-"));
      const send = (body) => server.request("/api/v1/reports", { method: "POST", token: server.ingestToken, body: JSON.stringify(body) });
      const session = await signIn(browser, server);
      const visitor = await visit(browser, server.url, { session });
      const { page } = visitor;
      const name = (path) => `cutover-${path}-${engine}`;
      const taken = async (part) => (await page.request.get(`/cutover/decisions/1/${part}`)).text();
      const windows7 = report("windows-7-untouched");
      const windows10 = report("windows-10-ready");
      try {
        // Nothing yet.
        await visitor.go("/cutover");
        await looked(visitor, name("none"));
        for (const body of [windows7, windows10, renamed(report("windows-7-untouched"), "MILL-01", 1)]) {
          const { status, text } = await send(body);
          assert.equal(status, 200, text);
        }
        // One machine is answered for, by two people.
        await page.goto("/exceptions/new?q=MILL-01");
        await page.getByLabel("Kind").selectOption({ index: 1 });
        await page.getByLabel("Reason").fill("It drives a mill, and nobody sells its program any more");
        await page.getByLabel("Compensating control").fill("It stands in a network of its own");
        await page.getByLabel("Owner").fill("Mill hands");
        await page.getByLabel("Last day").fill(new Date(Date.now() + 90 * 86_400_000).toISOString().slice(0, 10));
        await page.locator("main form button").last().click();
        await page.goto("/exceptions");
        await page.locator('tbody a[href^="/exceptions/"]').first().click();
        const asked = page.url();
        assert.equal(await page.getByRole("button", { name: "Approve" }).count(), 0, "nobody approves what they asked for");
        const second = await server.account("wanda", "approver", "a board of several people");
        const other = await visit(browser, server.url, { session: await signIn(browser, second) });
        await other.go(new URL(asked).pathname);
        await other.page.getByLabel("Why you approve or reject it").fill("Looked at on the spot");
        await other.page.getByRole("button", { name: "Approve" }).click();
        other.quiet();
        await other.close();
        await page.goto(asked);
        await page.getByText("by wanda").first().waitFor();
        await visitor.go("/cutover");
        // The scope.
        await page.getByLabel("Name", { exact: true }).fill("Everybody");
        await page.getByLabel("Planned day").fill("2030-03-12");
        await page.getByLabel("Takes two people").uncheck();
        await page.getByRole("button", { name: "Make this scope" }).click();
        await page.getByRole("heading", { name: "No-go: 11 of 11 criteria are not met." }).waitFor();
        await looked(visitor, name("scope-new"));
        // What if.
        await page.getByRole("button", { name: "Run the what-if now" }).click();
        // Who is answered for is told apart, and counted.
        await page.getByText("Of 3 clients at least 1 would lose contact").waitFor();
        await page.getByText("One more is under an exception and would or may lose contact too").first().waitFor();
        await looked(visitor, name("run"));
        await page.locator("h1 a").click();
        // What only people know.
        for (const kind of ["rehearsal", "rollback", "site_systems", "freeze", "repair_path"]) {
          await page.locator("select[name=kind]").selectOption(kind);
          await page.getByLabel("What holds, in words").fill("Seen, timed and tried");
          await page.getByLabel("Day that it is about").fill(kind === "freeze" ? "2030-03-12" : dayAgo(2));
          await page.getByRole("button", { name: "Say it with my name" }).click();
        }
        await page.getByText("Set a limit", { exact: true }).click();
        await page.locator("select[name=criterion]").selectOption("coverage");
        await page.locator("form[action$=limits]").getByLabel("Limit", { exact: true }).fill("90");
        await page.locator("form[action$=limits]").getByLabel("Why").fill("Agreed in the board");
        await page.getByRole("button", { name: "Set it with my name" }).click();
        await page.getByText("set by admin").waitFor();
        await looked(visitor, name("scope"));
        await page.getByRole("link", { name: "The same to read and print" }).click();
        assert.equal(await visitor.main.locator("form").count(), 0, "nothing can be changed on paper");
        await looked(visitor, name("paper"));
        await page.goBack();
        // The decision.
        await page.locator("select[name=decided]").selectOption("no_go");
        await page.locator("form[action$=decide]").getByLabel("Why").fill("One client would lose contact");
        await page.getByRole("button", { name: "Decide with my name" }).click();
        await page.getByRole("heading", { name: "Decision 1: No-go" }).waitFor();
        await page.getByText("Nothing: the same clients are not safe, and none of them is worse off, as of").waitFor();
        const record = await taken("record");
        const sheet = await taken("sheet");
        assert.match(await taken("calendar"), /DTSTART;VALUE=DATE:20300312\r\n/);
        // The data change, and the record does not.
        await send(repaired(windows7));
        await send(renamed(report("windows-7-untouched"), "LATE-02", 2));
        await page.reload();
        assert.equal(await taken("record"), record);
        assert.equal(await taken("sheet"), sheet);
        await page.getByRole("heading", { name: "Changed since it was frozen: +1 / −1" }).waitFor();
        await page.getByText("New among those not safe: LATE-02").waitFor();
        await page.getByText(`Not among them any more: ${windows7.client.name}`).waitFor();
        await looked(visitor, name("decision"));
        // Without the server.
        const key = await page.locator("dt", { hasText: "Signed with" }).locator("xpath=following-sibling::dd//code").first().textContent();
        const file = join(folder, "decision-1.ndjson");
        await writeFile(file, record);
        const good = await run(program, ["verify", file, "--key", key]);
        assert.match(good.stdout, /is what was signed/);
        const bytes = await readFile(file);
        for (const place of [3, Math.floor(bytes.length / 3), bytes.length - 9]) {
          const changed = Buffer.from(bytes);
          changed[place] ^= 1;
          await writeFile(file, changed);
          await assert.rejects(run(program, ["verify", file, "--key", key]), ({ code }) => code === 1, `byte ${place}`);
        }
        // After the switch.
        await visitor.go("/cutover/decisions/1");
        await page.getByRole("link", { name: "After the switch" }).click();
        await page.getByRole("heading", { name: "Too early to say" }).waitFor();
        await page.getByLabel("Why all the same").fill("The night was free for it");
        await page.getByRole("button", { name: "Say with my name that it is switched off now" }).click();
        await page.getByText("that it was switched off; this counts from there").waitFor();
        await page.getByText("days before the planned day. Why: The night was free for it").waitFor();
        await looked(visitor, name("after"));
        await visitor.go("/cutover");
        await looked(visitor, name("some"));
        // The sheet is one file that needs nobody.
        const paper = join(folder, "decision-1.html");
        await writeFile(paper, sheet);
        await page.goto(pathToFileURL(paper).href);
        await looked(visitor, name("sheet"));
        visitor.quiet();
      } finally {
        await visitor.close();
        await rm(folder, { recursive: true, force: true });
        await server.stop();
      }
    });
  });
}
