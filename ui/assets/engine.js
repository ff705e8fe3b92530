// What writes the answers: chosen in the header, remembered by this browser, and chosen again in each new tab.
(() => {
  "use strict";
  const { act, announce, byId, connected, make, server, watchers } = window.ibid;
  const NAME = "ibid-engine";
  const remembered = () => localStorage.getItem(NAME);
  const select = () => document.querySelector("select#engine");
  let told = "";  // what the server was told of this tab
  let reachable = false;
  let listed;  // what the server offers, once it was asked

  const add = ({ name, label }) => {
    const field = select();
    if (![...field.options].some((option) => option.value === name)) field.append(make("option", { value: name, textContent: label }));
  };

  // The header is painted anew with the settings' own choice in it; after a choice, it says what was chosen.
  const reflect = () => {
    const field = select();
    if (!field || !told) return;
    listed?.forEach(add);
    const { chosen } = field.dataset;
    if (chosen && chosen !== told) {
      if (remembered() === told) localStorage.removeItem(NAME);
      told = chosen;
    }
    add({ name: told, label: told.split("@")[0].replace(/^[^:]*:/, "") });
    field.value = told;
  };

  const choose = (name) => { told = name; act("engine", { engine: name }); reflect(); };

  const list = async () => {
    if (listed) return;
    listed = [];
    const reply = await server().choices({});
    if (reply.error) announce(reply.error);
    listed = reply.options;
    listed?.forEach(add);
  };

  document.addEventListener("focusin", (event) => { if (event.target === select()) list(); });
  document.addEventListener("change", (event) => {
    if (event.target !== select()) return;
    localStorage.setItem(NAME, event.target.value);
    choose(event.target.value);
    announce(`Answers: ${event.target.selectedOptions[0].textContent}.`);
  });
  const begin = () => {
    if (!reachable || told || !select()) return;
    if (remembered() && remembered() !== select().value) choose(remembered());
    else told = select().value;
  };
  watchers.push((element) => { if (element.closest("#header")) { begin(); reflect(); } });
  connected.push(() => { reachable = true; begin(); });
})();
