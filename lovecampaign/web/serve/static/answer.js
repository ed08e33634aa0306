/* Keep the draft of an answer on this device until it is sent, so that a lost connection loses
   nothing. */
"use strict";
(() => {
  const day = new URLSearchParams(location.search).get("day") || "";
  const key = `draft ${location.pathname} ${day}`;
  const month = 30 * 24 * 3600 * 1000;
  const store = (act) => {
    try {
      return act(localStorage);
    } catch {
      return null; // private windows may have none
    }
  };
  if (document.querySelector("[data-draft-sent]")) store((drafts) => drafts.removeItem(key));
  const form = document.querySelector("form[data-draft]");
  if (!form) return;
  const fields = [...form.elements].filter((field) => field.name && field.type !== "hidden");
  const kept = () =>
    Object.fromEntries(fields.map((field) => [field.name, field.type === "checkbox" ? field.checked : field.value]));
  const save = () => store((drafts) => drafts.setItem(key, JSON.stringify({ at: Date.now(), fields: kept() })));
  const draft = store((drafts) => JSON.parse(drafts.getItem(key)));
  if (draft && Date.now() - draft.at > month) store((drafts) => drafts.removeItem(key));
  else if (draft && !("filled" in form.dataset)) {
    // Permissions are given anew with each form.
    for (const field of fields.filter((one) => one.type !== "checkbox")) field.value = draft.fields[field.name] ?? field.value;
  }
  form.addEventListener("input", save);
  form.addEventListener("submit", (event) => {
    save();
    const note = document.querySelector("[data-offline]");
    note.hidden = navigator.onLine;
    if (navigator.onLine) return;
    event.preventDefault();
    note.scrollIntoView();
  });
})();
