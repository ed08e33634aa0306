/* Choose the browser's own time zone, where the visitor has not chosen one. */
"use strict";
(() => {
  const select = document.querySelector("select[data-own-zone]");
  const zoneOf = (options) => Intl.DateTimeFormat("en", options).resolvedOptions().timeZone;
  const zone = zoneOf();
  if (!select || !zone || select.value) return;
  const names = [...select.options].map((option) => option.value).filter(Boolean);
  // Chromium says Asia/Calcutta, also for the option Asia/Kolkata.
  const isOwn = (timeZone) => {
    try {
      return zoneOf({ timeZone }) === zone;
    } catch {
      return false; // a zone that is newer than the browser
    }
  };
  const own = names.includes(zone) ? zone : names.find(isOwn);
  if (!own) select.add(new Option(zone.split("/").pop().replaceAll("_", " "), zone));
  select.value = own || zone;
})();
