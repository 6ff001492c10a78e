// The real program on a free port with a database of its own, and the doors that are not a browser.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import https from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../", import.meta.url));
const program = process.env.CUTOVER_TEST_PROGRAM ?? join(root, "target/debug/cutover");
const startsWithin = 60_000;
const stopsWithin = 15_000;

/// Every database there is to test on: SQLite, and PostgreSQL where tests/run gave one.
export function engines() {
  if (process.env.CUTOVER_TEST_POSTGRES_URL) return ["sqlite", "postgres"];
  if (process.env.CI) throw new Error("CUTOVER_TEST_POSTGRES_URL is not set: in CI the pages are tested on PostgreSQL too");
  console.warn("CUTOVER_TEST_POSTGRES_URL is not set: the pages are tested on SQLite only (tests/run sets it)");
  return ["sqlite"];
}

/// The password that `admin` gets from a file, where the server does not make one up.
const firstPassword = "brown horse, 4 legs";

/// What the first start tells the operator. Undefined until all of it has been said.
export function announcement(text) {
  const found = {
    url: /listening on (https?:\/\/\S+?)\/?\s/.exec(text)?.[1],
    user: /^\s*sign in as:\s+([^\s,]+)/m.exec(text)?.[1],
    password: /, with the password from the file$/m.test(text) ? firstPassword : /^\s*password:\s+(\S+)\s*$/m.exec(text)?.[1],
    ingestToken: /^\s*ingest token:\s+(\S+)\s*$/m.exec(text)?.[1],
  };
  return Object.values(found).every(Boolean) ? found : undefined;
}

async function freshDatabase() {
  const url = new URL(process.env.CUTOVER_TEST_POSTGRES_URL);
  const name = `cutover_browser_${process.pid}_${Date.now()}`;
  const programs = await run(join(root, "tests/support/postgres"), ["find"]).then(({ stdout }) => stdout.trim(), () => "");
  const psql = existsSync(join(programs, "psql")) ? join(programs, "psql") : "psql";
  const tell = (sql) => run(psql, ["--no-psqlrc", "-v", "ON_ERROR_STOP=1", "-q", "-d", url.href, "-c", sql]);
  await tell(`CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'`);
  const own = new URL(url);
  own.pathname = `/${name}`;
  return { url: own.href, drop: () => tell(`DROP DATABASE ${name} WITH (FORCE)`) };
}

/// Starts the program on an empty database and waits until it is ready to serve. `demo`: with so many simulated clients,
/// their past, and lists of who is expected; on SQLite. `settings`: more of its environment.
export async function startServer(engine = "sqlite", { demo, settings = {} } = {}) {
  if (!existsSync(program)) throw new Error(`${program} is not there: cargo build first`);
  const data = await mkdtemp(join(tmpdir(), "cutover-server-"));
  const database = engine === "postgres" ? await freshDatabase() : undefined;
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("CUTOVER_")));
  Object.assign(env, { CUTOVER_DATA_DIR: data, CUTOVER_LISTEN: "127.0.0.1:0", ...settings });
  if (!demo) {
    env.CUTOVER_FIRST_ADMIN_PASSWORD_FILE = join(data, "first-password");
    await writeFile(env.CUTOVER_FIRST_ADMIN_PASSWORD_FILE, `${firstPassword}\n`, { mode: 0o600 });
  }
  if (database) env.CUTOVER_DATABASE_URL = database.url;

  const command = demo ? ["demo", "--clients", String(demo), "--listen", "127.0.0.1:0"] : ["serve"];
  const filled = () => !demo || output.includes("The demo fleet is there");
  const child = spawn(program, command, { cwd: data, env, stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(child, "exit");
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));

  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
    const late = setTimeout(() => child.kill("SIGKILL"), stopsWithin);
    await ended;
    clearTimeout(late);
    await database?.drop();
    await rm(data, { recursive: true, force: true });
    return child.exitCode;
  };

  const request = (path, { method = "GET", token, body, type = "application/json", headers = {} } = {}) =>
    new Promise((resolve, reject) => {
      const url = new URL(path, told.url);
      const options = { method, rejectUnauthorized: false, headers: { ...headers } };
      if (token) options.headers.authorization = `Bearer ${token}`;
      if (body) options.headers["content-type"] = type;
      const sent = (url.protocol === "https:" ? https : http).request(url, options, async (answer) => {
        let text = "";
        for await (const part of answer.setEncoding("utf8")) text += part;
        resolve({ status: answer.statusCode, headers: answer.headers, text, json: () => JSON.parse(text) });
      });
      sent.on("error", reject);
      sent.end(body);
    });

  /// A command of the program beside the server, and what it prints.
  const tell = async (...words) => (await run(program, words, { cwd: data, env })).stdout.trim();
  /// An account, as an administrator on the machine makes it.
  const account = async (user, role, password) => {
    const made = run(program, ["user", "add", user, "--role", role, "--password-stdin"], { cwd: data, env });
    made.child.stdin.end(`${password}\n`);
    await made;
    return { url: told.url, user, password };
  };
  const token = (purpose) => tell("token", "create", "--purpose", purpose, "--name", "browser-tests");

  let told;
  const deadline = Date.now() + startsWithin;
  for (;;) {
    told ??= announcement(output);
    if (told && filled() && (await request("/readyz").then(({ status }) => status === 200, () => false))) break;
    const gone = child.exitCode !== null || child.signalCode !== null;
    if (gone || Date.now() > deadline) {
      await stop();
      const why = gone ? "stopped" : told ? "was not ready in time" : "did not say all of address, user, password and ingest token";
      throw new Error(`cutover serve ${why}. It said:\n${output}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { engine, ...told, request, tell, token, account, stop, output: () => output };
}
