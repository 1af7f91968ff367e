// Publishes the services given as JSON with bonjour-service; writes "ready" once announced.
"use strict";
const { Bonjour } = require("bonjour-service");

const bonjour = new Bonjour();
const published = JSON.parse(process.argv[2]).map(({ name, type, port, txt, subtypes }) => {
  const [, label, protocol] = /^_(.+)\._(tcp|udp)$/.exec(type);
  const service = bonjour.publish({ name, type: label, protocol, port, txt, subtypes });
  return new Promise((resolve) => service.on("up", resolve));
});

process.on("SIGTERM", () => bonjour.unpublishAll(() => bonjour.destroy(() => process.exit(0))));
Promise.all(published).then(() => console.log("ready"));
