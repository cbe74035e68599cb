// npm install amqplib
import { randomUUID } from "node:crypto";
import amqp from "amqplib";

const request = {
  role: "operator", patronato: "inca", office: "INCA-RM-001",
  operator: { id: "op1", name: "Mario Rossi", email: "op1@inca.example" },
  citizen: { codice_fiscale: "BNCMRA50A01H501U" }, delegation: true,
  reason: "status_or_rejection",
  practice: { kind: "pension", number: "030010110000000" },
  topic: "pensioni-paesi-non-convenzionati",
  text: "Vorrei conoscere lo stato della pratica.",
};
const messageId = randomUUID(); // keep it over your retries: it is the idempotency key

const connection = await amqp.connect(process.env.AMQP_URL);
const channel = await connection.createConfirmChannel();
let returned = false;
channel.on("return", () => { returned = true; }); // unroutable: comes before the confirm
channel.publish("usciere.commands", "portal.inca.request.submit", Buffer.from(JSON.stringify(request)), {
  messageId, type: "request.submit", contentType: "application/json",
  persistent: true, mandatory: true, timestamp: Math.floor(Date.now() / 1000),
});
await channel.waitForConfirms(); // throws when the broker does not take the message
if (returned) throw new Error("unroutable");

await new Promise((resolve) => channel.consume("portal.inca", (message) => {
  channel.ack(message);
  if (message.properties.headers["causation-id"] === messageId) {
    console.log(message.properties.type, message.content.toString());
    resolve();
  }
}));
await connection.close();
