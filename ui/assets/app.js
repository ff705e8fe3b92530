// What every page's script stands on: the connection to the server, what follows each change of a rendered
// part, words and files to take away, and what controls and keys do. Rendered HTML says what a control does in
// `data-do`; each page's own script adds its doings to `actions`, `keys` and `watchers`.
window.ibid = (() => {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const narrow = () => window.matchMedia("(max-width: 1023px)").matches;
  const watchers = [];  // told each rendered part that has changed
  const connected = [];  // told once that the server can be asked
  let send = () => {};
  let server = {};
  const run = (name, data) => send("run", { do: name, ...data });  // answers, and paints as it goes
  const act = (name, data) => send("act", { do: name, ...data });  // paints once

  // ---- The server

  let uploader;
  const connect = (trigger, functions, upload) => {
    send = trigger;
    server = answering(functions);
    uploader = upload;
    connected.forEach((begin) => begin());
  };
  // A service that cannot be reached gives nothing, or fails: an error like any other.
  const answering = (functions) => new Proxy(functions, {
    get: (all, name) => async (wanted) => {
      try { return await all[name](wanted) ?? { error: "Ibid does not answer." }; }
      catch (error) { return { error: String(error) }; }
    },
  });

  // ---- After each change of a rendered part (Gradio patches the DOM, so what the script set is gone)

  const follow = (element, watch) => {
    const changed = () => {
      watchers.forEach((watcher) => watcher(element));
      typeset(element);
    };
    watch("value", changed);
    changed();
  };

  // HTML from the server, which has escaped whatever is not ours.
  const paint = (element, html) => {
    element.innerHTML = html;
    typeset(element);
  };

  let mathematics;
  const typeset = (element) => {
    const found = element.querySelectorAll(".math:not(.typeset)");
    if (!found.length || !window.ibidMathematics) return;
    mathematics ??= loadMathematics();
    mathematics.then((katex) => found.forEach((span) => {
      if (!span.isConnected || span.classList.contains("typeset")) return;
      const options = { throwOnError: false, trust: false, displayMode: span.classList.contains("display") };
      try { katex.render(span.dataset.tex, span, options); span.classList.add("typeset"); } catch { /* stays as source */ }
    }), () => {});
  };
  const loadMathematics = () => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = new URL(window.ibidMathematics.style, document.baseURI);
    document.head.append(link);
    return import(new URL(window.ibidMathematics.script, document.baseURI)).then((module) => module.default);
  };

  // ---- Panels on a narrow screen

  const panels = () => (byId("columns") ?? document.createElement("div")).classList;  // not the body's: Gradio scopes our stylesheet below it
  const open = (side) => {
    if (!narrow()) { panels().remove(`${side}-closed`); return; }
    panels().toggle("left-open", side === "left");
    panels().toggle("right-open", side === "right");
  };
  const close = () => panels().remove("left-open", "right-open");
  const toggle = (side) => {
    if (!narrow()) panels().toggle(`${side}-closed`);
    else if (panels().contains(`${side}-open`)) close();
    else open(side);
  };

  // ---- Taking away

  const copy = async (text) => {
    if (navigator.clipboard && window.isSecureContext) {
      try { await navigator.clipboard.writeText(text); return; } catch { /* the way below needs no permission */ }
    }
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  };

  const save = (text, name, type = "application/x-bibtex") => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };

  const say = (button, word) => {
    const label = button.dataset.label ?? (button.dataset.label = button.textContent);
    button.textContent = word;
    button.classList.add("told");
    setTimeout(() => { button.textContent = label; button.classList.remove("told"); }, 1600);
    announce(word);
  };

  const announce = (words) => {
    const region = document.querySelector("#status .html-container > div");
    if (region) region.textContent = words;
  };

  // What the reader must know, until the next thing is done; `more` stands behind the words.
  const tell = (words, ...more) => {
    announce(words);
    const place = document.querySelector("#notice .html-container > div") ?? byId("notice") ?? byId("middle") ?? byId("digest");
    place?.querySelector(":scope > .told-notice")?.remove();
    place?.prepend(make("p", { className: "notice told-notice", role: "alert", textContent: words }, ...more));
  };

  // ---- What controls do

  // A form in the place of what it changes; Enter saves, Escape leaves things as they were.
  const form = (host, { label, value = "", note = "", button, lines = 1, save }) => {
    const box = make(lines > 1 ? "textarea" : "input", { value, ariaLabel: label, rows: lines });
    const done = make("button", { type: "button", className: "action", textContent: "Cancel" });
    const whole = make("form", { className: "in-place" }, box,
      ...(note ? [make("p", { className: "quiet", textContent: note })] : []),
      make("span", { className: "actions" }, make("button", { className: "quiet-button", textContent: button }), done));
    const back = document.activeElement;
    const leave = () => { whole.remove(); host.classList.remove("editing"); back?.focus(); };
    whole.addEventListener("submit", (event) => { event.preventDefault(); leave(); save(box.value); });
    whole.addEventListener("keydown", (event) => {
      if (event.key === "Escape") { event.stopPropagation(); leave(); }
      if (event.key === "Enter" && !event.shiftKey && event.target === box) { event.preventDefault(); whole.requestSubmit(); }
    });
    done.addEventListener("click", leave);
    host.querySelector(":scope > form.in-place")?.remove();
    host.classList.add("editing");
    host.append(whole);
    box.focus();
    box.select();
  };

  const make = (tag, properties, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  const focusQuestion = () => document.querySelector("#question textarea, #find, #wishes [type=search]")?.focus();

  const theme = () => {
    const dark = document.body.classList.toggle("dark");
    try { localStorage.setItem("ibid-theme", dark ? "dark" : "light"); } catch { /* private browsing */ }
  };

  const actions = {
    "theme": theme,
    "help": () => byId("help").showModal(),
  };

  const stop = () => {
    const button = byId("stop");
    const there = button && button.offsetParent !== null;
    if (there) button.click();
    return there;
  };

  const keys = {
    "/": focusQuestion,
    "n": () => byId("new") ? byId("new").click() : location.assign("./"),
    "?": () => byId("help").showModal(),
  };

  document.addEventListener("click", (event) => {
    const control = event.target.closest("[data-do]");
    if (control && control.tagName !== "FORM" && actions[control.dataset.do]) {
      if (control.tagName === "A" && (event.metaKey || event.ctrlKey)) return;
      event.preventDefault();
      actions[control.dataset.do](control);
      return;
    }
    document.querySelectorAll("details.exports[open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
    if (narrow() && !event.target.closest("#left, #right, #header, dialog")) close();
    if (event.target.closest("#new")) { close(); focusQuestion(); }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      const menu = event.target.closest?.("details.exports[open]");
      if (menu) { menu.open = false; menu.querySelector("summary").focus(); return; }
      if (!document.querySelector("dialog[open]") && !stop()) close();
      return;
    }
    const tab = event.target.closest?.("[role=tab]");
    if (tab && (event.key === "ArrowLeft" || event.key === "ArrowRight")) {
      const other = [...tab.parentElement.querySelectorAll("[role=tab]")].find((one) => one !== tab);
      other.click();
      other.focus();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, textarea, select, dialog")) return;
    if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
  });

  // ---- Once Gradio has drawn the page

  const settle = () => {
    const shown = !byId("thread") || document.querySelector("#thread :is(.welcome, .turn), #live .turn");
    if (!byId("header") || !byId("status") || !shown) { requestAnimationFrame(settle); return; }
    const roles = { left: ["complementary", "Conversations and filters"], right: ["complementary", "Evidence"], middle: ["region", "Conversation"] };
    for (const [id, [role, label]] of Object.entries(roles)) {
      byId(id)?.setAttribute("role", role);
      byId(id)?.setAttribute("aria-label", label);
    }
    byId("status").setAttribute("role", "status");
    byId("status").setAttribute("aria-live", "polite");
    try {
      const kept = localStorage.getItem("ibid-theme");
      if (kept) document.body.classList.toggle("dark", kept === "dark");
    } catch { /* private browsing */ }
    document.documentElement.dataset.ibid = "ready";
  };
  requestAnimationFrame(settle);

  return {
    connect, follow, watchers, connected, actions, keys, run, act, announce, byId, make, paint, form, narrow, open, close, toggle, panels,
    copy, save, say, tell, limits: window.ibidLimits ?? {}, server: () => server, upload: (file) => uploader(file), send: (...event) => send(...event),
  };
})();
