// The preview in the browser: keys, the email's frame, and new pages on every save.
// The view is in the address: the page and the reader in its path, how it is
// looked at (tab, mode, width) behind the #, so that every link and every reload keeps it.
"use strict";

const page = document.documentElement;
const frame = document.getElementById("frame");
const device = document.getElementById("device");
const MODES = ["light", "dark", "inverted"];
const TABS = ["letter", "text", "headers", "source", "links"];
const WIDTHS = [320, 480, 640];

// ---- how it is looked at

function look() {
  const asked = new URLSearchParams(location.hash.slice(1));
  const width = Number(asked.get("width")) || 640;
  return {
    tab: TABS.includes(asked.get("tab")) ? asked.get("tab") : "letter",
    mode: MODES.includes(asked.get("mode")) ? asked.get("mode") : "light",
    width: Math.min(900, Math.max(240, width)),
  };
}

function change(changes) {
  const next = { ...look(), ...changes };
  const usual = { tab: "letter", mode: "light", width: 640 };
  const said = Object.entries(next).filter(([name, value]) => value !== usual[name]);
  history.replaceState(null, "", "#" + new URLSearchParams(said));
  showLook();
}

function showLook() {
  keepLookInLinks();
  if (!frame) return;
  const { tab, mode, width } = look();
  for (const name of TABS) document.getElementById(name).hidden = name !== tab;
  for (const each of document.querySelectorAll("[data-tab]")) {
    each.setAttribute("aria-selected", each.dataset.tab === tab);
    each.tabIndex = each.dataset.tab === tab ? 0 : -1;
  }
  for (const each of document.querySelectorAll("[data-for]")) each.hidden = each.dataset.for !== tab;
  press("[data-mode]", (each) => each.dataset.mode === mode);
  press("[data-width]", (each) => Number(each.dataset.width) === width);
  setWidth(width);
  if (frame.dataset.shown !== mode) {
    frame.dataset.shown = mode;
    load(frame.dataset[mode]);
  }
}

// Without a step in the history: "back" leads to the page before.
function load(address) {
  frame.contentWindow.location.replace(new URL(address, location.href));
}

function press(buttons, isOn) {
  for (const each of document.querySelectorAll(buttons)) each.setAttribute("aria-pressed", isOn(each));
}

function setWidth(width) {
  device.style.width = `${width}px`;
  const seen = Math.round(device.getBoundingClientRect().width);
  document.getElementById("pixels").textContent = seen;
  document.getElementById("handle").setAttribute("aria-valuenow", width);
  fitHeight();
}

function keepLookInLinks() {
  for (const link of document.querySelectorAll("a[data-keep]")) {
    link.hash = location.hash;
  }
}

// ---- the frame: of our origin, without scripts; from a copy on disk it is out of reach

function inside() {
  try {
    return frame && frame.contentDocument;
  } catch {
    return null;
  }
}

function fitHeight() {
  const letter = inside();
  if (!letter?.body?.childElementCount) return; // what is there before a copy has come
  frame.style.height = "0";
  frame.style.height = `${Math.max(letter.documentElement.scrollHeight, 120)}px`;
}

function settleFrame() {
  const letter = inside();
  if (!letter) return;
  fitHeight();
  letter.addEventListener("keydown", onKey);
  for (const picture of letter.images) picture.addEventListener("load", fitHeight);
}

if (frame) {
  frame.addEventListener("load", settleFrame);
  addEventListener("resize", () => setWidth(look().width));
  const handle = document.getElementById("handle");
  handle.addEventListener("pointerdown", (start) => {
    const from = device.getBoundingClientRect().width;
    handle.setPointerCapture(start.pointerId);
    device.classList.add("dragging");
    // The device is centred: its edge moves half as far as its width grows.
    handle.onpointermove = (now) => setWidth(clampWidth(from + 2 * (now.clientX - start.clientX)));
    handle.onpointerup = (end) => {
      handle.onpointermove = handle.onpointerup = null;
      device.classList.remove("dragging");
      change({ width: clampWidth(from + 2 * (end.clientX - start.clientX)) });
    };
  });
  handle.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -10, ArrowRight: 10 }[event.key];
    if (step) change({ width: clampWidth(look().width + step) });
  });
}

function clampWidth(width) {
  return Math.round(Math.min(900, Math.max(240, width)));
}

// ---- keys and clicks

const help = document.getElementById("help");

const KEYS = {
  j: () => follow("[data-key=j]") || move(1),
  k: () => follow("[data-key=k]") || move(-1),
  m: () => follow("[data-key=m]"),
  r: () => document.querySelector(".picker summary").click(),
  d: () => frame && change({ mode: after(MODES, look().mode), tab: "letter" }),
  w: () => frame && change({ width: after(WIDTHS, look().width), tab: "letter" }),
  t: () => frame && change({ tab: look().tab === "text" ? "letter" : "text" }),
  "?": () => help.open ? help.close() : help.showModal(),
  Escape: () => document.querySelector(".picker")?.removeAttribute("open"),
};

function after(list, one) {
  return list[(list.indexOf(one) + 1) % list.length];
}

function follow(selector) {
  const link = document.querySelector(selector);
  if (link) link.click();
  return Boolean(link);
}

function move(step) {
  const stops = [...document.querySelectorAll("a[data-move]")];
  const here = stops.indexOf(document.activeElement);
  const next = here < 0 ? (step > 0 ? 0 : stops.length - 1) : here + step;
  stops[next]?.focus();
}

function onKey(event) {
  const isTyping = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
  if (event.ctrlKey || event.metaKey || event.altKey || (isTyping && event.key !== "Escape")) return;
  const act = KEYS[event.key];
  const isOpen = help?.open && event.key !== "?"; // the browser closes it with Escape
  if (act && !isOpen) {
    event.preventDefault();
    act();
  }
}

document.addEventListener("keydown", onKey);
// As lists of tabs work everywhere: one stop for the tab key, arrows between them.
document.querySelector("[role=tablist]")?.addEventListener("keydown", (event) => {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!step) return;
  change({ tab: TABS.at((TABS.indexOf(look().tab) + step) % TABS.length) });
  document.querySelector(`[data-tab=${look().tab}]`).focus();
});
document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  const { tab, mode, width } = button?.dataset ?? {};
  if (button?.hasAttribute("data-help")) KEYS["?"]();
  else if (tab) change({ tab });
  else if (mode) change({ mode });
  else if (width) change({ width: Number(width) });
  else if (!event.target.closest(".picker")) KEYS.Escape();
});
addEventListener("hashchange", showLook);

// ---- a subscriber from the list

const search = document.getElementById("people");
const BETWEEN_LETTERS_MS = 150; // a million subscribers take half a second to look through
let asked = 0;
search?.addEventListener("input", async () => {
  const mine = ++asked;
  await new Promise((go) => setTimeout(go, BETWEEN_LETTERS_MS));
  if (mine !== asked) return;
  const answer = await fetch("/people?" + new URLSearchParams({ q: search.value }));
  const people = answer.ok ? await answer.json() : [];
  if (mine !== asked) return; // a later question was answered first
  const rows = people.map(({ id, name, email }) => {
    const link = document.createElement("a");
    link.href = search.dataset.address + id + location.hash;
    const [who, where] = [document.createElement("bdi"), document.createElement("span")];
    who.textContent = name || email;
    where.textContent = name ? email : "";
    link.append(who, where);
    const row = document.createElement("li");
    row.append(link);
    return row;
  });
  document.getElementById("matches").replaceChildren(...rows);
});

// ---- how many: apart from the page, which does not wait for it

async function fillCounts() {
  for (const each of document.querySelectorAll("[data-count]:not(.filled)")) {
    each.classList.add("filled");
    const answer = await fetch(each.dataset.count);
    const counted = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (answer.ok) each.replaceChildren(...counted.body.childNodes);
  }
}

// ---- send me this

const form = document.getElementById("send");
form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const status = document.getElementById("sent");
  status.className = "aside";
  status.textContent = "Sending …";
  const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
  const { ok, words } = await answer.json().catch(() => ({ ok: false, words: "The preview did not answer." }));
  status.className = ok ? "done" : "failed";
  status.textContent = words;
});

// ---- new pages on every save

// What the server last said of each part: only parts of which it says something else change.
const parts = new Map();
for (const part of document.querySelectorAll("[data-live]")) parts.set(part.id, part.innerHTML);

let isBusy = false;
let isAsked = false;

async function refresh() {
  isAsked = true;
  if (isBusy) return;
  isBusy = true;
  while (isAsked) {
    isAsked = false;
    try {
      await refreshOnce();
    } catch {
      showLive(false);
    }
  }
  isBusy = false;
}

async function refreshOnce() {
  const letter = inside();
  const source = frame && frame.dataset.shown ? frame.dataset[frame.dataset.shown] : null;
  const [html, email] = await Promise.all([read(location.pathname + location.search), source && letter && read(source)]);
  const fresh = new DOMParser().parseFromString(html, "text/html");
  page.dataset.version = fresh.documentElement.dataset.version;
  const [fault, hadFault] = [fresh, document].map((one) => one.getElementById("fault"));
  if (hadFault && !fault) return location.reload();
  if (fault && !hadFault) return showFault(fault);
  const before = versionOf(document);
  swapParts(fresh);
  const now = versionOf(fresh);
  if (frame && now && now !== before) {
    document.getElementById("letter-version").dataset.version = now;
    if (letter && email) rewrite(letter, email);
    else load(frame.dataset[look().mode]);
  }
  document.title = fresh.title;
  showLook();
  fillCounts().catch(() => {}); // the next refresh asks again
}

async function read(address) {
  const answer = await fetch(address, { headers: { "X-Live": "1" } });
  return answer.text();
}

function versionOf(some) {
  return some.getElementById("letter-version")?.dataset.version;
}

function swapParts(fresh) {
  for (const [id, known] of parts) {
    const part = document.getElementById(id);
    const next = fresh.getElementById(id);
    if (!part || !next || next.innerHTML === known) continue;
    parts.set(id, next.innerHTML);
    // The keyboard focus on a day stays.
    const place = part.contains(document.activeElement) && document.activeElement.pathname;
    part.replaceChildren(...next.childNodes);
    const same = place && [...part.querySelectorAll("a")].find((link) => link.pathname === place);
    if (same) same.focus({ preventScroll: true });
    part.classList.remove("fresh");
    void part.offsetWidth; // lets the animation begin again
    part.classList.add("fresh");
  }
}

// The last good page stays, below what happened to it.
function showFault(fault) {
  fault.classList.add("banner");
  document.getElementById("behind").replaceChildren(fault.cloneNode(true));
  parts.set("behind", "");
}

// In place, so that nothing flashes and the page stays where it was scrolled to.
function rewrite(letter, html) {
  letter.open();
  letter.write(html);
  letter.close();
  settleFrame();
}

function showLive(isLive) {
  const status = document.getElementById("live");
  if (!status) return;
  status.classList.toggle("gone", !isLive);
  status.textContent = isLive ? "live" : "the preview has ended";
}

const events = document.body.dataset.events;
if (events) {
  const source = new EventSource(events);
  source.addEventListener("state", (event) => {
    showLive(true);
    if (event.data !== page.dataset.version) refresh();
  });
  source.onerror = () => showLive(false);
  addEventListener("pagehide", () => source.close());
}

showLook();
fillCounts().catch(() => {});
