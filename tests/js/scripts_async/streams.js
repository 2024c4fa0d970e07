let log = []; let s = new ReadableStream({start: c => { log.push("start", c.desiredSize); c.enqueue("a"); log.push(c.desiredSize); c.enqueue("b"); c.close() }, pull: () => { log.push("pull") }}); let r = s.getReader(); let next = x => { log.push(x.value, x.done); return x.done ? 0 : r.read().then(next) }; r.closed.then(() => { log.push("closed") }); r.read().then(next); log
//> ["start",1,0,"a",false,"closed","b",false,undefined,true]
let log = []; let n = [0]; let s = new ReadableStream({pull: c => { n[0] = n[0] + 1; log.push("pull", c.desiredSize); n[0] > 4 ? c.close() : c.enqueue(n[0]) }}, {highWaterMark: 3}); Promise.resolve().then(() => { log.push("turn") }).then(() => { log.push("turn 2"); let r = s.getReader(); r.read().then(x => { log.push(x.value) }); r.read().then(x => { log.push(x.value) }) }); log
//> ["pull",3,"turn","pull",2,"turn 2","pull",3,1,2,"pull",2,"pull",1]
let log = []; let s = new ReadableStream({pull: c => { log.push("pull"); return Promise.resolve().then(() => { c.enqueue(1) }) }}, {highWaterMark: 0}); let r = s.getReader(); r.read().then(x => { log.push(x) }); r.read().then(x => { log.push(x) }); log.push("sync"); log
//> ["sync","pull",{value:1,done:false},"pull",{value:1,done:false}]
let log = []; let s = new ReadableStream({pull: () => { throw new TypeError("no") }}); let r = s.getReader(); r.read().then(0, e => { log.push(e) }); r.closed.catch(e => { log.push("closed", e) }); log
//> ["closed",[TypeError],[TypeError]]
let log = []; let s = new ReadableStream({start: () => Promise.reject("bad")}); s.getReader().closed.catch(e => { log.push(e) }); log
//> ["bad"]
t(() => new ReadableStream({start: () => { throw new RangeError("now") }}))
//> "RangeError"
let log = []; let s = new ReadableStream({cancel: r => { log.push("cancel", r); return Promise.resolve(5) }}); s.cancel("why").then(x => { log.push("done", x) }); log.push(s.locked); log
//> ["cancel","why",false,"done",undefined]
let log = []; let s = new ReadableStream({cancel: () => { throw "bad" }}); s.cancel().then(0, e => { log.push(e) }); s.cancel().then(x => { log.push("again", x) }); log
//> ["again",undefined,"bad"]
let log = []; let s = new ReadableStream(); let r = s.getReader(); s.cancel().catch(e => { log.push(e) }); r.cancel(1).then(x => { log.push(x) }); r.closed.then(x => { log.push("closed", x) }); log.push(t(() => s.getReader()), s.locked); log
//> ["TypeError",true,[TypeError],"closed",undefined,undefined]
let log = []; let s = new ReadableStream(); let r = s.getReader(); r.read().catch(e => { log.push("read", e) }); r.closed.catch(e => { log.push("closed", e) }); r.releaseLock(); r.releaseLock(); log.push(s.locked); r.read().catch(e => { log.push("late", e) }); r.cancel().catch(e => { log.push("cancel", e) }); log
//> [false,"closed",[TypeError],"read",[TypeError],"late",[TypeError],"cancel",[TypeError]]
let log = []; let c = []; let s = new ReadableStream({start: x => { c.push(x) }}); c[0].enqueue(1); c[0].close(); log.push(t(() => c[0].enqueue(2)), t(() => c[0].close()), c[0].desiredSize); c[0].error("late"); let r = s.getReader(); r.read().catch(e => { log.push(e) }); log
//> ["TypeError","TypeError",0,"late"]
let log = []; let c = []; let s = new ReadableStream({start: x => { c.push(x) }}); c[0].enqueue(1); c[0].error("bad"); log.push(c[0].desiredSize, t(() => c[0].enqueue(2))); s.getReader().read().catch(e => { log.push(e) }); log
//> [null,"TypeError","bad"]
let log = []; let s = new ReadableStream({start: c => { c.enqueue("abc"); log.push(c.desiredSize); c.enqueue("de"); log.push(c.desiredSize) }}, {highWaterMark: 10, size: x => x.length}); log
//> [7,5]
[t(() => new ReadableStream({start: c => { c.enqueue(1) }}, {size: () => -1})), t(() => new ReadableStream({start: c => { c.enqueue(1) }}, {size: () => "x"})), t(() => new ReadableStream({}, {highWaterMark: -1})), t(() => new ReadableStream({}, {highWaterMark: "x"})), t(() => new ReadableStream({type: "other"})), t(() => new ReadableStream({pull: 5})), t(() => new ReadableStream(null)), t(() => new ReadableStream({}, {size: 5}))]
//> ["RangeError","RangeError","RangeError","RangeError","TypeError","TypeError","TypeError","TypeError"]
let log = []; let s = ReadableStream.from(["a", Promise.resolve("b"), "c"]); let r = s.getReader(); let next = x => { log.push(x.value, x.done); return x.done ? 0 : r.read().then(next) }; r.read().then(next); log
//> ["a",false,"b",false,"c",false,undefined,true]
let log = []; let it = {next: () => { log.push("next"); return Promise.resolve({value: 1, done: false}) }, return: x => { log.push("return", x); return Promise.resolve({}) }, [Symbol.asyncIterator]: () => it}; let s = ReadableStream.from(it); let r = s.getReader(); log.push("made"); r.read().then(x => { log.push(x); r.cancel("why").then(y => { log.push("cancelled", y) }) }); log
//> ["made","next",{value:1,done:false},"return","why","cancelled",undefined]
let log = []; let it = {next: () => 5, return: () => 5}; let s = ReadableStream.from({[Symbol.asyncIterator]: () => it}); let r = s.getReader(); r.read().catch(e => { log.push(e) }); let s2 = ReadableStream.from({[Symbol.asyncIterator]: () => it}); s2.cancel().catch(e => { log.push(e) }); log
//> [[TypeError],[TypeError]]
[t(() => ReadableStream.from(5)), t(() => ReadableStream.from({})), t(() => ReadableStream.from(null)), t(() => ReadableStream.from({[Symbol.asyncIterator]: () => 5}))]
//> ["TypeError","TypeError","TypeError","TypeError"]
let log = []; let s = ReadableStream.from([1, 2, 3]); let it = s.values(); it.next().then(x => { log.push(x.value, x.done) }); it.next().then(x => { log.push(x.value, x.done) }); it.return("enough").then(x => { log.push(x.value, x.done) }); it.next().then(x => { log.push(x.value, x.done); log.push(s.locked) }); log.push(s.locked); log
//> [true,1,false,2,false,"enough",true,undefined,true,false]
let log = []; let s = new ReadableStream({cancel: r => { log.push("cancel", r) }}); let it = s.values({preventCancel: true}); it.return(1).then(x => { log.push(x.value, x.done, s.locked) }); log
//> [1,true,false]
let log = []; let s = new ReadableStream({start: c => { c.error("bad") }}); let it = s[Symbol.asyncIterator](); it.next().catch(e => { log.push(e); it.next().then(x => { log.push(x.value, x.done, s.locked) }) }); log
//> ["bad",undefined,true,false]
let log = []; let s = ReadableStream.from([1, 2]); let both = s.tee(); let next = (name, r) => x => { log.push(name, x.value, x.done); return x.done ? 0 : r.read().then(next(name, r)) }; let a = both[0].getReader(); let b = both[1].getReader(); a.read().then(next("a", a)); b.read().then(next("b", b)); log.push(s.locked, both.length); log
//> [true,2,"a",1,false,"b",1,false,"a",2,false,"b",2,false,"a",undefined,true,"b",undefined,true]
let log = []; let s = new ReadableStream({cancel: r => { log.push("cancel", r) }}); let both = s.tee(); both[0].cancel("x").then(() => { log.push("one") }); both[1].cancel("y").then(() => { log.push("two") }); log
//> ["cancel",["x","y"],"one","two"]
let log = []; let s = new ReadableStream({start: c => { c.enqueue(1); c.error("bad") }}); let both = s.tee(); both[0].getReader().read().catch(e => { log.push("a", e) }); both[1].getReader().closed.catch(e => { log.push("b", e) }); log
//> ["a","bad","b","bad"]
let log = []; let s = new WritableStream({start: () => { log.push("start") }, write: (x, c) => { log.push("write", x) }, close: () => { log.push("close") }}); let w = s.getWriter(); log.push(w.desiredSize); w.write(1).then(x => { log.push("written 1", x) }); log.push(w.desiredSize); w.ready.then(() => { log.push("ready", w.desiredSize) }); w.write(2).then(() => { log.push("written 2") }); w.close().then(() => { log.push("closed") }); w.closed.then(() => { log.push("closed too") }); log.push(w.desiredSize, s.locked); log
//> ["start",1,0,-1,true,"write",1,"ready",-1,"write",2,"written 1",undefined,"close","written 2","closed","closed too"]
let log = []; let s = new WritableStream({write: () => { throw new RangeError("full") }, abort: r => { log.push("abort", r) }}); let w = s.getWriter(); w.write(1).catch(e => { log.push("write", e) }); w.write(2).catch(e => { log.push("write 2", e) }); w.close().catch(e => { log.push("close", e) }); w.closed.catch(e => { log.push("closed", e, w.desiredSize) }); log
//> ["write",[RangeError],"write 2",[RangeError],"close",[RangeError],"closed",[RangeError],null]
let log = []; let s = new WritableStream({abort: r => { log.push("abort", r) }, write: () => Promise.resolve().then(() => { log.push("slow") })}); let w = s.getWriter(); w.write(1).then(() => { log.push("written") }, e => { log.push("lost", e) }); w.write(2).catch(e => { log.push("2", e) }); w.abort("why").then(x => { log.push("aborted", x) }); w.closed.catch(e => { log.push("closed", e) }); w.ready.catch(e => { log.push("ready", e) }); log
//> ["abort","why","ready","why","lost","why","2","why","aborted",undefined,"closed","why"]
let log = []; let s = new WritableStream({abort: () => { throw "worse" }}); s.abort("why").catch(e => { log.push(e) }); s.abort("again").then(0, e => { log.push("second", e) }); s.getWriter().closed.catch(e => { log.push("closed", e) }); log
//> ["worse","second","worse","closed","why"]
let log = []; let c = []; let s = new WritableStream({start: x => { c.push(x) }}); let w = s.getWriter(); c[0].error("bad"); w.write(1).catch(e => { log.push(e) }); w.ready.catch(e => { log.push("ready", e) }); w.closed.catch(e => { log.push("closed", e) }); log.push(w.desiredSize); log
//> [null,"bad","ready","bad","closed","bad"]
let log = []; let s = new WritableStream(); let w = s.getWriter(); w.ready.then(() => { log.push("ready") }); w.releaseLock(); w.releaseLock(); log.push(s.locked, t(() => w.desiredSize)); w.write(1).catch(e => { log.push(e) }); w.close().catch(e => { log.push(e) }); w.abort().catch(e => { log.push(e) }); w.closed.catch(e => { log.push("closed", e) }); w.ready.catch(e => { log.push("ready", e) }); log
//> [false,"TypeError","ready",[TypeError],[TypeError],[TypeError],"closed",[TypeError],"ready",[TypeError]]
let log = []; let s = new WritableStream(); log.push(t(() => s.getWriter().locked), t(() => s.getWriter())); s.close().catch(e => { log.push(e) }); s.abort().catch(e => { log.push(e) }); log
//> [undefined,"TypeError",[TypeError],[TypeError]]
let log = []; let s = new WritableStream(); s.close().then(() => { log.push("closed") }); s.close().catch(e => { log.push(e) }); let w = s.getWriter(); w.ready.then(() => { log.push("ready") }); log
//> [[TypeError],"ready","closed"]
let log = []; let s = new WritableStream({}, {highWaterMark: 2, size: x => x}); let w = s.getWriter(); log.push(w.desiredSize); w.write(1); log.push(w.desiredSize); w.write(5); log.push(w.desiredSize); w.ready.then(() => { log.push("ready", w.desiredSize) }); log
//> [2,1,-4,"ready",2]
let log = []; let s = new WritableStream({}, {size: () => { throw "size" }}); let w = s.getWriter(); w.write(1).catch(e => { log.push(e) }); log
//> ["size"]
let log = []; let s = new WritableStream({}, {highWaterMark: 0}); let w = s.getWriter(); w.ready.then(() => { log.push("ready") }); w.write(1).then(() => { log.push("written") }); log.push(w.desiredSize); log
//> [-1,"written"]
[t(() => new WritableStream({type: "bytes"})), t(() => new WritableStream({write: 1})), t(() => new WritableStream(5)), t(() => WritableStream()), t(() => new WritableStreamDefaultController()), t(() => new WritableStreamDefaultWriter({})), t(() => new ReadableStreamDefaultReader(5)), t(() => new ReadableStreamDefaultController())]
//> ["RangeError","TypeError","TypeError","TypeError","TypeError","TypeError","TypeError","TypeError"]
let log = []; let ts = new TransformStream({transform: (x, c) => { log.push("transform", x, c.desiredSize); c.enqueue(x); c.enqueue(x * 2) }, flush: c => { log.push("flush"); c.enqueue("end") }}); let w = ts.writable.getWriter(); let r = ts.readable.getReader(); let next = x => { log.push(x.value, x.done); return x.done ? 0 : r.read().then(next) }; w.write(1).then(() => { log.push("written 1") }); w.write(2).then(() => { log.push("written 2") }); w.close().then(() => { log.push("closed") }); r.read().then(next); log
//> ["transform",1,0,1,false,2,false,"transform",2,0,"written 1",2,false,4,false,"flush","written 2","end",false,undefined,true,"closed"]
let log = []; let ts = new TransformStream({transform: () => { throw "bad" }}); let w = ts.writable.getWriter(); let r = ts.readable.getReader(); w.write(1).catch(e => { log.push("write", e) }); r.read().catch(e => { log.push("read", e) }); w.closed.catch(e => { log.push("closed", e) }); log
//> ["read","bad","write","bad","closed","bad"]
let log = []; let ts = new TransformStream({transform: (x, c) => { c.enqueue(x); c.terminate() }}); let w = ts.writable.getWriter(); let r = ts.readable.getReader(); w.write(1).then(() => { log.push("written") }); w.write(2).catch(e => { log.push("2", e) }); r.read().then(x => { log.push(x) }); r.read().then(x => { log.push(x) }); log
//> [{value:1,done:false},{value:undefined,done:true},"written","2",[TypeError]]
let log = []; let ts = new TransformStream({cancel: r => { log.push("cancel", r) }}); ts.readable.cancel("why").then(() => { log.push("done") }); log
//> ["cancel","why","done"]
let log = []; let ts = new TransformStream({cancel: r => { log.push("cancel", r) }}); ts.writable.abort("why").then(() => { log.push("done") }); ts.readable.getReader().read().catch(e => { log.push("read", e) }); log
//> ["cancel","why","read","why","done"]
let log = []; let c = []; let ts = new TransformStream({start: x => { c.push(x) }}); log.push(c[0].desiredSize); c[0].enqueue(1); log.push(c[0].desiredSize); c[0].error("bad"); log.push(c[0].desiredSize); log.push(t(() => c[0].enqueue(2))); ts.writable.getWriter().write(1).catch(e => { log.push(e) }); log
//> [0,-1,null,"TypeError","bad"]
let log = []; let ts = new TransformStream(); let w = ts.writable.getWriter(); log.push(w.desiredSize); let r = ts.readable.getReader(); w.write("x").then(() => { log.push("written") }); Promise.resolve().then(() => { log.push("turn") }); r.read().then(x => { log.push(x) }); log
//> [1,"turn",{value:"x",done:false},"written"]
[t(() => new TransformStream({readableType: "bytes"})), t(() => new TransformStream({writableType: 1})), t(() => new TransformStream({}, {highWaterMark: -1})), t(() => new TransformStream({flush: 1})), t(() => new TransformStream({start: () => { throw "now" }}))]
//> ["RangeError","RangeError","RangeError","TypeError","now"]
let log = []; let w = new WritableStream({write: x => { log.push(x) }, close: () => { log.push("close") }}); ReadableStream.from([1, 2, 3]).pipeTo(w).then(x => { log.push("piped", x, w.locked) }); log.push(w.locked); log
//> [true,1,2,3,"close","piped",undefined,false]
let log = []; let s = ReadableStream.from([1, 2]); let w = new WritableStream({write: x => { log.push(x) }, close: () => { log.push("close") }}); s.pipeTo(w, {preventClose: true}).then(() => { let x = w.getWriter(); log.push(x.desiredSize) }); log
//> [1,2,1]
let log = []; let s = new ReadableStream({start: c => { c.error("bad") }}); let w = new WritableStream({abort: r => { log.push("abort", r) }}); s.pipeTo(w).catch(e => { log.push(e, w.locked, s.locked) }); log
//> ["abort","bad","bad",false,false]
let log = []; let s = new ReadableStream({start: c => { c.error("bad") }}); let w = new WritableStream({abort: r => { log.push("abort", r) }}); s.pipeTo(w, {preventAbort: true}).catch(e => { log.push(e) }); log
//> ["bad"]
let log = []; let s = new ReadableStream({pull: c => { c.enqueue(1) }, cancel: r => { log.push("cancel", r) }}); let w = new WritableStream({write: () => { throw "full" }}); s.pipeTo(w).catch(e => { log.push("pipe", e) }); log
//> ["cancel","full","pipe","full"]
let log = []; let s = new ReadableStream({pull: c => { c.enqueue(1) }, cancel: r => { log.push("cancel", r) }}); let w = new WritableStream(); w.close(); s.pipeTo(w).catch(e => { log.push("pipe", e) }); log
//> ["cancel",[TypeError],"pipe",[TypeError]]
let log = []; let s = ReadableStream.from([1]); let r = s.getReader(); s.pipeTo(new WritableStream()).catch(e => { log.push(e) }); s.pipeTo(5).catch(e => { log.push(e) }); log.push(t(() => s.pipeThrough({})), t(() => s.pipeThrough(new TransformStream()))); log
//> ["TypeError","TypeError",[TypeError],[TypeError]]
let log = []; let up = () => new TransformStream({transform: (x, c) => { c.enqueue(x + 1) }}); let r = ReadableStream.from([1, 2]).pipeThrough(up()).pipeThrough(up()).getReader(); let next = x => { log.push(x.value, x.done); return x.done ? 0 : r.read().then(next) }; r.read().then(next); log
//> [3,false,4,false,undefined,true]
let log = []; let s = new ReadableStream({type: "bytes", start: c => { c.enqueue(new Uint8Array([1, 2, 3])); c.enqueue(new Uint8Array([4])); log.push(c.desiredSize); c.close() }}); let r = s.getReader(); let next = x => { log.push(x.value, x.done); return x.done ? 0 : r.read().then(next) }; r.read().then(next); log
//> [-4,Uint8Array[1,2,3],false,Uint8Array[4],false,undefined,true]
let log = []; let s = new ReadableStream({type: "bytes", start: c => { c.enqueue(new Uint8Array([1, 2, 3, 4, 5])) }}); let r = s.getReader({mode: "byob"}); let b = new Uint8Array(4); r.read(b).then(x => { log.push(gather(x.value), x.done, x.value.byteOffset, x.value.buffer.byteLength); r.read(new Uint8Array(x.value.buffer)).then(y => { log.push(y.value) }) }); log.push(b.byteLength); log
//> [0,[1,2,3,4],false,0,4,Uint8Array[5]]
let log = []; let s = new ReadableStream({type: "bytes", autoAllocateChunkSize: 4, pull: c => { let q = c.byobRequest; log.push(q.view.byteLength); q.view[0] = 7; q.respond(1); log.push(q.view) }}); let r = s.getReader(); r.read().then(x => { log.push(x) }); log
//> [4,null,{value:Uint8Array[7],done:false}]
let log = []; let s = new ReadableStream({type: "bytes", pull: c => { log.push("pull", c.byobRequest === null) ; c.byobRequest === null ? 0 : c.byobRequest.respond(2) }}, {highWaterMark: 0}); let r = s.getReader({mode: "byob"}); r.read(new Uint16Array(2)).then(x => { log.push(x.value.length, x.done) }); log
//> ["pull",false,1,false]
let log = []; let c = []; let s = new ReadableStream({type: "bytes", start: x => { c.push(x) }}); let r = s.getReader({mode: "byob"}); r.read(new Uint8Array(3), {min: 2}).then(x => { log.push(x.value) }); c[0].enqueue(new Uint8Array([1])); log.push("one"); c[0].enqueue(new Uint8Array([2])); log.push("two"); log
//> ["one","two",Uint8Array[1,2]]
let log = []; let c = []; let s = new ReadableStream({type: "bytes", start: x => { c.push(x) }}); let r = s.getReader({mode: "byob"}); r.read(new Uint8Array(3)).then(x => { log.push(x) }); c[0].close(); log.push(t(() => c[0].byobRequest.respond(1))); c[0].byobRequest.respond(0); log
//> ["TypeError",{value:Uint8Array[],done:true}]
let log = []; let c = []; let s = new ReadableStream({type: "bytes", start: x => { c.push(x) }}); let r = s.getReader({mode: "byob"}); r.read(new Uint8Array(3)).then(x => { log.push(x) }); r.cancel("why"); log
//> [{value:undefined,done:true}]
let log = []; let c = []; let s = new ReadableStream({type: "bytes", start: x => { c.push(x) }}); let r = s.getReader({mode: "byob"}); r.read(new Uint8Array(3)).catch(e => 0); r.releaseLock(); c[0].enqueue(new Uint8Array([9])); s.getReader().read().then(x => { log.push(x.value) }); log
//> [Uint8Array[9]]
let log = []; let c = []; let s = new ReadableStream({type: "bytes", start: x => { c.push(x) }}); let r = s.getReader({mode: "byob"}); r.read(new Uint8Array(0)).catch(e => { log.push(e) }); r.read({}).catch(e => { log.push(e) }); r.read(new Uint8Array(2), {min: 3}).catch(e => { log.push(e) }); r.read(new Uint8Array(2), {min: 0}).catch(e => { log.push(e) }); log.push(t(() => c[0].enqueue("x")), t(() => c[0].enqueue(new Uint8Array(0))), t(() => new ReadableStream().getReader({mode: "byob"})), t(() => s.getReader({mode: "odd"})), t(() => new ReadableStream({type: "bytes", autoAllocateChunkSize: 0})), t(() => new ReadableStream({type: "bytes"}, {size: () => 1}))); log
//> ["TypeError","TypeError","TypeError","TypeError","TypeError","RangeError",[TypeError],[TypeError],[RangeError],[TypeError]]
let log = []; let s = new ReadableStream({type: "bytes", start: c => { c.enqueue(new Uint8Array([1, 2])); c.close() }}); let both = s.tee(); both[0].getReader().read().then(x => { log.push(x.value); x.value[0] = 9 }); both[1].getReader({mode: "byob"}).read(new Uint8Array(5)).then(x => { log.push(x.value) }); log
//> [Uint8Array[9,2],Uint8Array[1,2]]
let log = []; let c = []; let s = new ReadableStream({type: "bytes", start: x => { c.push(x) }}); let r = s.getReader({mode: "byob"}); r.read(new Uint8Array(3)).then(x => { log.push(x.value) }); let v = c[0].byobRequest.view; v[0] = 5; v[1] = 6; c[0].byobRequest.respondWithNewView(new Uint8Array(v.buffer, 0, 2)); log
//> [Uint8Array[5,6]]
[new CountQueuingStrategy({highWaterMark: 3}).highWaterMark, new CountQueuingStrategy({highWaterMark: "4"}).size("x"), new ByteLengthQueuingStrategy({highWaterMark: -1}).highWaterMark, new ByteLengthQueuingStrategy({highWaterMark: 1}).size(new Uint8Array(7)), t(() => new CountQueuingStrategy()), t(() => new CountQueuingStrategy({})), new CountQueuingStrategy({highWaterMark: 1}).size === new CountQueuingStrategy({highWaterMark: 2}).size]
//> [3,1,-1,7,"TypeError","TypeError",true]
[new CountQueuingStrategy({highWaterMark: 1}).size, new ByteLengthQueuingStrategy({highWaterMark: 1}).size, CountQueuingStrategy, ReadableStream, WritableStream, TransformStream, ReadableStreamDefaultReader, ReadableStream.from, ReadableStream.prototype.pipeTo, ReadableStream.prototype.getReader, WritableStreamDefaultWriter.prototype.write, ReadableStreamDefaultController.prototype.enqueue]
//> [f size/0,f size/1,f CountQueuingStrategy/1,f ReadableStream/0,f WritableStream/0,f TransformStream/0,f ReadableStreamDefaultReader/1,f from/1,f pipeTo/1,f getReader/0,f write/0,f enqueue/0]
[new ReadableStream(), new WritableStream(), new TransformStream(), new ReadableStream().getReader(), new WritableStream().getWriter()].map(x => Object.prototype.toString.call(x))
//> ["[object ReadableStream]","[object WritableStream]","[object TransformStream]","[object ReadableStreamDefaultReader]","[object WritableStreamDefaultWriter]"]
[ReadableStream.prototype.values === ReadableStream.prototype[Symbol.asyncIterator], new ReadableStream() instanceof ReadableStream, Object.keys(new ReadableStream()), typeof ReadableStream.prototype.values, t(() => ReadableStream.prototype.getReader.call({})), t(() => ReadableStream.prototype.tee.call(5))]
//> [true,true,[],"function","TypeError","TypeError"]
let log = []; ReadableStream.prototype.cancel.call({}).catch(e => { log.push(e) }); WritableStream.prototype.close.call(5).catch(e => { log.push(e) }); log
//> [[TypeError],[TypeError]]
let log = []; let w = new WritableStream({start: c => { c.signal.addEventListener("abort", e => log.push(e.type, c.signal.reason)); return 1; }}).getWriter(); t(() => w.abort("why").then(v => log.push(v))); log
//> ["abort","why",undefined]
let log = []; let r = new Response("abc"); r.body.getReader().read().then(c => log.push(c.done, c.value.length, r.bodyUsed)); log.push(r.bodyUsed, r.body.locked, new Response().body); log
//> [true,true,null,false,3,true]
let log = []; let c = new AbortController(); let p = new ReadableStream({pull: k => k.enqueue(1)}).pipeTo(new WritableStream({}), {signal: c.signal}); p.then(null, e => log.push(e.name, e instanceof DOMException)); c.abort(); log
//> ["AbortError",true]
