// Nothing here is needed: it lets people drop files where a file field already is, copy commands, and watch uploads.
"use strict";

for (const zone of document.querySelectorAll(".drop")) {
  const field = zone.querySelector("input[type=file]");
  const hint = document.createElement("p");
  const chosen = document.createElement("p");
  hint.className = "none";
  hint.textContent = field.multiple ? "Or drop files here." : "Or drop the file here.";
  chosen.setAttribute("role", "status");
  zone.append(hint, chosen);

  const show = () => {
    const files = [...field.files];
    const names = files.slice(0, 5).map((file) => file.name).join(", ");
    const more = files.length > 5 ? ` and ${files.length - 5} more` : "";
    chosen.textContent = files.length > 1 || more ? `Chosen: ${names}${more}` : "";
  };
  const carriesFiles = (event) => event.dataTransfer && [...event.dataTransfer.types].includes("Files");

  let depth = 0;
  zone.addEventListener("dragenter", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    depth += 1;
    zone.classList.add("over");
  });
  zone.addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
  });
  zone.addEventListener("dragleave", () => {
    depth = Math.max(0, depth - 1);
    if (depth === 0) zone.classList.remove("over");
  });
  zone.addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    depth = 0;
    zone.classList.remove("over");
    const dropped = new DataTransfer();
    for (const file of event.dataTransfer.files) {
      dropped.items.add(file);
      if (!field.multiple) break;
    }
    field.files = dropped.files;
    show();
    field.focus();
  });
  field.addEventListener("change", show);
}

// A file dropped beside the field would replace the page by the file.
if (document.querySelector(".drop")) {
  for (const name of ["dragover", "drop"]) {
    window.addEventListener(name, (event) => event.preventDefault());
  }
}

// Empty fields of a filter say nothing; leaving them out keeps addresses short enough to pass on.
for (const form of document.querySelectorAll("form.filter")) {
  form.addEventListener("formdata", (event) => {
    for (const [name, value] of [...event.formData]) {
      if (value === "") event.formData.delete(name);
    }
  });
}

// The menu of the navigation opens and closes by itself; this only closes it when one turns away.
for (const menu of document.querySelectorAll(".menu")) {
  document.addEventListener("click", (event) => menu.contains(event.target) || menu.removeAttribute("open"));
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
}

if (navigator.clipboard) {
  for (const command of document.querySelectorAll("pre.command")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "plain";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(command.textContent);
      button.textContent = "Copied";
    });
    command.after(button);
  }
}

// A file most often says nothing of when its facts were read, but the disk knows when it was written. Of several files
// the oldest counts, so that nothing looks fresher than it is.
for (const field of document.querySelectorAll("input[type=file]")) {
  const at = field.form?.querySelector("input[name=collected_at]");
  if (!at) continue;
  let filled = "";
  field.addEventListener("change", () => {
    if (at.value !== filled || field.files.length === 0) return;
    const oldest = Math.min(...[...field.files].map((file) => file.lastModified), Date.now());
    filled = new Date(oldest).toISOString().replace(/\.\d+Z$/, "Z");
    at.value = filled;
  });
}

// How far an upload is; when the server is done with it the page shows what came of it.
for (const part of document.querySelectorAll("[data-progress]")) {
  const bar = part.querySelector("progress");
  const words = part.querySelector("[role=status]");
  const number = (n) => `${n.toLocaleString("en-GB")} ${n === 1 ? "row" : "rows"}`;
  const look = async () => {
    try {
      const answer = await fetch(part.dataset.progress, { headers: { accept: "application/json" } });
      const { state, rows } = await answer.json();
      if (state !== part.dataset.state) {
        location.reload();
        return;
      }
      if (state === "committing") {
        bar.max = rows.total;
        bar.value = rows.done;
        words.textContent = `${rows.done.toLocaleString("en-GB")} of ${number(rows.total)} stored`;
      } else {
        // Until it is known how many rows there will be, the bar says only that something is going on.
        if (rows.about) {
          bar.max = rows.about;
          bar.value = Math.min(rows.total, rows.about);
        }
        words.textContent = `${number(rows.total)} read`;
      }
    } catch {
      words.textContent = "The server does not answer; trying again.";
    }
    setTimeout(look, 1000);
  };
  setTimeout(look, 300);
}
