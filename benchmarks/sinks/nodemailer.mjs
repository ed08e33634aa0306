// Sends COUNT ready-made messages over ten pooled connections: node nodemailer.mjs PORT COUNT FILE
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(new URL("./.tools/node/", import.meta.url));
const nodemailer = require("nodemailer");
const [port, count, file] = process.argv.slice(2);
const raw = readFileSync(file);
const transport = nodemailer.createTransport({
  host: "127.0.0.1", port: Number(port), pool: true, maxConnections: 10, maxMessages: Infinity,
  ignoreTLS: true,
});
const send = (number) =>
  transport.sendMail({ envelope: { from: "ana@bloom.example", to: `r${number}@a.example` }, raw });
await Promise.all(Array.from({ length: 10 }, (_, number) => send(number)));
const start = performance.now();
await Promise.all(Array.from({ length: Number(count) }, (_, number) => send(number)));
console.log(Number(count) / ((performance.now() - start) / 1000));
transport.close();
