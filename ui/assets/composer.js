// What completes what is typed in the question's box: commands after a slash, titles after an `@`.
// A listbox that the keyboard drives while the box keeps the focus; app.js has the connection and the page.
(() => {
  "use strict";
  const { act, announce, byId, make, server } = window.ibid;
  const LIST = "completions";
  const PAUSE = 80;  // ms without a key before titles are asked for
  let options = [];  // what is offered: { text, about, take }
  let at = 0;
  let asked = 0;
  let typing;
  let entered = false;  // Enter was pressed before the titles were there
  let pending = false;

  const isBox = (element) => element?.matches?.("#question textarea");
  const box = () => document.querySelector("#question textarea");

  // ---- What is being typed at the caret

  const typed = () => {
    const before = box().value.slice(0, box().selectionStart);
    const command = /^\/(\w*)$/.exec(before);
    if (command) return { kind: "command", words: command[1].toLowerCase(), from: 0 };
    if (/^\s*\/(?:scope|papers)\s.*\S$/i.test(before)) return { kind: "terms", words: before };
    const paper = /(?:^|\s)@([^@\n]{0,80})$/.exec(before);
    return paper && { kind: "paper", words: paper[1], from: before.length - paper[1].length - 1 };
  };

  const replace = (from, text) => {
    const element = box();
    const after = element.value.slice(element.selectionStart).replace(/^ +/, "");
    const value = element.value.slice(0, from) + text + after;
    Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(element, value);
    element.setSelectionRange(from + text.length, from + text.length);
    element.dispatchEvent(new Event("input", { bubbles: true }));
  };

  // ---- What there is to take

  const commands = ({ words, from }) => [...document.querySelectorAll("#help [data-command]")]
    .filter((known) => known.dataset.command.startsWith(words) && !(known.dataset.command === words && !known.dataset.arguments))
    .map((known) => ({
      text: `/${known.dataset.command} ${known.dataset.arguments}`,
      about: known.querySelector("dd").textContent,
      take: () => replace(from, `/${known.dataset.command}${known.dataset.arguments ? " " : ""}`),
    }));

  const papers = async ({ words, from }) => {
    const reply = await server().titles({ words });
    return (reply.options || []).map((paper) => ({
      text: paper.title,
      about: paper.about,
      take: () => { replace(from, ""); act("pick", { paper: paper.id }); announce(`Asking ${paper.title}.`); },
    }));
  };

  const terms = async ({ words }) => {
    const reply = await server().terms({ line: words });
    return (reply.options || []).map((term) => ({
      text: term.text,
      about: term.about,
      take: () => { replace(words.length - term.typed.length, term.insert); announce(`${term.insert}, ${term.text}`); },
    }));
  };

  const looked = { paper: papers, terms };  // what the server is asked for

  const complete = async () => {
    const wanted = typed();
    const turn = ++asked;
    if (!looked[wanted?.kind]) { show(wanted ? commands(wanted) : []); return; }
    const found = await looked[wanted.kind](wanted);
    if (turn !== asked) return;  // more was typed meanwhile
    pending = false;
    show(found);
    if (entered) found.length ? take(0) : byId("send").click();
    entered = false;
  };

  // ---- The list

  const show = (found) => {
    options = found;
    at = 0;
    const list = byId(LIST) ?? byId("middle").appendChild(make("ul", { id: LIST, role: "listbox", tabIndex: 0, ariaLabel: "Completions" }));
    list.hidden = !options.length;
    list.style.bottom = `${byId("composer").offsetHeight}px`;
    list.replaceChildren(...options.map((option, position) => {
      const about = make("span", { className: "byline", textContent: option.about });
      const line = make("li", { id: `completion-${position}`, role: "option" }, make("bdi", { textContent: option.text }), about);
      line.addEventListener("pointerdown", (event) => { event.preventDefault(); take(position); });
      return line;
    }));
    const element = box();
    element.setAttribute("aria-autocomplete", "list");
    element.setAttribute("aria-haspopup", "listbox");
    element.setAttribute("aria-controls", LIST);
    if (options.length) announce(`${options.length} ${options.length === 1 ? "completion" : "completions"}. Up and Down choose, Enter takes.`);
    mark();
  };

  const mark = () => {
    [...byId(LIST).children].forEach((line, position) => {
      line.setAttribute("aria-selected", String(position === at));
      if (position === at) line.scrollIntoView({ block: "nearest" });
    });
    if (options.length) box().setAttribute("aria-activedescendant", `completion-${at}`);
    else box().removeAttribute("aria-activedescendant");
  };

  const take = (position) => {
    const option = options[position];
    asked += 1;
    show([]);
    option.take();
  };

  const keys = {
    "ArrowDown": () => { at = (at + 1) % options.length; mark(); },
    "ArrowUp": () => { at = (at + options.length - 1) % options.length; mark(); },
    "Enter": () => take(at),
    "Tab": () => take(at),
    "Escape": () => { asked += 1; pending = false; show([]); },
  };

  document.addEventListener("input", (event) => {
    if (!isBox(event.target)) return;
    clearTimeout(typing);
    const wanted = typed();
    pending = Boolean(looked[wanted?.kind]) && wanted.words !== "";
    entered = false;
    if (looked[wanted?.kind]) typing = setTimeout(complete, PAUSE);
    else if (wanted || options.length) complete();
  });

  // Before Gradio's own listener, which sends at Enter.
  document.addEventListener("keydown", (event) => {
    if (!isBox(event.target) || event.shiftKey) return;
    if (pending && event.key === "Enter") { event.preventDefault(); event.stopPropagation(); entered = true; return; }
    if (!options.length || !keys[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    keys[event.key]();
  }, true);

  document.addEventListener("focusout", (event) => {
    const within = isBox(event.relatedTarget) || event.relatedTarget?.id === LIST;
    if (options.length && !within && (isBox(event.target) || event.target.id === LIST)) show([]);
  });
})();
