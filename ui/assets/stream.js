// What comes of events, as Gradio sends it: one stream of messages, which the server ends once no event is left.
// An event that joins while the word of that end is under way is believed to have its stream, since Gradio looks
// only as an event joins, and would never be told its outcome: the stream is taken up again for it.
(() => {
  "use strict";
  const { byId, make } = window.ibid;
  const due = new Set();  // events that have joined and whose outcome is to come
  const early = new Set();  // events whose outcome came before the word that they have joined

  const END = "\n\n";

  const joined = (event) => early.delete(event) || due.add(event);
  const over = (event) => due.delete(event) || early.add(event);

  // The stream with each message looked at; `again` asks the server for it once more.
  const followed = (body, again) => {
    const bytes = new TextEncoder();
    let messages = parted(body);
    const pull = async (on) => {
      const { done, value } = await messages.next();
      if (done) { on.close(); return; }
      if (looked(value) === "close_stream" && due.size) {
        messages.return();
        messages = parted((await again()).body);
        await pull(on);
      } else on.enqueue(bytes.encode(value));
    };
    return new ReadableStream({ pull, cancel: () => messages.return() });
  };

  async function* parted(body) {
    const words = body.pipeThrough(new TextDecoderStream()).getReader();
    let part = "";
    try {
      for (let read = await words.read(); !read.done; read = await words.read()) {
        const messages = (part + read.value).split(END);
        part = messages.pop();
        for (const message of messages) yield message + END;
      }
      if (part) yield part;
    } finally { words.cancel().catch(() => { /* it broke off already */ }); }
  }

  // What a message is, once what it tells is noted: its first fields say it.
  const looked = (message) => {
    const [, told, event, rank] = /^data: {"msg":"(\w+)","event_id":(?:null|"(\w+)")(?:,"rank":(\d+))?/.exec(message) ?? [];
    if (told === "process_completed" && event) over(event);
    if (told === "estimation" && rank > 0) showWaiting(`Waiting: ${rank} before you.`);
    else if (rank || told?.startsWith("process_")) byId("waiting")?.remove();
    return told;
  };

  const showWaiting = (words) => {
    if (byId("waiting")) { byId("waiting").textContent = words; return; }
    const line = make("p", { id: "waiting", className: "notice", role: "status", textContent: words });
    (byId("notice") ?? byId("middle") ?? byId("digest"))?.append(line);
  };

  window.ibid.stream = { followed, joined };
})();
