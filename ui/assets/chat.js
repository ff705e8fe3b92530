// The chat page's own script: what is shown and focused without a trip to the server, and what a turn, its
// evidence and the list of conversations are asked for. `server` has the services of ui/chat/services.py: each
// takes an object and gives one, with `error` in words.
(() => {
  "use strict";
  const { actions, act, announce, byId, close, connected, copy, form, keys, make, narrow, open, paint, panels, run, save, say, server, toggle, watchers } = window.ibid;
  const state = { conversation: "", turn: 0, tab: "", turns: 0 };
  const address = () => new URL(location).searchParams.get("c") || "";

  const followConversation = (props, watch) => {
    watch("value", () => {
      state.conversation = props.value || "";
      state.turns = -1;
      showEvidence();
      forgetEarlier();
      if (state.older) showOlder();
      offer();
      const url = new URL(location);
      if ((url.searchParams.get("c") || "") === state.conversation) return;
      if (state.conversation) url.searchParams.set("c", state.conversation);
      else url.searchParams.delete("c");
      history.pushState(null, "", url);
    });
    state.conversation = props.value || "";
  };

  // ---- After each change of a rendered part

  watchers.push((element) => {
    if (element.closest("#evidence")) showEvidence();
    if (element.closest("#history")) { search(); if (state.older) showOlder(); }
    if (element.closest("#thread") || element.closest("#live")) { forgetEarlier(); showTurn(); offer(); }
    element.querySelector("[data-now]")?.click();
    element.querySelector(".listing")?.scrollIntoView({ block: "start" });
  });
  connected.push(() => { state.connected = true; offer(); });

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
    const reply = await server().earlier({ conversation });
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
    const reply = await server()[place.dataset.offer]({ conversation });
    if (!place.isConnected || place.firstChild || conversation !== state.conversation) return;
    place.dataset.told = "yes";
    if (reply.error) place.replaceChildren(make("p", { className: "quiet", textContent: reply.error }));
    else paint(place, reply.html);
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
      const reply = await server().section({ conversation: state.conversation, turn });
      if (state.turn !== turn) return;  // another turn was opened meanwhile
      if (reply.error) announce(reply.error);
      paint(byId("older-evidence"), reply.html || "");
    }
    showEvidence();
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
    const reply = await server().why({ conversation: state.conversation, turn, rank });
    if (reply.html) paint(details.querySelector(".reasons"), reply.html);
    else delete details.dataset.told;  // the ranks stay; a turn that is still being answered tells the rest later
  };

  const showSimilar = async (button) => {
    const place = button.closest(".card").querySelector(".similar");
    place.hidden = !place.hidden;
    button.setAttribute("aria-expanded", String(!place.hidden));
    if (place.hidden || place.firstChild) return;
    const reply = await server().similar({ paper: button.dataset.paper });
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
    const reply = words ? await server().found({ conversation: state.conversation, words }) : {};
    if (state.words === words) paint(byId("found"), reply.html || "");  // else more was typed meanwhile
  };

  // Older conversations are fetched when they are wanted, and anew whenever the list above them changes.
  const showOlder = async (pages = state.older ?? 0) => {
    state.older = pages;
    const reply = pages ? await server().older({ conversation: state.conversation, pages }) : {};
    if (reply.error) announce(reply.error);
    if (pages !== state.older) return;  // more were wanted meanwhile
    paint(byId("older-conversations"), reply.html || "");
    const [last] = [...document.querySelectorAll("#history .day")].slice(-1), first = document.querySelector("#older-conversations .day");
    if (first && last?.textContent === first.textContent) first.remove();
    document.querySelector("#history .older")?.toggleAttribute("hidden", Boolean(reply.html));
  };
  const older = async () => {
    const before = document.querySelectorAll("#older-conversations .conversation").length;
    await showOlder((state.older ?? 0) + 1);
    document.querySelectorAll("#older-conversations .conversation")[before]?.focus();
  };

  // ---- Taking away

  const take = async (kind, button) => {
    const reply = await server().text_of({ conversation: state.conversation, turn: button.dataset.turn, kind });
    if (reply.error) { say(button, "Failed"); announce(reply.error); return; }
    if (kind === "bibtex") { save(reply.text, "ibid.bib"); say(button, "Saved"); return; }
    if (kind === "csv") { save(reply.text, "table.csv", "text/csv"); say(button, "Saved"); return; }
    await copy(reply.text);
    say(button, "Copied");
  };

  const exportAs = async (button) => {
    const { form } = button.dataset;
    const reply = await server().export({ conversation: state.conversation, form });
    if (reply.error) { announce(reply.error); return; }
    save(reply.text, reply.name, reply.media_type);
    announce(`Saved ${reply.name}`);
  };

  // ---- What controls do

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
      save: (question) => {
        document.dispatchEvent(new CustomEvent("ibid-asked", { detail: question }));
        run("edit", { turn, question, turns: after + turn });
      },
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
    const reply = await server().rate({ conversation: state.conversation, ...given });
    if (reply.error) { announce(reply.error); return false; }
    const turn = button.closest(".turn");
    turn.querySelectorAll(".thumb").forEach((thumb) => thumb.setAttribute("aria-pressed", String(thumb.dataset.verdict === given.verdict)));
    turn.querySelector(".note")?.remove();
    if (given.comment) turn.querySelector(".turn-bar").after(make("p", { className: "note" }, make("span", { textContent: "Your note: " }), make("bdi", { textContent: given.comment })));
    announce(given.verdict ? "Kept." : "Taken back.");
    return true;
  };

  Object.assign(actions, {
    "ask": (button) => run("ask", { question: button.dataset.question }),
    "retry": () => run("retry", { turns: lastTurn() }),
    "unstate": (button) => run("unstate", { part: button.dataset.part }),
    "edit": edit,
    "earlier": showEarlier,
    "open": (link) => { close(); run("open", { conversation: link.dataset.conversation }); },
    "older": older,
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
    "csv": (button) => take("csv", button),
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
  });

  Object.assign(keys, { "[": () => stepCitation(-1), "]": () => stepCitation(1) });

  document.addEventListener("click", (event) => {
    const cite = event.target.closest("a[href^='#cite-'], a[href^='#from-']");
    if (!cite) return;
    event.preventDefault();
    if (cite.hash.startsWith("#cite-")) { state.cite = cite; focusCard(cite.hash.slice(1)); }
    else focusMarker(cite.hash.slice(1));
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

  window.addEventListener("popstate", () => {
    if (!byId("conversation") || address() === state.conversation) return;
    if (address()) run("open", { conversation: address() });
    else byId("new").click();
  });

  Object.assign(window.ibid, { address, followConversation });
})();
