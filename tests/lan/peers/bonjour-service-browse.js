// Browses one service type with bonjour-service; writes one JSON object per instance found or lost.
"use strict";
const { Bonjour } = require("bonjour-service");

const serviceType = process.argv[2];
const [, type, protocol] = /^_(.+)\._(tcp|udp)$/.exec(serviceType);
const browser = new Bonjour().find({ type, protocol });

function found({ name, host, port, addresses, txt }) {
  write({ event: "found", name, type: serviceType, host, port, addresses, txt: txt || {} });
}

function write(event) {
  console.log(JSON.stringify(event));
}

browser.on("up", found);
browser.on("txt-update", found);
browser.on("srv-update", found);
browser.on("down", ({ name }) => write({ event: "lost", name }));

// It asks once, when it starts; an application that wants more calls update(), so we do.
setInterval(() => browser.update(), 1000);
