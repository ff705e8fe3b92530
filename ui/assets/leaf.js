// A page of a paper's file with the cited words boxed, in a dialog: over the page on a wide screen, a sheet on a
// narrow one. What is boxed comes from pages.json in percent of the page, so that a picture of any size will do.
(() => {
  "use strict";
  const { actions, announce, byId, make, narrow } = window.ibid;
  const shown = { page: 0, leaves: null, paper: "", wanted: 0 };
  const address = (paper, rest) => new URL(`papers/${encodeURIComponent(paper)}/${rest}`, document.baseURI);
  const sharp = () => (window.devicePixelRatio > 1.5 ? 3 : 2);

  // Gradio scopes our stylesheet below .contain, and paints anew what it has drawn there: it stands beside that.
  const dialog = () => byId("leaf") ?? document.querySelector(".gradio-container .contain").appendChild(build());
  const button = (name, label, text) => make("button", { type: "button", className: "action", id: `leaf-${name}`, ariaLabel: label, textContent: text });

  const build = () => {
    const made = make("dialog", { id: "leaf" });
    const [back, on, larger, close] = [
      button("back", "Previous page", "‹"), button("on", "Next page", "›"), button("larger", "Larger", "Larger"), button("close", "Close", "✕"),
    ];
    made.setAttribute("aria-labelledby", "leaf-title");
    larger.setAttribute("aria-pressed", "false");
    made.append(
      make("header", {}, make("h2", { id: "leaf-title", dir: "auto" }), close),
      make("div", { className: "leaf-bar" }, back, make("span", { id: "leaf-number", role: "status" }), on, larger, make("a", { id: "leaf-file", className: "action", textContent: "Save the file" })),
      make("div", { id: "leaf-scroll", tabIndex: 0, role: "region", ariaLabel: "The page" }),
    );
    back.addEventListener("click", () => turn(-1));
    on.addEventListener("click", () => turn(1));
    close.addEventListener("click", () => made.close());
    larger.addEventListener("click", () => {
      const large = made.classList.toggle("large");
      larger.setAttribute("aria-pressed", String(large));
      toFrame();
    });
    made.addEventListener("click", (event) => { if (event.target === made) made.close(); });  // beside it
    made.addEventListener("close", () => { shown.wanted += 1; byId("leaf-scroll").replaceChildren(); });
    made.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, PageUp: -1, ArrowRight: 1, PageDown: 1 }[event.key];
      if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      turn(step);
    });
    return made;
  };

  const open = async (link) => {
    const { paper, page, start, end } = link.dataset;
    const wanted = shown.wanted += 1;
    const box = dialog();
    Object.assign(shown, { paper, page: Number(page), leaves: null });
    byId("leaf-title").textContent = "";
    byId("leaf-scroll").replaceChildren(make("p", { className: "quiet", textContent: "Opening the page…" }));
    byId("leaf-number").textContent = `Page ${page}`;
    byId("leaf-file").hidden = true;
    if (!box.open) box.showModal();
    byId("leaf-scroll").focus();
    const reply = await fetched(address(paper, `pages.json?start=${start}&end=${end}`));
    if (wanted !== shown.wanted) return;  // closed, or another was opened meanwhile
    if (reply.error || !reply.pages.length) { trouble(reply.error || "The library keeps no pages of this paper. Add its file again."); return; }
    shown.leaves = reply;
    byId("leaf-title").textContent = reply.title;
    Object.assign(byId("leaf-file"), { hidden: !reply.original, href: address(paper, "file") });
    shown.page = reply.frames[0]?.page ?? Math.min(shown.page, reply.pages.length);
    show();
  };

  const fetched = async (url) => {
    try {
      const reply = await fetch(url);
      return reply.ok ? await reply.json() : { error: (await reply.text()).trim() };
    } catch { return { error: "Ibid does not answer." }; }
  };

  const trouble = (words) => {
    byId("leaf-scroll").replaceChildren(make("p", { className: "leaf-trouble", textContent: words }));
    announce(words);
  };

  const turn = (step) => {
    const page = shown.page + step;
    if (!shown.leaves || page < 1 || page > shown.leaves.pages.length) return;
    shown.page = page;
    show();
  };

  const show = () => {
    const { page, paper, leaves } = shown;
    const picture = make("img", { alt: `Page ${page} of ${leaves.title}`, src: address(paper, `pages/${page}.png?scale=${sharp()}&of=${leaves.version}`) });
    const leaf = make("div", { className: "leaf" }, picture);
    leaf.style.aspectRatio = leaves.pages[page - 1];
    const frames = leaves.frames.filter((frame) => frame.page === page);
    for (const { left, top, width, height } of frames) {
      const frame = make("div", { className: "leaf-frame", ariaHidden: "true" });
      Object.assign(frame.style, { left: `${left}%`, top: `${top}%`, width: `${width}%`, height: `${height}%` });
      leaf.append(frame);
    }
    if (frames.length) leaf.append(make("p", { className: "sr-only", textContent: `Marked on this page: ${leaves.words}` }));
    picture.addEventListener("error", async () => {
      const reply = await fetched(picture.src);
      if (picture.isConnected) trouble(reply.error || "This page cannot be drawn.");
    });
    byId("leaf-scroll").replaceChildren(leaf);
    byId("leaf-number").textContent = `Page ${page} of ${leaves.pages.length}`;
    for (const [name, end] of [["back", 1], ["on", leaves.pages.length]]) byId(`leaf-${name}`).setAttribute("aria-disabled", String(page === end));
    toFrame();
  };

  const toFrame = () => {
    const scroll = byId("leaf-scroll");
    const frame = scroll.querySelector(".leaf-frame");
    if (frame) frame.scrollIntoView({ block: "center", inline: narrow() ? "start" : "center" });
    else scroll.scrollTo(0, 0);
  };

  actions.leaf = open;
})();
