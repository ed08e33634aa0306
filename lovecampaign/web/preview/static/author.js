// For the author at this machine: opens the editor, copies paths, writes letters, stores pictures.
"use strict";

const token = document.body.dataset.token;
const told = document.getElementById("told");
const dialog = document.getElementById("picture");
const alt = document.getElementById("picture-alt");
const line = document.getElementById("picture-line");
let stored = "";
let quiet = 0;

async function post(path, fields) {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  try {
    const answer = await fetch(path, { method: "POST", body, headers: { "X-Form-Token": token } });
    return await answer.json();
  } catch {
    return { ok: false, words: "The preview did not answer." };
  }
}

function tell(words, isOk) {
  told.textContent = words;
  told.classList.toggle("failed", !isOk);
  told.hidden = false;
  clearTimeout(quiet);
  quiet = setTimeout(() => (told.hidden = true), isOk ? 6000 : 20000);
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    tell(`Copied: ${text}`, true);
  } catch {
    tell(`Copy it from here: ${text}`, false);
  }
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  const { open, copy: text } = button?.dataset ?? {};
  if (text !== undefined) copy(text);
  else if (open !== undefined) {
    const { line: at, column } = button.dataset;
    const { ok, words } = await post("/open", { file: open, line: at, column });
    tell(words, ok);
  } else if (button?.hasAttribute("data-close")) dialog.close();
});

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.closest(".write")) event.preventDefault();
  if (!form.matches("[data-letter]")) return;
  const { ok, words, page: address } = await post("/letter", Object.fromEntries(new FormData(form)));
  tell(words, ok);
  if (ok && document.getElementById("calendar")) document.querySelector(".top .name").focus();
  if (ok) told.append(" ", Object.assign(document.createElement("a"), { href: address, textContent: "See it" }));
});

// ---- a picture: dropped on the page, or chosen

function lineOf() {
  const words = alt.value.replace(/[|\]\n]/g, " ").trim();
  return `[[image: ${stored} | ${words}]]`;
}

async function add(file) {
  if (!file) return;
  tell(`Storing ${file.name} …`, true);
  const { ok, words, path } = await post("/picture", { picture: file });
  if (!ok) return tell(words, false);
  stored = path;
  alt.value = "";
  line.textContent = lineOf();
  document.getElementById("picture-words").textContent = words;
  copy(lineOf());
  if (!dialog.open) dialog.showModal();
  alt.focus();
}

alt.addEventListener("input", () => (line.textContent = lineOf()));
document.getElementById("picture-copy").addEventListener("click", () => copy(lineOf()));
document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-picture]")) return;
  add(event.target.files[0]);
  event.target.value = "";
});

// The letter's frame would take the file: a sheet covers the page while one is dragged.
const sheet = Object.assign(document.createElement("div"), { className: "drop", hidden: true, textContent: "Drop the picture here: it goes into images/" });
document.body.append(sheet);
const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
addEventListener("dragenter", (event) => holdsFiles(event) && (sheet.hidden = false));
addEventListener("dragover", (event) => holdsFiles(event) && event.preventDefault());
sheet.addEventListener("dragleave", () => (sheet.hidden = true));
addEventListener("drop", (event) => {
  if (!holdsFiles(event)) return;
  event.preventDefault();
  sheet.hidden = true;
  add(event.dataTransfer.files[0]);
});
