let log = []; setTimeout(() => log.push("timer"), 0); queueMicrotask(() => log.push("microtask")); log.push("script"); log
//> ["script","microtask","timer"]
let log = []; setTimeout(() => { log.push(1); queueMicrotask(() => log.push("after 1")) }, 0); setTimeout(() => { log.push(2); queueMicrotask(() => log.push("after 2")) }, 0); log
//> [1,"after 1",2,"after 2"]
let log = []; setTimeout(() => { log.push(1); Promise.resolve(5).then(v => log.push(v)).then(() => log.push("then")) }, 1); setTimeout(() => log.push(2), 1); log
//> [1,5,"then",2]
let log = []; setTimeout(() => log.push("b"), 30); setTimeout(() => log.push("a"), 5); setTimeout(() => log.push("c"), 60); log
//> ["a","b","c"]
let log = []; setTimeout(() => log.push(1), 1); setTimeout(() => log.push(0), 0); setTimeout(() => log.push(-5), -5); setTimeout(() => log.push("none")); setTimeout(() => log.push("NaN"), "x"); log
//> [1,0,-5,"none","NaN"]
let log = []; setTimeout((...a) => log.push(a), 1, "x", 2, {y: 3}); log
//> [["x",2,{y:3}]]
let log = []; let id = setTimeout(() => log.push("never"), 1); clearTimeout(id); setTimeout(() => log.push("end"), 5); log
//> ["end"]
let log = []; let a = setTimeout(() => { log.push("a"); clearTimeout(b) }, 1); let b = setTimeout(() => log.push("never"), 1); log
//> ["a"]
let log = []; let n = 0; let id = setInterval(() => { n = n + 1; log.push(n); n === 3 ? clearInterval(id) : 0 }, 2); log
//> [1,2,3]
let log = []; let id = setInterval(() => { log.push("once"); clearTimeout(id) }, 2); log
//> ["once"]
let log = []; let id = setInterval((...a) => { log.push(a); queueMicrotask(() => log.push("m")); log.length > 3 ? clearInterval(id) : 0 }, 1, "arg"); log
//> [["arg"],"m",["arg"],"m",["arg"],"m"]
let log = []; setTimeout(() => { log.push("outer"); setTimeout(() => log.push("inner"), 0); queueMicrotask(() => log.push("microtask")) }, 0); log
//> ["outer","microtask","inner"]
[t(() => setTimeout(5)), t(() => setTimeout("log")), t(() => setInterval()), t(() => clearTimeout()), t(() => clearTimeout(5)), t(() => clearTimeout(undefined)), t(() => clearInterval(null))]
//> ["TypeError","TypeError","TypeError",undefined,undefined,undefined,undefined]
let log = []; clearTimeout(123456789); setTimeout(() => log.push(typeof setTimeout), 0); log
//> ["function"]
let log = []; Promise.resolve().then(() => { log.push(1); setTimeout(() => log.push(3), 0) }).then(() => log.push(2)); log
//> [1,2,3]
let log = []; setTimeout(() => queueMicrotask(() => queueMicrotask(() => log.push("deep"))), 0); setTimeout(() => log.push("next"), 0); log
//> ["deep","next"]
let log = []; new Promise(done => setTimeout(done, 40, "late")).then(v => log.push(v)); Promise.race([new Promise(d => setTimeout(d, 80, "slow")), new Promise(d => setTimeout(d, 2, "fast"))]).then(v => log.push(v)); log
//> ["fast","late"]
let log = []; let c = new AbortController(); c.signal.addEventListener("abort", () => log.push("abort")); setTimeout(() => { c.abort(); log.push("aborted") }, 2); log
//> ["abort","aborted"]
let log = []; let s = AbortSignal.timeout(3); s.onabort = () => log.push(s.reason.name, s.reason.code); log.push(s.aborted); log
//> [false,"TimeoutError",23]
let log = []; let s = AbortSignal.any([AbortSignal.timeout(3), AbortSignal.timeout(5000)]); s.addEventListener("abort", () => log.push(s.reason.name)); log
//> ["TimeoutError"]
let log = []; let r = new Response("text"); r.text().then(v => { log.push(v, r.bodyUsed); return r.text() }).then(0, e => log.push(e.name)); log.push(r.bodyUsed); log
//> [true,"text",true,"TypeError"]
let log = []; let r = new Response('{"a":[1]}'); let c = r.clone(); r.json().then(v => log.push(v)); c.arrayBuffer().then(v => log.push(v.byteLength)); log
//> [{a:[1]},9]
let log = []; new Response("{").json().then(0, e => log.push(e.name)); log
//> ["SyntaxError"]
let log = []; new Response().text().then(v => { log.push(v); return new Response(null).json() }).then(0, e => log.push(e.name)); log
//> ["","SyntaxError"]
let log = []; new Response("ab", {headers: {"content-type": "x/y"}}).blob().then(b => { log.push(b.size, b.type); return b.text() }).then(v => log.push(v)); log
//> [2,"x/y","ab"]
let log = []; new Response(new Uint8Array([0xef, 0xbb, 0xbf, 65, 0xff])).text().then(v => log.push(v)); new Response("a").bytes().then(v => log.push(v)); log
//> ["A\ufffd",Uint8Array[97]]
let log = []; let f = new FormData(); f.append("a", "b\nc"); f.append("f", new File(["x"], "n\"q.txt", {type: "t/p"})); new Response(f).formData().then(g => { log.push(g.get("a"), g.get("f").name, g.get("f").type, g.get("f").size) }); log
//> ["b\r\nc","n\"q.txt","t/p",1]
let log = []; new Response(new URLSearchParams([["a", "b c"], ["d", "\u00e9"]])).formData().then(g => log.push(gather(g))); new Response("x").formData().then(0, e => log.push(e.name)); log
//> [[["a","b c"],["d","\u00e9"]],"TypeError"]
let log = []; new Request("http://a/", {method: "POST", body: "q"}).text().then(v => log.push(v)); log
//> ["q"]
let log = []; Response.prototype.text.call({}).then(0, e => log.push(e.name)); log
//> ["TypeError"]
let log = []; new Blob(["a\u00e9"]).text().then(v => { log.push(v); return new Blob(["ab"]).slice(1).arrayBuffer() }).then(v => { log.push(v); return new Blob(["c"]).bytes() }).then(v => log.push(v)); log
//> ["a\u00e9",ArrayBuffer[98],Uint8Array[99]]
let log = []; let c = new AbortController(); c.abort("why"); fetch("http://a.invalid/", {signal: c.signal}).then(0, e => log.push(e)); fetch("no url").then(0, e => log.push(e.name)); fetch().then(0, e => log.push(e.name)); fetch("http://a/", {method: "GET", body: "b"}).then(0, e => log.push(e.name)); log
//> ["why","TypeError","TypeError","TypeError"]
