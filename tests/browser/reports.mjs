// Report files as they arrive: the fixtures with fresh times, in the encodings that PowerShell writes.
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const fixtures = new URL("./fixtures/", import.meta.url);

/// The fixture as it stands on disk.
export const raw = (name) => readFileSync(new URL(name, fixtures));

const ago = (minutes) => new Date(Date.now() - minutes * 60_000).toISOString().replace(/\.\d+Z$/, "Z");

/// A fixture as a report made `minutes` ago, on a machine started three days before.
export function report(name, { minutes = 10 } = {}) {
  const made = JSON.parse(raw(`${name}.json`));
  made.report_id = randomUUID();
  made.collected_at = ago(minutes);
  made.os.last_boot_at = ago(minutes + 3 * 24 * 60);
  return made;
}

/// The same report under another machine's names.
export function renamed(made, name, number) {
  const copy = structuredClone(made);
  copy.report_id = randomUUID();
  const tail = String(number).padStart(12, "0");
  copy.client = {
    ...copy.client,
    name,
    fqdn: `${name.toLowerCase()}.corp.example`,
    sms_guid: `GUID:00000000-1111-4222-8333-${tail}`,
    smbios_guid: `00000000-5555-4666-8777-${tail}`,
    serial_number: `SN${tail}`,
    resource_id: 16_780_000 + number,
    ip_addresses: [`10.20.32.${number}`],
  };
  return copy;
}

/// The untouched Windows 7 after the whole recipe: update, WinHTTP in both views, SChannel.
export function repaired(made, { minutes = 1 } = {}) {
  const copy = structuredClone(made);
  copy.report_id = randomUUID();
  copy.collected_at = ago(minutes);
  copy.os.last_boot_at = ago(minutes + 5);
  copy.hotfixes.push("KB3140245");
  copy.files = { "System32\\winhttp.dll": "6.1.7601.24000", "System32\\webio.dll": "6.1.7601.24000" };
  const dword = (data) => ({ type: "REG_DWORD", data });
  for (const entry of copy.registry) {
    const values = entry.key.endsWith("\\WinHttp")
      ? { DefaultSecureProtocols: dword(0xaa0) }
      : entry.key.endsWith("\\TLS 1.2\\Client")
        ? { Enabled: dword(1), DisabledByDefault: dword(0) }
        : entry.key.includes("\\.NETFramework\\")
          ? { SchUseStrongCrypto: dword(1), SystemDefaultTlsVersions: dword(1) }
          : undefined;
    if (values) Object.assign(entry, { exists: true, last_write_at: ago(minutes + 60), values });
  }
  return copy;
}

/// As `ConvertTo-Json | Out-File` of Windows PowerShell writes it: UTF-16, little end first, BOM, CRLF, two blanks.
export function powershell(made) {
  const text = JSON.stringify(made, null, 4).replaceAll('": ', '":  ').replaceAll("\n", "\r\n");
  return Buffer.from(`\uFEFF${text}\r\n`, "utf16le");
}

export const json = (made) => Buffer.from(`${JSON.stringify(made, null, 2)}\n`);

/// Puts files in a folder of their own, as a person has them: `{ "a.json": Buffer }` gives their paths, and `remove`.
export async function folder(files) {
  const directory = await mkdtemp(join(tmpdir(), "cutover-reports-"));
  const paths = [];
  for (const [name, content] of Object.entries(files)) {
    paths.push(join(directory, name));
    await writeFile(paths.at(-1), content);
  }
  return { paths, remove: () => rm(directory, { recursive: true }) };
}
