// Publishes the services given as JSON with @homebridge/ciao; writes "ready" once announced.
"use strict";
const ciao = require("@homebridge/ciao");

const responder = ciao.getResponder({ advertiseIpv6: true });
const services = JSON.parse(process.argv[2]).map(({ name, type, port, txt, subtypes }) => {
  const [, label, protocol] = /^_(.+)\._(tcp|udp)$/.exec(type);
  return responder.createService({ name, type: label, protocol, port, txt, subtypes });
});

process.on("SIGTERM", () => responder.shutdown().then(() => process.exit(0)));
Promise.all(services.map((service) => service.advertise())).then(() => console.log("ready"));
