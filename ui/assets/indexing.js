// Papers that come in while one chats: a quiet line as long as it lasts, and the page counts anew after it.
(() => {
  "use strict";
  const { announce, byId, send, server } = window.ibid;
  const OFTEN = 1000, SELDOM = 4000;  // ms between two looks, while papers come in and else
  let coming = false;
  let mark;

  const show = (reply) => {
    const line = byId("indexing-line");
    if (line.innerHTML !== reply.html) line.innerHTML = reply.html;
    if (Boolean(reply.html) !== coming) announce(coming ? "All papers are added." : "Papers are being added.");
    coming = Boolean(reply.html);
    mark ??= reply.mark;
    if (coming || mark === reply.mark) return;
    mark = reply.mark;
    send("refresh");
  };

  const look = async () => {
    if (byId("indexing-line") && document.visibilityState === "visible" && !byId("offline")) {
      const reply = await server().indexing({});
      if (!reply.error) show(reply);
    }
    setTimeout(look, coming ? OFTEN : SELDOM);
  };

  const begin = () => document.documentElement.dataset.ibid === "ready" ? look() : requestAnimationFrame(begin);
  requestAnimationFrame(begin);
})();
