'use strict';
// node `ws`, as its users run it: usage: node_ws.js DIRECTORY-OF-ITS-NODE_MODULES PORT
const { createRequire } = require('node:module');

const [directory, port] = process.argv.slice(2);
const { WebSocketServer } = createRequire(`${directory}/`)('ws');

new WebSocketServer({ port: Number(port) }).on('connection', (socket) => {
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
});
