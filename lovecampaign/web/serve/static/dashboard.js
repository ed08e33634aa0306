/* The dashboard works without this file. With it: j and k go from email to email, a button with
   data-key is pressed by that key, and a page reloads until its numbers are counted. */
"use strict";

function step(forward) {
  const neighbour = document.querySelector(forward ? "a[rel=next]" : "a[rel=prev]");
  if (neighbour) {
    neighbour.click();
    return;
  }
  const stops = [...document.querySelectorAll("a[data-move]")];
  const here = stops.indexOf(document.activeElement);
  const next = here < 0 ? (forward ? 0 : stops.length - 1) : here + (forward ? 1 : -1);
  stops[Math.max(0, Math.min(stops.length - 1, next))]?.focus();
}

document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest("input, select, textarea");
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "j") step(true);
  if (event.key === "k") step(false);
  document.querySelector(`[data-key="${CSS.escape(event.key)}"]`)?.click();
});

/* Not while an input has the focus: its text would be lost. */
if (document.querySelector("[data-counting]")) {
  setTimeout(() => {
    if (!document.activeElement?.closest("input")) location.reload();
  }, 3000);
}
