// The page's own script: what is shown and focused, without a trip to the server; clicks that do
// need the server are sent on through the bridge. Rendered HTML says what a control does in `data-do`.
// `server` has the services of ui/chat/services.py: each takes an object and gives one, with `error` in words.
window.ibid = (() => {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const narrow = () => window.matchMedia("(max-width: 1023px)").matches;
  const state = { conversation: "", turn: 0, tab: "", turns: 0 };
  const watchers = [];  // what another page's script does after each change
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
    state.connected = true;
    offer();
  };
  // A service that cannot be reached gives nothing, or fails: an error like any other.
  const answering = (functions) => new Proxy(functions, {
    get: (all, name) => async (wanted) => {
      try { return await all[name](wanted) ?? { error: "Ibid does not answer." }; }
      catch (error) { return { error: String(error) }; }
    },
  });
  const address = () => new URL(location).searchParams.get("c") || "";

  const followConversation = (props, watch) => {
    watch("value", () => {
      state.conversation = props.value || "";
      state.turns = -1;
      showEvidence();
      forgetEarlier();
      offer();
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
      if (element.closest("#history")) search();
      if (element.closest("#thread") || element.closest("#live")) { forgetEarlier(); showTurn(); offer(); }
      element.querySelector("[data-now]")?.click();
      element.querySelector(".listing")?.scrollIntoView({ block: "start" });
      watchers.forEach((watcher) => watcher(element));
      typeset(element);
    };
    watch("value", changed);
    changed();
  };

  // A new turn begins at the top of the view and is left there to grow: the reader moves, not the text.
  const showTurn = () => {
    const scroll = byId("scroll");
    const turns = [...document.querySelectorAll("#thread .turn, #live .turn")];
    const seen = `${state.conversation} ${lastTurn() + document.querySelectorAll("#live .turn").length}`;
    if (!scroll || seen === state.seen) return;
    state.seen = seen;
    const last = turns.at(-1);
    scroll.scrollTop = last ? last.getBoundingClientRect().top - scroll.getBoundingClientRect().top + scroll.scrollTop : 0;
  };

  const lastTurn = () => Number(document.querySelector("#thread .turn:last-child")?.dataset.turn || 0);

  // The turns that the thread leaves out are fetched when they are wanted, and stand above it.
  const showEarlier = async () => {
    const { conversation } = state;
    const reply = await server.earlier({ conversation });
    if (reply.error) announce(reply.error);
    if (conversation !== state.conversation || !reply.html) return;
    const scroll = byId("scroll");
    const below = scroll.scrollHeight - scroll.scrollTop;
    paint(byId("earlier-turns"), reply.html);
    state.earlier = earlierNow();
    scroll.scrollTop = scroll.scrollHeight - below;
  };
  const earlierNow = () => `${state.conversation} ${document.querySelector("#thread .turns")?.dataset.before}`;
  const forgetEarlier = () => {
    if (state.earlier && state.earlier !== earlierNow()) { state.earlier = ""; byId("earlier-turns").replaceChildren(); }
  };

  // Questions to ask next are tried on the library first, so they come after the page has painted.
  const offer = async () => {
    const place = document.querySelector("#thread .offered:empty:not([data-told])");
    if (!place || document.querySelector("#live .turn") || !state.connected) return;
    const { conversation } = state;
    const reply = await server[place.dataset.offer]({ conversation });
    if (!place.isConnected || place.firstChild || conversation !== state.conversation) return;
    place.dataset.told = "yes";
    if (reply.error) place.replaceChildren(make("p", { className: "quiet", textContent: reply.error }));
    else paint(place, reply.html);
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

  // Gradio paints the last turn's evidence; an older turn's is fetched when it is opened, and stands beside.

  const sections = () => [...document.querySelectorAll("#right .evidence-turn")];

  const showEvidence = () => {
    const turns = Number(document.querySelector("#evidence .evidence-head")?.dataset.turns || 0);
    if (turns !== state.turns) {
      state.turns = state.turn = turns;
      state.tab = "";
      byId("older-evidence")?.replaceChildren();
    }
    sections().forEach((section) => {
      const shown = Number(section.dataset.turn) === state.turn;
      section.classList.toggle("shown", shown);
      if (shown) showTab(section, state.tab || (Number(section.dataset.cited) ? "cited" : "retrieved"));
    });
    if (state.turn !== state.shownEvidence && byId("right")) byId("right").scrollTop = 0;
    state.shownEvidence = state.turn;
    const picker = document.querySelector("#evidence .turn-picker");
    if (picker) picker.value = String(state.turn);
  };

  const openEvidence = async (turn, tab) => {
    state.turn = turn;
    state.tab = tab;
    if (!sections().some((section) => Number(section.dataset.turn) === turn)) {
      const reply = await server.section({ conversation: state.conversation, turn });
      if (state.turn !== turn) return;  // another turn was opened meanwhile
      if (reply.error) announce(reply.error);
      paint(byId("older-evidence"), reply.html || "");
    }
    showEvidence();
  };

  // HTML from the server, which has escaped whatever is not ours.
  const paint = (element, html) => {
    element.innerHTML = html;
    typeset(element);
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

  const focusCard = async (id) => {
    await openEvidence(Number(id.split("-")[1]), "cited");
    const card = byId(id);
    if (!card) return;
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

  const focusMarker = async (id) => {
    if (!byId(id)) await showEarlier();
    const marker = byId(id);
    if (!marker) return;
    if (narrow()) close();
    marker.scrollIntoView({ block: "center", behavior: calm() ? "auto" : "smooth" });
    marker.focus({ preventScroll: true });
  };

  const explain = async (details) => {
    if (details.dataset.told) return;
    details.dataset.told = "yes";
    const { turn, rank } = details.dataset;
    const reply = await server.why({ conversation: state.conversation, turn, rank });
    if (reply.html) paint(details.querySelector(".reasons"), reply.html);
    else delete details.dataset.told;  // the ranks stay; a turn that is still being answered tells the rest later
  };

  const showSimilar = async (button) => {
    const place = button.closest(".card").querySelector(".similar");
    place.hidden = !place.hidden;
    button.setAttribute("aria-expanded", String(!place.hidden));
    if (place.hidden || place.firstChild) return;
    const reply = await server.similar({ paper: button.dataset.paper });
    if (reply.error) announce(reply.error);
    paint(place, reply.html || "");
    place.scrollIntoView({ block: "nearest" });
  };

  const stepCitation = (step) => {
    const cites = [...document.querySelectorAll("#scroll a.cite")];
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

  // ---- History

  const search = async () => {
    const words = byId("words")?.value.trim() || "";
    state.words = words;
    const reply = words ? await server.found({ conversation: state.conversation, words }) : {};
    if (state.words === words) paint(byId("found"), reply.html || "");  // else more was typed meanwhile
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

  const exportAs = async (button) => {
    const { form } = button.dataset;
    const reply = await server.export({ conversation: state.conversation, form });
    if (reply.error) { announce(reply.error); return; }
    save(reply.text, reply.name, reply.media_type);
    announce(`Saved ${reply.name}`);
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

  const edit = (button) => {
    const turn = Number(button.dataset.turn);
    const after = lastTurn() - turn;
    const turns = after === 1 ? "the turn" : `the ${after} turns`;
    form(button.closest(".asked"), {
      label: `Question ${turn}`,
      value: button.closest(".asked").querySelector(".said").textContent,
      note: after ? `Asking again drops this answer and ${turns} after it.` : "Asking again replaces this answer.",
      button: after ? `Ask again and drop ${turns} after it` : "Ask again",
      lines: 3,
      save: (question) => run("edit", { turn, question }),
    });
  };

  const rename = (button) => {
    const entry = button.closest("li");
    form(entry, {
      label: "Name of the conversation",
      value: entry.querySelector(".conversation bdi").textContent,
      button: "Rename",
      save: (title) => act("rename", { conversation: button.dataset.conversation, title }),
    });
  };

  const rate = async (button) => {
    const { turn, verdict } = button.dataset;
    const given = button.getAttribute("aria-pressed") === "true" ? "" : verdict;
    if (!await keepRating(button, { turn, verdict: given }) || !given) return;
    form(button.closest(".turn"), {
      label: "Comment",
      note: given === "up" ? "What was good about it? Kept with this answer, on this machine."
        : "What was wrong with it? Kept with this answer, on this machine.",
      button: "Save comment",
      save: (comment) => keepRating(button, { turn, verdict: given, comment }),
    });
  };

  const keepRating = async (button, given) => {
    const reply = await server.rate({ conversation: state.conversation, ...given });
    if (reply.error) { announce(reply.error); return false; }
    const turn = button.closest(".turn");
    turn.querySelectorAll(".thumb").forEach((thumb) => thumb.setAttribute("aria-pressed", String(thumb.dataset.verdict === given.verdict)));
    turn.querySelector(".note")?.remove();
    if (given.comment) turn.querySelector(".turn-bar").after(make("p", { className: "note" }, make("span", { textContent: "Your note: " }), make("bdi", { textContent: given.comment })));
    announce(given.verdict ? "Kept." : "Taken back.");
    return true;
  };

  const focusQuestion = () => document.querySelector("#question textarea, #find, #wishes [type=search]")?.focus();

  const theme = () => {
    const dark = document.body.classList.toggle("dark");
    try { localStorage.setItem("ibid-theme", dark ? "dark" : "light"); } catch { /* private browsing */ }
  };

  const actions = {
    "ask": (button) => run("ask", { question: button.dataset.question }),
    "retry": () => run("retry"),
    "unstate": (button) => run("unstate", { part: button.dataset.part }),
    "edit": edit,
    "earlier": showEarlier,
    "open": (link) => { close(); run("open", { conversation: link.dataset.conversation }); },
    "rename": rename,
    "delete": (button) => act("delete", { conversation: button.dataset.conversation }),
    "restore": (button) => act("restore", { conversation: button.dataset.conversation }),
    "drop": (button) => act("drop", { part: button.dataset.part }),
    "widen": () => act("drop", { part: "all" }),
    "only": (button) => { act("only", { paper: button.dataset.paper }); announce("Only this paper is asked now."); },
    "exclude": (button) => { act("exclude", { paper: button.dataset.paper }); announce("This paper is left out now."); },
    "similar": showSimilar,
    "rate": rate,
    "scope": (button) => {
      const opened = button.closest(".scope").classList.toggle("opened");
      button.setAttribute("aria-expanded", String(opened));
    },
    "copy": (button) => take("copy", button),
    "copy-references": (button) => take("copy-references", button),
    "bibtex": (button) => take("bibtex", button),
    "save-as": exportAs,
    "copy-details": (button) => copy(button.closest(".error").querySelector(".details").textContent).then(() => say(button, "Copied")),
    "show-evidence": (button) => openEvidence(Number(button.dataset.turn), "").then(() => open("right")),
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
    if (control && control.tagName !== "FORM" && actions[control.dataset.do]) {
      if (control.tagName === "A" && (event.metaKey || event.ctrlKey)) return;
      event.preventDefault();
      actions[control.dataset.do](control);
      return;
    }
    document.querySelectorAll("details.exports[open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
    if (narrow() && !event.target.closest("#left, #right, #header")) close();
    if (event.target.closest("#new")) { close(); focusQuestion(); }
  });

  document.addEventListener("change", (event) => {
    if (event.target.matches("#evidence .turn-picker")) openEvidence(Number(event.target.value), "");
  });

  document.addEventListener("input", (event) => {
    if (!event.target.matches("#words")) return;
    clearTimeout(state.typing);
    state.typing = setTimeout(search, 120);
  });

  document.addEventListener("toggle", (event) => {
    if (event.target.matches?.("details.why") && event.target.open) explain(event.target);
  }, true);  // it does not bubble

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

  window.addEventListener("popstate", () => {
    if (!byId("conversation") || address() === state.conversation) return;
    if (address()) run("open", { conversation: address() });
    else byId("new").click();
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

  const page = {
    byId, make, act, announce, actions, copy, save, say, watchers,
    server: () => server, upload: (file) => uploader(file), send: (...event) => send(...event),
  };
  return { connect, address, followConversation, follow, ...page };
})();
