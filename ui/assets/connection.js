// When the server does not answer: says so, and keeps what was typed or asked until it does. Gradio tries
// again by itself and then loads the page anew, which would lose both.
(() => {
  "use strict";
  const { announce, byId, limits, make, stream, tell } = window.ibid;
  const WORDS = "Ibid does not answer: it was stopped, or the connection is lost. What you wrote stays here, and this page comes back by itself.";
  const PAUSE = 1000;  // ms between two looks whether it is back
  const plain = window.fetch.bind(window);
  const box = () => document.querySelector("#question textarea");

  // ---- Lost and found

  const gone = ({ status }) => status === 502 || status === 504;  // a proxy's word: no server of ours says so

  window.fetch = async (...given) => {
    try {
      const answer = await plain(...given);
      if (gone(answer)) throw new TypeError("the server behind the proxy is gone");
      found();
      const { pathname } = new URL(answer.url);
      if (answer.ok && pathname.endsWith("/gradio_api/queue/data")) return followed(answer, given);
      if (answer.ok && pathname.endsWith("/gradio_api/queue/join")) stream.joined((await answer.clone().json()).event_id);
      if (!answer.ok) await refused(answer.clone(), pathname);
      return answer;
    } catch (error) {
      if (error instanceof TypeError) lost();  // not where a request was given up on purpose
      throw error;
    }
  };

  const followed = (answer, given) => {
    const { status, headers } = answer;
    return new Response(stream.followed(answer.body, () => plain(...given)), { status, headers });
  };

  // ---- Refused at the door, in its own words: the question stays in the box

  const BUSY = "Ibid is busy: too many wait for their turn already. What you wrote stays here; try again in a moment.";
  const OUT = "You are signed out. What you wrote stays here: ";
  let told = "";
  const refused = async (answer, pathname) => {
    if (!/\/gradio_api\/(queue\/join|component_server\/?)$/.test(pathname)) return;
    if (answer.status === 401) {
      const there = new URL("login", location);
      there.searchParams.set("next", location.pathname + location.search);
      tell(OUT, make("a", { href: there, textContent: "sign in again" }), ".");
    } else if (pathname.endsWith("join")) {
      const { detail } = await answer.json().catch(() => ({}));
      told = answer.status === 503 ? "currently busy" : String(detail ?? "");
      if (answer.status === 503 || told) tell(answer.status === 503 ? BUSY : told);
    }
  };

  const lost = () => {
    if (byId("offline")) return;
    const words = make("p", { id: "offline", className: "offline", role: "alert", textContent: WORDS });
    (byId("middle") ?? byId("library") ?? byId("digest"))?.prepend(words);
    setTimeout(look, PAUSE);
  };

  // Gradio itself tries again only where an answer broke off; it says so in words of its own, which come
  // before ours and would stay after them.
  let broken = false;
  const look = async () => {
    if (broken || !byId("offline")) return;
    try {
      if (gone(await plain(new URL("./", location), { method: "HEAD", cache: "no-store" }))) setTimeout(look, PAUSE);
      else found();
    } catch { setTimeout(look, PAUSE); }
  };

  const found = () => {
    if (broken || !byId("offline")) return;
    byId("offline").remove();
    announce("Connected again.");
  };

  new MutationObserver(() => document.querySelectorAll(".toast-body").forEach((toast) => {
    if (toast.style.display === "none") return;
    if (told && toast.textContent.includes(told)) toast.style.display = "none";  // it is told in place
    if (!toast.textContent.includes("Connection ")) return;
    toast.style.display = "none";
    broken = true;
    lost();
  })).observe(document.documentElement, { childList: true, subtree: true });

  // ---- What was typed, and what was asked and is not answered yet, for this tab

  const keep = (name, value) => {
    try { value ? sessionStorage.setItem(name, value) : sessionStorage.removeItem(name); } catch { /* private browsing */ }
  };
  const kept = (name) => {
    try { return sessionStorage.getItem(name) || ""; } catch { return ""; }
  };
  const ask = (question) => {
    document.querySelectorAll(".told-notice").forEach((notice) => notice.remove());
    keep("ibid-typed", "");
    if (!question.trim().startsWith("/")) keep("ibid-asked", question.trim());  // a command is no question
  };

  const tooLong = (event) => {
    const length = [...box().value].length;
    if (!limits.question || length <= limits.question) return false;
    event.preventDefault();
    event.stopImmediatePropagation();
    tell(`A question may have ${limits.question.toLocaleString("en")} characters; this one has ${length.toLocaleString("en")}. Shorten it.`);
    return true;
  };

  document.addEventListener("input", (event) => {
    if (event.target === box()) keep("ibid-typed", event.target.value);
  });
  document.addEventListener("keydown", (event) => {
    if (event.target !== box() || event.key !== "Enter" || event.shiftKey) return;
    if (!tooLong(event)) ask(box().value);
  }, true);
  document.addEventListener("click", (event) => {
    if (event.target.closest("#send") && !tooLong(event)) ask(box().value);
    const offered = event.target.closest("[data-do='ask']");
    if (offered) ask(offered.dataset.question);
  }, true);

  document.addEventListener("ibid-asked", (event) => ask(event.detail));

  const last = () => [...document.querySelectorAll("#thread .said, #live .said")].at(-1)?.textContent.trim();

  window.ibid.watchers.push((element) => {
    if (element.closest("#thread, #live") && last() && last() === kept("ibid-asked") && !document.querySelector("#live .turn")) keep("ibid-asked", "");
  });

  const restore = () => {
    if (document.documentElement.dataset.ibid !== "ready") { requestAnimationFrame(restore); return; }
    const wanted = kept("ibid-typed") || (last() === kept("ibid-asked") ? "" : kept("ibid-asked"));
    if (!box() || !wanted || box().value) return;
    Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(box(), wanted);
    box().dispatchEvent(new Event("input", { bubbles: true }));
  };
  requestAnimationFrame(restore);
})();
