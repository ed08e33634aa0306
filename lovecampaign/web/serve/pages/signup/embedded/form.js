/* A form to join a list, for the sidebar of any site: no library, no cookie, no outside style. */
((s) => {
  "use strict";
  const script = document.currentScript;
  const css = `
    :host { display: block; --paper: #fffdfa; --ink: #2b2622; --soft: #685f57; --line: #e4dcd0; --field: #857a6e;
      --error: #a8201a; --accent: ${s.light[0]}; --button: ${s.light[1]}; --on-button: ${s.light[2]}; }
    /* Dark where the site around it is: "color-scheme" is inherited into the shadow root. */
    @supports (color: light-dark(red, red)) { :host { --paper: light-dark(#fffdfa, #2a2522); --ink: light-dark(#2b2622, #ebe4da);
      --soft: light-dark(#685f57, #b9aea2); --line: light-dark(#e4dcd0, #4a423c); --field: light-dark(#857a6e, #93887c);
      --error: light-dark(#a8201a, #f28b7d); --accent: light-dark(${s.light[0]}, ${s.dark[0]});
      --button: light-dark(${s.light[1]}, ${s.dark[1]}); --on-button: light-dark(${s.light[2]}, ${s.dark[2]}); } }
    * { box-sizing: border-box; }
    .box { max-width: 420px; padding: 20px; border: 1px solid var(--line); border-radius: 8px; background: var(--paper);
      color: var(--ink); font: 16px/24px -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; text-align: start; }
    label { display: block; margin: 0 0 14px; font-weight: 600; }
    label small { font-weight: normal; color: var(--soft); font-size: 14px; }
    input, select { display: block; width: 100%; min-height: 46px; margin-top: 5px; padding: 9px 12px; border: 1px solid var(--field);
      border-radius: 6px; background: var(--paper); color: var(--ink); font: inherit; font-weight: normal; }
    input:focus, select:focus, button:focus-visible, a:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
    input[aria-invalid="true"] { border: 2px solid var(--error); }
    button { width: 100%; min-height: 48px; padding: 10px 20px; border: 2px solid transparent; border-radius: 6px; background: var(--button);
      color: var(--on-button); font: inherit; font-weight: 600; cursor: pointer; }
    p { margin: 0 0 14px; }
    .consent { font-size: 14px; line-height: 21px; color: var(--soft); }
    .consent a { color: inherit; }
    .said { margin: 14px 0 0; }
    .said:empty { display: none; }
    .said.wrong { color: var(--error); font-weight: 600; }
    h2 { margin: 0 0 8px; font: normal 22px/30px Charter, "Iowan Old Style", Georgia, serif; }
    h2:focus { outline: none; }
    h2:focus-visible { outline: 1px solid var(--line); outline-offset: 5px; border-radius: 3px; }
    .next { margin: 14px 0 0; font-size: 14px; line-height: 21px; color: var(--soft); }
    .trap { position: absolute; left: -9999px; }
    @media (forced-colors: active) { button { border-color: currentColor; } }`;

  const make = (name, attributes = {}, ...children) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  };
  const field = (label, name, attributes) => make("label", {}, ...label, make("input", { name, ...attributes }));
  const zoneField = () => {
    const own = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
    const known = Intl.supportedValuesOf ? Intl.supportedValuesOf("timeZone") : [];
    const select = make("select", { name: "timezone" });
    const groups = new Map();
    for (const zone of [...new Set([own, ...known])].sort()) {
      const [region, ...places] = zone.split("/");
      const option = make("option", { value: zone }, (places.join("/") || region).replaceAll("_", " "));
      const label = places.length && s.words.regions[region];
      if (!label) {
        select.append(option);
        continue;
      }
      if (!groups.has(region)) groups.set(region, select.appendChild(make("optgroup", { label })));
      groups.get(region).append(option);
    }
    select.value = own;
    return make("label", {}, s.words.zone, select);
  };

  const host = make("div", { lang: s.language, dir: s.direction });
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [sheet];

  const consentText = make("span", {}, s.consent);
  const consent = make("p", { class: "consent" }, consentText);
  if (s.privacy) consent.append(" ", make("a", { href: s.privacy }, s.words.privacy));
  const said = make("p", { class: "said", role: "status" });
  const button = make("button", {}, s.words.button);
  const trap = make("span", { class: "trap", "aria-hidden": "true" }, make("input", { name: s.trap, tabindex: "-1", autocomplete: "off" }));
  const form = make("form", { action: s.action, method: "post" },
    field([s.words.email], "email", { type: "email", required: "", autocomplete: "email", maxlength: "254" }),
    field([s.words.first_name, " ", make("small", {}, s.words.optional)], "first_name", { autocomplete: "given-name", maxlength: "80" }),
    zoneField(), trap, consent, button, said, make("p", { class: "next" }, s.words.next));
  root.append(make("div", { class: "box" }, form));
  (script ? script : document.body.lastChild).after(host);

  const more = { seal: s.seal, version: s.version, sure: "", source: location.href.split(/[?#]/)[0] };
  const tell = (words, isWrong) => {
    said.textContent = words;
    said.classList.toggle("wrong", isWrong);
  };
  const thank = (answer) => {
    const title = make("h2", { tabindex: "-1" }, answer.title);
    root.firstChild.replaceChildren(title, make("p", {}, answer.words), make("p", { class: "next" }, answer.next));
    title.focus();
  };
  const correct = (answer) => {
    for (const key of ["seal", "version", "sure"]) if (key in answer) more[key] = answer[key];
    if (answer.consent) consentText.textContent = answer.consent;
    const email = form.elements.namedItem("email");
    email.setAttribute("aria-invalid", String(Boolean(answer.is_about_address)));
    if (answer.is_about_address) email.focus();
    tell(answer.words, answer.is_about_address !== false);
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    tell(s.words.sending, false);
    try {
      const body = new URLSearchParams([...new FormData(form), ...Object.entries(more)]);
      const answer = await (await fetch(s.action, { method: "POST", body, credentials: "omit", headers: { Accept: "application/json" } })).json();
      if (answer.ok) thank(answer);
      else correct(answer);
    } catch {
      tell(s.words.unreachable, true);
    }
    button.disabled = false;
  });
})
