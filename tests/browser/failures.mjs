// A reporter for Node's test runner: each test that failed in one line, with its place and why. tests/run prints it at
// the very end, where whoever reads only the end of a long log finds it.

const inOneLine = (text) => String(text).replace(/\s+/g, " ").trim().slice(0, 400);

const why = (error) => {
  const cause = error?.cause ?? error;
  return cause?.message ?? cause;
};

export default async function* failures(source) {
  for await (const { type, data } of source) {
    // A suite that failed because of a test in it has nothing to add.
    if (type !== "test:fail" || data.details?.error?.failureType === "subtestsFailed") continue;
    const place = data.file ? `${data.file.split("/").at(-1)}:${data.line ?? "?"}` : "?";
    yield `${place} ${inOneLine(data.name)}: ${inOneLine(why(data.details?.error))}\n`;
  }
}
