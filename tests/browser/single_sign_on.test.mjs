// Single sign-on at a certified provider, as a person sees it; on every database.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { freePort, startProvider } from "./provider.mjs";
import { json, renamed, report } from "./reports.mjs";
import { engines, startServer } from "./server.mjs";
import { openBrowser, visit } from "./visitor.mjs";

let browser;
before(async () => (browser = await openBrowser()));
after(() => browser?.close());

const groups = { ada: ["everybody", "tls-north"], boss: ["tls-bosses"], eve: ["everybody"] };

for (const [index, engine] of engines().entries()) {
  describe(`single sign-on on ${engine}`, () => {
    let server;
    let provider;

    before(async () => {
      const port = await freePort();
      const url = `https://127.0.0.1:${port}`;
      // Each engine meets another way of saying groups.
      provider = await startProvider({ groups, redirect: `${url}/sign-in/oidc/return`, inToken: index === 0 });
      server = await startServer(engine, {
        settings: {
          CUTOVER_LISTEN: `127.0.0.1:${port}`,
          CUTOVER_PUBLIC_URL: url,
          CUTOVER_OIDC_ISSUER: provider.issuer,
          CUTOVER_OIDC_CLIENT_ID: provider.client.id,
          CUTOVER_OIDC_CLIENT_SECRET: provider.client.secret,
          CUTOVER_OIDC_ROLES: "tls-north=operator:P01,tls-bosses=administrator",
          CUTOVER_OIDC_NAME: "Corp login",
        },
      });
      const here = report("windows-10-ready");
      const there = renamed(here, "PC-0902", 902);
      here.client.site_code = "P01";
      there.client.site_code = "P02";
      for (const made of [here, there]) {
        const sent = await server.request("/api/v1/reports", { method: "POST", token: server.ingestToken, body: json(made) });
        assert.equal(sent.status, 200, sent.text);
      }
    });
    after(async () => {
      await provider?.stop();
      assert.equal(await server?.stop(), 0, "a server that is told to stop ends well");
    });

    /// Opens a page as a stranger, and signs in at the provider as `login`.
    const comeAs = async (login, path, options) => {
      const visitor = await visit(browser, server.url, options);
      await visitor.go(path);
      await visitor.main.getByRole("link", { name: "Sign in with Corp login" }).click();
      await visitor.page.locator("input[name=login]").fill(login);
      assert.ok(visitor.page.url().startsWith(provider.issuer), "the password is typed at the provider");
      await Promise.all([visitor.page.waitForURL(`${server.url}/**`), visitor.page.getByRole("button", { name: "Go on" }).click()]);
      return visitor;
    };
    const path = (visitor) => new URL(visitor.page.url()).pathname;

    test("the door has a button above the form, in every window", async () => {
      const visitor = await visit(browser, server.url);
      for (const [width, scheme] of [[390, "dark"], [390, "light"], [1440, "light"], [1440, "dark"]]) {
        await visitor.turn({ width, scheme });
        assert.equal(await visitor.go("/sign-in?next=%2Ftrend"), 200);
        await visitor.fits();
        await visitor.accessible();
        await visitor.picture(`single-sign-on-${engine}-${width}-${scheme}`);
      }
      visitor.quiet();
      await visitor.close();
    });

    test("one button signs in, and leads to the page that was asked for, with the role and the sites of the groups", async () => {
      const ada = await comeAs("ada", "/clients");
      assert.equal(path(ada), "/clients");
      const text = await ada.main.innerText();
      assert.match(text, /PC-0107/);
      assert.doesNotMatch(text, /PC-0902/, "a machine of another site");
      await ada.go("/account");
      assert.match(await ada.main.innerText(), /ada@corp\.example has the role operator[^]*It sees these sites only: P01[^]*You sign in at 127\.0\.0\.1/);
      await ada.fits();
      await ada.accessible();
      await ada.picture(`single-sign-on-account-${engine}`);
      ada.expect(403);
      assert.equal(await ada.go("/people"), 403);
      // Signing out ends the session here.
      await ada.go("/account");
      const sent = ada.page.waitForURL(/\/sign-in$/);
      await ada.page.evaluate(() => document.querySelector('form[action="/sign-out"]').requestSubmit());
      await sent;
      await ada.go("/clients");
      assert.equal(path(ada), "/sign-in");
      ada.quiet();
      await ada.close();
    });

    test("another group makes an administrator, who sees where people come from", async () => {
      const boss = await comeAs("boss", "/people");
      assert.equal(path(boss), "/people");
      assert.match(await boss.main.innerText(), /ada@corp\.example[^]*enabled, single sign-on/);
      await boss.main.getByRole("link", { name: "ada@corp.example" }).click();
      await boss.page.waitForURL(/\/people\/ada/);
      assert.match(await boss.main.innerText(), /They come from the groups of the person at 127\.0\.0\.1/);
      assert.equal(await boss.main.getByRole("button", { name: "New password for once" }).count(), 0);
      for (const [width, scheme] of [[390, "dark"], [1440, "light"]]) {
        await boss.turn({ width, scheme });
        await boss.fits();
        await boss.accessible();
        await boss.picture(`single-sign-on-person-${engine}-${width}-${scheme}`);
      }
      boss.quiet();
      await boss.close();
    });

    test("somebody without a group is told whom to ask, and a cancelled sign-in is said", async () => {
      const visitor = await visit(browser, server.url, { width: 390, scheme: "dark" });
      visitor.expect(403);
      await visitor.go("/sign-in");
      await visitor.main.getByRole("link", { name: "Sign in with Corp login" }).click();
      await Promise.all([visitor.page.waitForURL(`${server.url}/**`), visitor.page.getByRole("button", { name: "Cancel" }).click()]);
      assert.match(await visitor.main.innerText(), /was cancelled there/);
      await visitor.close();
      const eve = await visit(browser, server.url, { width: 390, scheme: "dark" });
      eve.expect(403);
      await eve.go("/clients");
      await eve.main.getByRole("link", { name: "Sign in with Corp login" }).click();
      await eve.page.locator("input[name=login]").fill("eve");
      await Promise.all([eve.page.waitForURL(`${server.url}/**`), eve.page.getByRole("button", { name: "Go on" }).click()]);
      assert.match(await eve.main.innerText(), /eve@corp\.example is signed in at Corp login, and in no group that has a role here/);
      await eve.fits();
      await eve.accessible();
      await eve.picture(`single-sign-on-refused-${engine}`);
      await eve.go("/clients");
      assert.equal(path(eve), "/sign-in", "no session");
      eve.quiet();
      await eve.close();
    });
  });
}
