// The library page's own script: the address and the fields that follow it, and which papers are chosen.
// What is shown comes from the server, by address; app.js has the connection to it and the clicks.
(() => {
  "use strict";
  const { byId, make, send, server, announce, actions, copy, save, say, upload, limits, tell } = window.ibid;
  const here = () => document.getElementById("library") !== null;
  const fields = () => [...document.querySelectorAll("#controls [data-field]")];

  // ---- The address: fields and links write it, the server answers with what it shows

  const show = (query, replace = false) => {
    const address = new URL(query, location.href);
    if (replace) history.replaceState(history.state, "", address);
    else history.pushState({ ibid: true }, "", address);
    reflect();
    ask();
  };
  const ask = () => send("select");
  const shownBefore = () => Boolean(history.state?.ibid);

  const reflect = () => {
    const given = new URL(location).searchParams;
    for (const field of fields()) {
      if (field !== document.activeElement || field.value.trim() === "") field.value = given.getAll(field.dataset.field)[0] ?? "";
    }
    const other = given.has("paper") || (given.get("view") ?? "papers") === "add";
    document.getElementById("library")?.classList.toggle("without-controls", other);
  };

  // One field, one value: what else an address holds (chosen papers, several tags) stays as it is.
  const written = (field) => {
    const address = new URL(location);
    const { field: name } = field.dataset;
    const value = field.value.trim() === "" ? "" : field.value;
    for (const gone of ["page", "paper", "start", "end"]) address.searchParams.delete(gone);
    if (name === "q") address.searchParams.delete("sort");
    if (value) address.searchParams.set(name, value);
    else address.searchParams.delete(name);
    return address.search || "?";
  };

  document.addEventListener("input", (event) => {
    if (event.target.matches("#controls [data-field=q]")) show(written(event.target), true);
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("#controls [data-field]:not([data-field=q])")) show(written(event.target));
    if (event.target.matches("input.choose")) { choose([event.target.dataset.paper], event.target.checked); }
    if (event.target.id === "files") { give(named(event.target.files)); event.target.value = ""; }
    if (event.target.id === "folder") {
      const files = named(event.target.files);
      giveFolder(files[0]?.name.split("/")[0] ?? "", files);
      event.target.value = "";
    }
    if (event.target.id === "choose-page") choose(boxes().map((box) => box.dataset.paper), event.target.checked);
  });
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-do=none]")) return;
    event.preventDefault();
    if (event.target.id === "paste") paste();
    const { paper } = event.target.dataset;
    if (event.target.matches(".tagger")) tag(event.target.querySelector("input"), paper ? [paper] : [...chosen]);
  });
  window.addEventListener("popstate", () => { if (here()) { reflect(); ask(); } });

  // ---- Which papers are chosen: kept over pages and searches, in this tab

  const KEPT = "ibid-chosen";
  const chosen = new Set(JSON.parse(sessionStorage.getItem(KEPT) ?? "[]"));
  const boxes = () => [...document.querySelectorAll("#papers input.choose")];

  const choose = (papers, on) => {
    for (const paper of papers) on ? chosen.add(paper) : chosen.delete(paper);
    mark();
  };

  const mark = () => {
    if (!here()) return;
    try { sessionStorage.setItem(KEPT, JSON.stringify([...chosen])); } catch { /* private browsing */ }
    for (const box of boxes()) box.checked = chosen.has(box.dataset.paper);
    const whole = byId("choose-page");
    if (whole) {
      whole.checked = boxes().length > 0 && boxes().every((box) => box.checked);
      whole.indeterminate = !whole.checked && boxes().some((box) => box.checked);
    }
    for (const point of document.querySelectorAll("#map a")) point.classList.toggle("on", chosen.has(point.dataset.paper));
    const bar = byId("chosen-bar");
    if (!bar) return;
    bar.hidden = chosen.size === 0;
    byId("chosen-count").textContent = `${chosen.size.toLocaleString("en")} chosen`;
  };

  const tag = (name, papers, off = false) => {
    if (!name.value.trim()) { name.focus(); return; }
    send("submit", { address: location.search, papers, tag: name.value, off });
    name.value = "";
  };
  const opened = () => document.querySelector(".paper-page")?.dataset.paper;

  const openChat = async (papers) => {
    const reply = told(await server().ask({ papers }));
    if (reply) location.assign(`./?c=${encodeURIComponent(reply.conversation)}`);
  };

  // A paper that is opened begins at its marked sentence, or at its top.
  let shown = "";
  const showPaper = () => {
    const page = document.querySelector(".paper-page");
    const seen = page ? location.search : "";
    if (seen === shown) return;
    shown = seen;
    const mark = page?.querySelector("mark");
    if (mark) mark.scrollIntoView({ block: "center" });
    else if (page) byId("library").scrollTop = 0;
  };

  // ---- Adding: files go up one after another, then the rows are followed until all are done

  const give = async (given) => {
    const files = limits.files ? given.slice(0, limits.files) : given;
    for (const { file, name } of files) {
      if (limits.upload && file.size > limits.upload) {
        send("upload", { name, reason: `The file has ${megabytes(file.size)} MB, and ${megabytes(limits.upload)} MB may be sent. Add it with \`ibid add\`.` });
        continue;
      }
      try {
        const { path } = await upload(file);
        send("upload", { sent: path, name });
      } catch (error) {
        send("upload", { name, reason: `The file could not be sent: ${error.message ?? error}` });
      }
    }
    if (files.length < given.length) {
      const left = given.length - files.length;
      const reason = `${limits.files} files may be sent at once. Send these when those are added, or add all with \`ibid add\`.`;
      send("upload", { name: left === 1 ? given.at(-1).name : `${left.toLocaleString("en")} more files`, reason });
    }
  };
  const megabytes = (size) => (size / 2 ** 20).toFixed(size < 10 * 2 ** 20 ? 1 : 0);
  const named = (files) => [...files].map((file) => ({ file, name: file.webkitRelativePath || file.name }));

  // Of a folder only what a reader knows is sent, and nothing that is hidden.
  const giveFolder = async (folder, files) => {
    const { endings = [] } = told(await server().endings({})) ?? {};
    const hidden = (name) => name.split("/").some((part) => part.startsWith("."));
    const known = files.filter(({ name }) => !hidden(name) && endings.some((ending) => name.toLowerCase().endsWith(ending)));
    if (known.length) await give(known);
    else send("upload", { name: folder, reason: `This folder holds no file of a known kind: ${endings.join(" ")}` });
  };

  // The files below what was dropped; a folder tells its entries in portions, until it tells none.
  const below = async (entry) => {
    const name = entry.fullPath.replace(/^\//, "");
    if (entry.isFile) return [{ name, file: await new Promise((found, failed) => entry.file(found, failed)) }];
    const reader = entry.createReader(), entries = [];
    for (let more; (more = await new Promise((found, failed) => reader.readEntries(found, failed))).length;) entries.push(...more);
    entries.sort((one, other) => one.name < other.name ? -1 : 1);
    const files = [];
    for (const inner of entries.filter((inner) => !inner.name.startsWith("."))) files.push(...await below(inner));
    return files;
  };
  const giveDropped = async (items, files) => {
    const entries = items.map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    if (!entries.some((entry) => entry.isDirectory)) { give(named(files)); return; }
    for (const entry of entries) {
      try {
        const inside = await below(entry);
        await (entry.isDirectory ? giveFolder(entry.name, inside) : give(inside));
      } catch (error) {
        send("upload", { name: entry.name, reason: `The folder could not be read: ${error.message ?? error}` });
      }
    }
  };
  const paste = () => {
    const box = byId("pasted");
    if (!box.value.trim()) { box.focus(); return; }
    const size = new TextEncoder().encode(JSON.stringify(box.value)).length + 1000;  // as it is sent
    if (limits.body && size > limits.body) {
      tell(`${box.value.length.toLocaleString("en")} characters are too many to paste; save them as a file and drop it.`);
      return;
    }
    send("input", { text: box.value });
    box.value = "";
  };

  const carried = (event) => here() && [...(event.dataTransfer?.types ?? [])].includes("Files");
  document.addEventListener("dragover", (event) => {
    if (!carried(event)) return;
    event.preventDefault();
    byId("library").classList.add("dropping");
  });
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) byId("library")?.classList.remove("dropping"); });
  document.addEventListener("drop", (event) => {
    if (!carried(event)) return;
    event.preventDefault();
    byId("library").classList.remove("dropping");
    giveDropped([...event.dataTransfer.items], [...event.dataTransfer.files]);
  });

  let ready = 0;
  const followJobs = () => {
    const jobs = document.querySelector("#adding .jobs");
    if (jobs?.hasAttribute("data-active")) send("change");
    const now = Number(jobs?.dataset.ready ?? 0);
    if (now > ready) ask();
    ready = now;
  };

  // ---- The map: drawn once, gone over with the arrow keys, points chosen by dragging over them

  const drawMap = async () => {
    const waiting = document.querySelector("#papers [data-drawing]");
    if (!waiting || waiting.dataset.asked) return;
    waiting.dataset.asked = "yes";
    const reply = told(await server().draw({}));
    if (reply && document.querySelector("#papers [data-drawing]")) ask();
    else if (!reply) waiting.textContent = "The map could not be drawn. Reload the page to try again.";
  };

  const points = () => [...document.querySelectorAll("#map a")];
  const middle = (point) => {
    const { left, top, width, height } = point.getBoundingClientRect();
    return [left + width / 2, top + height / 2];
  };
  const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

  // The nearest point that lies more in that direction than beside it.
  const step = (from, [right, down]) => {
    const [x, y] = middle(from);
    let best = null, least = Infinity;
    for (const point of points()) {
      const [across, below] = middle(point).map((at, axis) => at - [x, y][axis]);
      const ahead = across * right + below * down, beside = Math.abs(across * down) + Math.abs(below * right);
      if (ahead > 0.5 && ahead >= beside && ahead + 2 * beside < least) { least = ahead + 2 * beside; best = point; }
    }
    best?.focus();
  };
  document.addEventListener("keydown", (event) => {
    const point = event.target.closest?.("#map a");
    if (!point || !WAYS[event.key]) return;
    event.preventDefault();
    step(point, WAYS[event.key]);
  });

  let drag = null;
  document.addEventListener("pointerdown", (event) => {
    if (!event.target.closest("#map") || event.button !== 0 || event.pointerType === "touch") return;
    drag = { x: event.clientX, y: event.clientY, box: null };
  });
  document.addEventListener("pointermove", (event) => {
    if (!drag || (!drag.box && Math.hypot(event.clientX - drag.x, event.clientY - drag.y) < 6)) return;
    drag.box ??= document.querySelector(".plane").appendChild(Object.assign(document.createElement("div"), { className: "lasso" }));
    const left = Math.min(drag.x, event.clientX), top = Math.min(drag.y, event.clientY);
    drag.area = [left, top, Math.abs(event.clientX - drag.x), Math.abs(event.clientY - drag.y)];
    const plane = drag.box.parentElement.getBoundingClientRect();
    Object.assign(drag.box.style, { left: `${left - plane.left}px`, top: `${top - plane.top}px`, width: `${drag.area[2]}px`, height: `${drag.area[3]}px` });
  });
  document.addEventListener("pointerup", () => {
    if (drag?.box) {
      const [left, top, width, height] = drag.area;
      const within = ([x, y]) => x >= left && x <= left + width && y >= top && y <= top + height;
      choose(points().filter((point) => within(middle(point))).map((point) => point.dataset.paper), true);
      drag.box.remove();
      const swallow = (event) => { event.preventDefault(); event.stopPropagation(); };
      window.addEventListener("click", swallow, { capture: true });  // what the drag ended on was not clicked
      setTimeout(() => window.removeEventListener("click", swallow, { capture: true }));
    }
    drag = null;
  });
  document.addEventListener("dragstart", (event) => { if (event.target.closest?.("#map")) event.preventDefault(); });

  const told = (reply) => {
    if (!reply.error) return reply;
    announce(reply.error);
    const close = make("button", { type: "button", className: "link-button", textContent: "Close" });
    close.dataset.do = "close-notice";
    const notice = make("div", { className: "notice" }, make("span", { textContent: reply.error, dir: "auto" }), close);
    (document.querySelector("#notice .html-container > div") ?? byId("notice")).replaceChildren(notice);
    return null;
  };

  Object.assign(actions, {
    "show": (link) => {
      show(link.getAttribute("href"));
      if (!link.closest("#papers thead, #parts")) byId("library").scrollTop = 0;
    },
    "none": () => {},
    "fields": (button) => button.setAttribute("aria-expanded", String(byId("fields").classList.toggle("open"))),
    "choose-all": async () => {
      const reply = told(await server().listed({ address: location.search }));
      if (reply) choose(reply.papers, true);
    },
    "choose-kind": async (button) => {
      const reply = told(await server().coloured({ address: location.search, hue: Number(button.dataset.hue) }));
      if (reply) { chosen.clear(); choose(reply.papers, true); }
    },
    "choose-none": () => { chosen.clear(); mark(); },
    "ask-chosen": () => openChat([...chosen]),
    "ask-paper": () => openChat([opened()]),
    "tag": () => tag(byId("tag-name"), [...chosen]),
    "untag": () => tag(byId("tag-name"), [...chosen], true),
    "untag-paper": (button) => tag({ value: button.dataset.tag }, [opened()], true),
    "remove-paper": () => {
      const papers = [opened()];
      history.pushState(null, "", "?");
      reflect();
      send("delete", { address: "", papers });
    },
    "copy-bibtex": (button) => copy(byId("bibtex").textContent).then(() => say(button, "Copied")),
    "back": (link) => shownBefore() ? history.back() : actions.show(link),
    "export": async (button) => {
      const reply = told(await server().bibtex({ papers: [...chosen] }));
      if (reply) { save(reply.text, "ibid.bib"); say(button, "Saved"); }
    },
    "export-csv": async (button) => {
      const reply = told(await server().csv({ papers: [...chosen] }));
      if (reply) { save(reply.text, "papers.csv", "text/csv"); say(button, "Saved"); }
    },
    "remove-chosen": () => send("delete", { address: location.search, papers: [...chosen] }),
    "undo-removal": (button) => send("undo", { address: location.search, mark: button.dataset.mark }),
    "retry-job": (button) => send("retry", { number: button.dataset.number }),
    "cancel-job": (button) => send("stop", { number: button.dataset.number }),
    "clear-jobs": () => send("clear"),
    "close-notice": (button) => button.closest(".notice").remove(),
  });

  // ---- After each change of a rendered part

  window.ibid.watchers.push((element) => {
    if (element.closest("#controls")) reflect();
    if (element.querySelector("#undo")) chosen.clear();  // they were removed
    if (element.closest("#papers, #notice")) mark();
    if (element.closest("#papers")) { showPaper(); drawMap(); points()[0]?.setAttribute("tabindex", "0"); }
    if (element.closest("#adding")) followJobs();
  });
})();
