// Asks for one service type with the socket and the packet code of @homebridge/ciao, which has no
// browser of its own; writes one JSON object per instance found or lost.
"use strict";
const { TextDecoder } = require("util");
require("@homebridge/ciao"); // registers the record types with the decoder
const { MDNSServer } = require("@homebridge/ciao/lib/MDNSServer");
const { Question } = require("@homebridge/ciao/lib/coder/Question");

const A = 1, PTR = 12, TXT = 16, AAAA = 28, SRV = 33;
const serviceType = process.argv[2];
const browsed = `${serviceType}.local.`;
const everyInterface = { advertisesOnInterface: () => true };

const records = new Map(); // "type name" -> records, latest packet wins
const reported = new Map(); // instance -> what was written about it

function lookup(type, name) {
  return records.get(`${type} ${name.toLowerCase()}`) || [];
}

function remember(packet) {
  const fresh = new Map();
  for (const record of [...packet.answers.values(), ...packet.additionals.values()]) {
    const key = `${record.type} ${record.name.toLowerCase()}`;
    fresh.set(key, [...(fresh.get(key) || []), record]);
  }
  for (const [key, set] of fresh) {
    if (!key.startsWith(`${PTR} `)) records.set(key, set);
  }
}

function report(pointer) {
  const name = pointer.ptrName.slice(0, -browsed.length - 1);
  if (pointer.ttl === 0) {
    if (reported.delete(name)) console.log(JSON.stringify({ event: "lost", name }));
    return;
  }
  const [service] = lookup(SRV, pointer.ptrName);
  const [text] = lookup(TXT, pointer.ptrName);
  if (!service || !text) return;
  const hosts = [...lookup(A, service.hostname), ...lookup(AAAA, service.hostname)];
  if (hosts.length === 0) return;
  const event = JSON.stringify({
    event: "found",
    name,
    type: serviceType,
    host: service.hostname,
    port: service.port,
    addresses: hosts.map((record) => record.ipAddress).sort(),
    txt: Object.fromEntries(text.txt.map(split)),
  });
  if (reported.get(name) !== event) console.log(event);
  reported.set(name, event);
}

function split(item) {
  const string = new TextDecoder().decode(item);
  const at = string.indexOf("=");
  return at < 0 ? [string, ""] : [string.slice(0, at), string.slice(at + 1)];
}

const server = new MDNSServer(
  {
    handleQuery() {},
    handleResponse(packet) {
      remember(packet);
      for (const record of packet.answers.values()) {
        if (record.type === PTR && record.name.toLowerCase() === browsed.toLowerCase()) report(record);
      }
    },
  },
  { advertiseIpv6: true },
);

function ask() {
  server.sendQueryBroadcast({ questions: [new Question(browsed, PTR)] }, everyInterface);
}

server.bind().then(() => {
  ask();
  setInterval(ask, 1000);
});
