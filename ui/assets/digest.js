// The digest page's own script: the address and the fields that follow it, and the saved questions.
// What is shown comes from the server, by address; app.js has the connection to it and the clicks.
(() => {
  "use strict";
  const { byId, send, actions, watchers } = window.ibid;
  const here = () => document.getElementById("digest") !== null;
  const fields = () => [...document.querySelectorAll("#wishes [data-wish]")];

  const show = (query) => {
    history.pushState(null, "", new URL(query, location.href));
    reflect();
    send("select");
  };

  const reflect = () => {
    const given = new URL(location).searchParams;
    for (const field of fields()) field.value = given.get(field.dataset.wish) ?? "";
  };

  // One field, one value; several organisations that an address holds stay until the field is changed.
  const written = (field) => {
    const address = new URL(location);
    const value = field.value.trim();
    if (value) address.searchParams.set(field.dataset.wish, value);
    else address.searchParams.delete(field.dataset.wish);
    return address.search || "?";
  };

  const keep = (question) => send("submit", { address: location.search, question });

  document.addEventListener("change", (event) => {
    if (event.target.matches("#wishes [data-wish]")) show(written(event.target));
  });
  document.addEventListener("submit", (event) => {
    if (!event.target.matches(".saver")) return;
    const field = byId("new-question");
    if (field.value.trim()) keep(field.value);
    else field.focus();
  });
  window.addEventListener("popstate", () => { if (here()) { reflect(); send("select"); } });

  Object.assign(actions, {
    "wish": (link) => show(link.getAttribute("href")),
    "keep-topic": () => keep(new URL(location).searchParams.get("topic") ?? ""),
    "forget": (button) => send("delete", { address: location.search, question: button.dataset.question }),
  });

  watchers.push((element) => { if (element.closest("#asked-for")) reflect(); });
})();
