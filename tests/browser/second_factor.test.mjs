// A second factor, as a person sets it up and signs in with it; with and without scripts.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { startServer } from "./server.mjs";
import { fillIn, openBrowser, visit } from "./visitor.mjs";

let browser;
before(async () => (browser = await openBrowser()));
after(() => browser?.close());

/// What an authenticator app shows, so many half minutes from now.
function shown(secret, off = 0) {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret.replaceAll(/\s/g, "")].map((letter) => letters.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + off));
  const hash = createHmac("sha1", key).update(step).digest();
  const at = hash.at(-1) & 15;
  return String((hash.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

for (const scripts of [true, false]) {
  describe(`a second factor ${scripts ? "with" : "without"} scripts`, () => {
    let server;
    before(async () => (server = await startServer("sqlite", { settings: { CUTOVER_REQUIRE_SECOND_FACTOR: "administrator" } })));
    after(async () => assert.equal(await server?.stop(), 0));
    const path = (visitor) => new URL(visitor.page.url()).pathname;
    const look = async (visitor, name) => {
      for (const [width, scheme] of [[390, "dark"], [390, "light"], [1440, "dark"], [1440, "light"]]) {
        await visitor.turn({ width, scheme });
        await visitor.fits();
        if (!scripts) continue;
        await visitor.accessible();
        await visitor.picture(`second-factor-${name}-${width}-${scheme}`);
      }
    };
    const press = async (visitor, name) => {
      await Promise.all([visitor.page.waitForNavigation(), visitor.main.getByRole("button", { name }).click()]);
    };
    let secret;
    let codes;

    test("who needs one is led to set it up, and gets recovery codes once", async () => {
      const visitor = await visit(browser, server.url, { scripts });
      visitor.expect(422);
      await visitor.go("/sign-in");
      await fillIn(visitor, server.user, server.password);
      assert.equal(path(visitor), "/account/second-factor");
      assert.match(await visitor.main.innerText(), /Your role needs a second factor/);
      await look(visitor, "none");
      await press(visitor, "Set it up");
      secret = await visitor.main.locator("pre code").innerText();
      assert.match(secret, /^([A-Z2-7]{4} ){7}[A-Z2-7]{4}$/);
      assert.match(await visitor.main.getByRole("link", { name: "open it in an app" }).getAttribute("href"), /^otpauth:\/\/totp\/cutover:admin\?secret=[A-Z2-7]{32}&issuer=cutover/);
      assert.ok(await visitor.main.getByRole("img", { name: "The secret as a QR code" }).isVisible());
      await look(visitor, "offered");
      await visitor.main.getByLabel("Code that the app shows").fill("000000");
      await press(visitor, "Confirm");
      assert.match(await visitor.main.getByRole("alert").innerText(), /not of this secret/);
      await visitor.main.getByLabel("Code that the app shows").fill(shown(secret));
      await press(visitor, "Confirm");
      codes = (await visitor.main.locator("pre code").innerText()).trim().split(/\s+/);
      assert.equal(codes.length, 10);
      await look(visitor, "codes");
      assert.equal(await visitor.go("/people"), 200);
      assert.match(await visitor.main.innerText(), /enabled, second factor/);
      await visitor.go("/people/admin");
      assert.equal(await visitor.main.getByRole("button", { name: "Reset the second factor" }).count(), 1);
      await look(visitor, "person");
      await visitor.go("/account");
      await look(visitor, "account");
      visitor.quiet();
      await visitor.close();
    });

    test("the password leads to a page for the code, and the code on to where one wanted", async () => {
      const visitor = await visit(browser, server.url, { scripts });
      visitor.expect(401);
      await visitor.go("/trend");
      await fillIn(visitor, server.user, server.password);
      assert.equal(path(visitor), "/sign-in/code");
      await look(visitor, "asked");
      await visitor.page.locator("input[name=code]").fill("12");
      await press(visitor, "Sign in");
      assert.match(await visitor.main.getByRole("alert").innerText(), /This code is wrong/);
      // The code of now was used for setting up; the next one is taken already.
      await visitor.page.locator("input[name=code]").fill(shown(secret, 1));
      await press(visitor, "Sign in");
      assert.equal(path(visitor), "/trend");
      visitor.quiet();
      await visitor.close();
    });

    test("a recovery code does when the app is lost", async () => {
      const visitor = await visit(browser, server.url, { scripts });
      await visitor.go("/sign-in");
      await fillIn(visitor, server.user, server.password);
      await visitor.page.locator("input[name=code]").fill(codes[0].toUpperCase());
      await press(visitor, "Sign in");
      assert.equal(path(visitor), "/");
      await visitor.go("/account/second-factor");
      assert.match(await visitor.main.innerText(), /You have 9 recovery codes/);
      await look(visitor, "holds");
      visitor.quiet();
      await visitor.close();
    });
  });
}
