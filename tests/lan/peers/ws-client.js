// Talks to a WebSocket echo with `ws`: node ws-client.js URL; one line of JSON per case.
"use strict";
const { once } = require("node:events");
const { WebSocket } = require("ws");

const url = process.argv[2];

async function opened(protocols = [], options = { perMessageDeflate: false }) {
  const socket = new WebSocket(url, protocols, options);
  await once(socket, "open");
  return socket;
}

async function message(socket) {
  const [data, isBinary] = await once(socket, "message");
  return isBinary ? { size: data.length, hex: data.toString("hex").slice(0, 32) } : data.toString();
}

async function closed(socket) {
  const [code, reason] = await once(socket, "close");
  return [code, reason.toString()];
}

const cases = {
  async text() {
    const socket = await opened();
    const texts = ["hello", "", "客厅 😀", "x".repeat(70000)];
    const answers = [];
    for (const text of texts) {
      socket.send(text);
      answers.push((await message(socket)) === text);
    }
    socket.terminate();
    return answers;
  },
  async binary() {
    const socket = await opened();
    socket.send(Buffer.from([0, 1, 2, 255]));
    const answer = await message(socket);
    socket.terminate();
    return answer;
  },
  async fragments() {
    const socket = await opened();
    socket.send("one ", { fin: false });
    socket.ping("between");
    const pong = once(socket, "pong");
    socket.send("two ", { fin: false });
    socket.send("three", { fin: true });
    const answer = await message(socket);
    const [payload] = await pong;
    socket.terminate();
    return [answer, payload.toString()];
  },
  async subprotocol() {
    const socket = await opened(["b", "a"]);
    socket.terminate();
    return socket.protocol;
  },
  async deflate() {
    const socket = await opened([], { perMessageDeflate: { threshold: 0 } });
    const text = "again and again, ".repeat(1000);
    const same = [];
    for (let times = 0; times < 3; times += 1) {
      socket.send(text);
      same.push((await message(socket)) === text);
    }
    socket.terminate();
    return [socket.extensions.includes("permessage-deflate"), same];
  },
  async close() {
    const seen = [];
    for (const [code, reason] of [[1000, "done"], [3000, "再见"], [4999, "r".repeat(123)]]) {
      const socket = await opened();
      socket.close(code, reason);
      seen.push(await closed(socket));
    }
    return seen;
  },
  async tooLarge() {
    const socket = await opened();
    socket.on("error", () => {});
    socket.send(Buffer.alloc(1024 * 1024 + 1));
    return (await closed(socket))[0];
  },
  async many() {
    const sockets = await Promise.all(Array.from({ length: 5 }, () => opened()));
    const answers = sockets.map(message);
    sockets.forEach((socket, index) => socket.send(`to ${index}`));
    const all = await Promise.all(answers);
    sockets.forEach((socket) => socket.terminate());
    return all;
  },
};

(async () => {
  for (const [name, run] of Object.entries(cases)) {
    console.log(JSON.stringify({ [name]: await run() }));
  }
})();
