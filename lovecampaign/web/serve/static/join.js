/* Choose the browser's own time zone, where the visitor has not chosen one. */
"use strict";
(() => {
  const select = document.querySelector("select[data-own-zone]");
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!select || !zone || select.value) return;
  if (![...select.options].some((option) => option.value === zone)) {
    select.add(new Option(zone.split("/").pop().replaceAll("_", " "), zone));
  }
  select.value = zone;
})();
