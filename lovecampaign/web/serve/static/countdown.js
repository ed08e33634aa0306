/* A countdown by the server's clock. Without this file the page shows the date. */
"use strict";
for (const place of document.querySelectorAll(".countdown[data-ends]")) {
  const ahead = Date.parse(place.dataset.now) - Date.now();
  const ends = Date.parse(place.dataset.ends);
  const left = () => Math.ceil((ends - Date.now() - ahead) / 1000);
  const two = (number) => String(number).padStart(2, "0");
  const say = (seconds) => {
    const days = Math.floor(seconds / 86400);
    const word = days === 1 ? place.dataset.day : place.dataset.days;
    const clock = [seconds / 3600 % 24, seconds / 60 % 60, seconds % 60].map(Math.floor).map(two).join(":");
    return days ? `${days} ${word}, ${clock}` : clock;
  };
  const tick = () => {
    const seconds = left();
    if (seconds > 0) {
      place.querySelector("b").textContent = say(seconds);
      place.hidden = false;
    } else {
      clearInterval(timer);
      place.textContent = place.dataset.overWords;
      place.hidden = false;
      for (const button of document.querySelectorAll("main form button")) button.disabled = true;
      if (!place.hasAttribute("data-over")) location.reload();
    }
  };
  if (left() <= 0) place.setAttribute("data-over", "");
  const timer = setInterval(tick, 1000);
  tick();
}
