// BullMQ as the Node service used it: node bench.mjs drain|bulk|add JOBS [CONCURRENCY]
import { Queue, Worker } from "bullmq";

const [what, count, slots] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const url = new URL(process.env.REDIS_URL);
const connection = {
  host: url.hostname,
  port: Number(url.port),
  password: decodeURIComponent(url.password) || undefined,
  db: Number(url.pathname.slice(1)) || 0,
};
// What the old service set for its queue `content-aggregation`.
const opts = {
  attempts: 3,
  backoff: { type: "exponential", delay: 2000 },
  removeOnComplete: 10,
  removeOnFail: 5,
};
const queue = new Queue("content-aggregation", { connection });
await queue.obliterate({ force: true });
await queue.waitUntilReady();

const seconds = (since) => Number(process.hrtime.bigint() - since) / 1e9;
const jobs = (n) => Array.from({ length: n }, (_, number) => ({ name: "noop", data: { number }, opts }));

async function fill() {
  for (let left = count; left > 0; left -= 10_000) await queue.addBulk(jobs(Math.min(left, 10_000)));
}

async function drain() {
  await fill();
  let began, ended = 0;
  const worker = new Worker(queue.name, async () => { began ??= process.hrtime.bigint(); },
    { connection, concurrency: slots, autorun: false });
  const all = new Promise((done) => worker.on("completed", () => { if (++ended === count) done(); }));
  await worker.waitUntilReady();
  worker.run();
  await all;
  const took = seconds(began);
  await worker.close();
  return count / took;
}

async function bulk() {
  const began = process.hrtime.bigint();
  await fill();
  return count / seconds(began);
}

async function add() {
  await queue.add("noop", { number: -1 }, opts);
  const began = process.hrtime.bigint();
  for (let number = 0; number < count; number++) await queue.add("noop", { number }, opts);
  return count / seconds(began);
}

const value = await { drain, bulk, add }[what]();
await queue.obliterate({ force: true });
await queue.close();
console.log(JSON.stringify({ value }));
process.exit(0);
