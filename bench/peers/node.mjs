// Upstream's own bindings, on Node: the same protocol as driver.py, the same verbs.
//
//     node node.mjs FOLDER_OF_GLUE       FOLDER_OF_GLUE/<guest>/<guest>.js is what upstream's command line made of a guest

import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { join } from "node:path";

const require = createRequire(import.meta.url);

/** The bindings of a guest, with an instance of their own. */
function load(guest) {
    const path = join(process.argv[2], guest, `${guest}.js`);
    delete require.cache[path];
    return require(path);
}

globalThis.callback = (number) => number + 1;
const bindings = load("bindgen");
const list1m = Array.from({ length: 1_000_000 }, (_, number) => number);
Object.assign(globalThis, bindings, {
    text16: "Ada of Lovelace!",
    text4k: "0123456789abcdef".repeat(256),
    list1m,
    array1m: new Float64Array(list1m),
    counter: new bindings.Counter(5),
    sink: undefined,
});

const cpu = (before) => {
    const used = process.cpuUsage(before);
    return (used.user + used.system) / 1e6;
};

const PER = { callback: 1000 };

/** A statement in a loop. */
function timed(op, statement) {
    const run = new Function("count", `for (let i = 0; i < count; i++) { ${statement} }`);
    const once = (count) => {
        const [before, began] = [process.cpuUsage(), process.hrtime.bigint()];
        run(count);
        return [cpu(before), Number(process.hrtime.bigint() - began) / 1e9];
    };
    let count = 0;
    return (seconds) => {
        if (!count) {
            let [rounds, spent] = [1, 0];
            once(rounds);
            while ((spent = once(rounds)[1]) < seconds / 5 && rounds < 50_000_000) rounds *= 4;
            count = Math.max(1, Math.round((rounds * seconds) / Math.max(spent, 1e-9)));
            once(count); // compilers are done after this
        }
        const [used, wall] = once(count);
        const per = count * (PER[op] ?? 1);
        return { cpu: used / per, wall: wall / per };
    };
}

/** From the moment in which the host has the error to the answer of the next call, which a fresh instance gives. CPU time is counted
 *  in microseconds here, so all of it is added up first; other threads of V8 are in it. */
function recover(guest, parts) {
    let loaded;
    return (seconds) => {
        loaded ??= load(guest);
        const values = { cpu: 0, wall: 0 };
        let count = -2;
        for (const end = performance.now() + seconds * 1000; count < 3 || performance.now() < end; count++) {
            const whole = [process.cpuUsage(), process.hrtime.bigint()];
            try {
                loaded.die();
                throw "alive";
            } catch (error) {
                if (error === "alive") throw new Error("it did not die");
            }
            const [before, began] = parts === "cycle" ? whole : [process.cpuUsage(), process.hrtime.bigint()];
            loaded.__wbg_reset_state();
            if (loaded.add(2, 3) !== 5) throw new Error("wrong answer");
            if (count < 0) continue;
            values.cpu += cpu(before);
            values.wall += Number(process.hrtime.bigint() - began) / 1e9;
        }
        return { cpu: values.cpu / count, wall: values.wall / count };
    };
}

const VERBS = {
    add: "sink = add(i, 3)",
    increment: "sink = counter.increment()",
    greet16: "sink = greet(text16)",
    greet4k: "sink = greet(text4k)",
    sum_buffer: "sink = sum(array1m)",
    sum_list: "sink = sum(list1m)",
    fill: "sink = fill(1_000_000)",
    new_drop: "new Counter(5).free()",
    callback: "sink = apply(1000)",
    err: "try { checked(-1) } catch (error) { sink = error }",
    panic: "try { boom(-1) } catch (error) { sink = error }",
    abort_cycle: recover("bindgen", "cycle"),
    recover: recover("bindgen"),
    recover_big: recover("big"),
};

const answer = (line) => console.log(JSON.stringify(line));
answer({ verbs: Object.keys(VERBS), version: `Node ${process.version}, wasm-bindgen 0.2.130` });
const ready = {};
for await (const line of createInterface({ input: process.stdin })) {
    const { op, seconds } = JSON.parse(line);
    try {
        ready[op] ??= typeof VERBS[op] === "string" ? timed(op, VERBS[op]) : VERBS[op];
        answer({ op, values: ready[op](seconds) });
    } catch (error) {
        answer({ op, error: String(error) });
    }
}
