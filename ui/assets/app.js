// The page's own script: what is shown and focused, without a trip to the server; clicks that do
// need the server are sent on through the bridge. Rendered HTML says what a control does in `data-do`.
window.ibid = (() => {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const narrow = () => window.matchMedia("(max-width: 1023px)").matches;
  const state = { conversation: "", turn: 0, tab: "", turns: 0 };
  let send = () => {};
  let server = {};

  // ---- The server

  const connect = (trigger, functions) => { send = trigger; server = functions; };
  const address = () => new URL(location).searchParams.get("c") || "";

  const followConversation = (props, watch) => {
    watch("value", () => {
      state.conversation = props.value || "";
      const url = new URL(location);
      if ((url.searchParams.get("c") || "") === state.conversation) return;
      if (state.conversation) url.searchParams.set("c", state.conversation);
      else url.searchParams.delete("c");
      history.pushState(null, "", url);
    });
    state.conversation = props.value || "";
  };

  // ---- After each change of a rendered part (Gradio patches the DOM, so what the script set is gone)

  const follow = (element, watch) => {
    const changed = () => {
      if (element.closest("#evidence")) showEvidence();
      if (element.closest("#thread") || element.closest("#live")) showTurn();
      typeset(element);
      disarm();
    };
    watch("value", changed);
    changed();
  };

  // A new turn begins at the top of the view and is left there to grow: the reader moves, not the text.
  const showTurn = () => {
    const scroll = byId("scroll");
    const turns = [...document.querySelectorAll("#thread .turn, #live .turn")];
    const seen = `${state.conversation} ${turns.length}`;
    if (!scroll || seen === state.seen) return;
    state.seen = seen;
    const last = turns.at(-1);
    scroll.scrollTop = last ? last.getBoundingClientRect().top - scroll.getBoundingClientRect().top + scroll.scrollTop : 0;
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

  // ---- Evidence

  const sections = () => [...document.querySelectorAll("#evidence .evidence-turn")];

  const showEvidence = () => {
    const all = sections();
    if (all.length !== state.turns) {
      state.turns = all.length;
      state.turn = all.length;
      state.tab = "";
    }
    all.forEach((section) => {
      const shown = Number(section.dataset.turn) === state.turn;
      section.classList.toggle("shown", shown);
      if (shown) showTab(section, state.tab || (Number(section.dataset.cited) ? "cited" : "retrieved"));
    });
    if (state.turn !== state.shownEvidence) byId("right").scrollTop = 0;
    state.shownEvidence = state.turn;
    const picker = document.querySelector("#evidence .turn-picker");
    if (picker) picker.value = String(state.turn);
  };

  const showTab = (section, name) => {
    section.querySelectorAll("[role=tab]").forEach((tab) => {
      const chosen = tab.dataset.tab === name;
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
    });
    section.querySelectorAll("[role=tabpanel]").forEach((panel) => {
      panel.hidden = !panel.classList.contains(name);
    });
  };

  const focusCard = (id) => {
    const card = byId(id);
    if (!card) return;
    state.turn = Number(card.dataset.turn);
    state.tab = "cited";
    showEvidence();
    open("right");
    document.querySelectorAll(".card.chosen").forEach((other) => other.classList.remove("chosen"));
    card.classList.add("chosen");
    card.focus({ preventScroll: true });
    const mark = card.querySelector("mark");
    const far = mark && mark.getBoundingClientRect().bottom - card.getBoundingClientRect().top > byId("right").clientHeight - 60;
    const behavior = calm() ? "auto" : "smooth";
    if (far) mark.scrollIntoView({ block: "center", behavior });
    else card.scrollIntoView({ block: "start", behavior });
  };

  const focusMarker = (id) => {
    const marker = byId(id);
    if (!marker) return;
    if (narrow()) close();
    marker.scrollIntoView({ block: "center", behavior: calm() ? "auto" : "smooth" });
    marker.focus({ preventScroll: true });
  };

  const stepCitation = (step) => {
    const cites = [...document.querySelectorAll("#thread a.cite")];
    if (!cites.length) return;
    const here = state.cite ? cites.indexOf(state.cite) : -1;
    const next = here < 0 ? (step > 0 ? firstOfLastTurn(cites) : cites.length - 1) : here + step;
    const cite = cites[Math.max(0, Math.min(cites.length - 1, next))];
    state.cite = cite;
    cite.scrollIntoView({ block: "nearest" });
    focusCard(cite.hash.slice(1));
  };
  const firstOfLastTurn = (cites) => cites.findIndex((cite) => cite.closest(".turn") === cites.at(-1).closest(".turn"));

  const calm = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

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

  const take = async (kind, button) => {
    const reply = await server.text_of({ conversation: state.conversation, turn: button.dataset.turn, kind });
    if (reply.error) { say(button, "Failed"); announce(reply.error); return; }
    if (kind === "bibtex") { save(reply.text, "ibid.bib"); say(button, "Saved"); return; }
    await copy(reply.text);
    say(button, "Copied");
  };

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

  const save = (text, name) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "application/x-bibtex" }));
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

  // ---- What controls do

  const disarm = () => document.querySelectorAll(".delete.armed").forEach((button) => button.classList.remove("armed"));

  const remove = (button) => {
    if (!button.classList.contains("armed")) {
      disarm();
      button.classList.add("armed");
      announce("Press again to delete.");
      return;
    }
    send("delete", { conversation: button.dataset.conversation });
  };

  const focusQuestion = () => document.querySelector("#question textarea")?.focus();

  const theme = () => {
    const dark = document.body.classList.toggle("dark");
    try { localStorage.setItem("ibid-theme", dark ? "dark" : "light"); } catch { /* private browsing */ }
  };

  const actions = {
    "ask": (button) => send("submit", { question: button.dataset.question }),
    "retry": () => send("retry"),
    "open": (link) => { close(); send("select", { conversation: link.dataset.conversation }); },
    "delete": remove,
    "drop": (button) => send("undo", { part: button.dataset.part }),
    "widen": () => send("undo", { part: "all" }),
    "copy": (button) => take("copy", button),
    "copy-references": (button) => take("copy-references", button),
    "bibtex": (button) => take("bibtex", button),
    "copy-details": (button) => copy(button.closest(".error").querySelector(".details").textContent).then(() => say(button, "Copied")),
    "show-evidence": (button) => {
      state.turn = Number(button.dataset.turn);
      state.tab = "";
      showEvidence();
      open("right");
    },
    "tab": (tab) => { state.tab = tab.dataset.tab; showEvidence(); },
    "history": () => toggle("left"),
    "evidence": () => toggle("right"),
    "filters": () => {
      panels().remove("left-closed");
      open("left");
      document.querySelector("#since input, #since textarea")?.focus();
    },
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
    "[": () => stepCitation(-1),
    "]": () => stepCitation(1),
    "?": () => byId("help").showModal(),
  };

  document.addEventListener("click", (event) => {
    const cite = event.target.closest("a[href^='#cite-'], a[href^='#from-']");
    if (cite) {
      event.preventDefault();
      if (cite.hash.startsWith("#cite-")) { state.cite = cite; focusCard(cite.hash.slice(1)); }
      else focusMarker(cite.hash.slice(1));
      return;
    }
    const control = event.target.closest("[data-do]");
    if (control && actions[control.dataset.do]) {
      if (control.tagName === "A" && (event.metaKey || event.ctrlKey)) return;
      event.preventDefault();
      actions[control.dataset.do](control);
      return;
    }
    if (!event.target.closest(".delete")) disarm();
    if (narrow() && !event.target.closest("#left, #right, #header")) close();
    if (event.target.closest("#new")) { close(); focusQuestion(); }
  });

  document.addEventListener("change", (event) => {
    if (!event.target.matches("#evidence .turn-picker")) return;
    state.turn = Number(event.target.value);
    state.tab = "";
    showEvidence();
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      if (!document.querySelector("dialog[open]") && !stop()) { close(); disarm(); }
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

  window.addEventListener("popstate", () => {
    if (!byId("conversation") || address() === state.conversation) return;
    if (address()) send("select", { conversation: address() });
    else byId("new").click();
  });

  // ---- Once Gradio has drawn the page

  const settle = () => {
    if (!byId("header") || !byId("status")) { requestAnimationFrame(settle); return; }
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

  return { connect, address, followConversation, follow };
})();
