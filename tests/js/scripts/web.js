let h = new Headers([["b", "1"], ["A", " 2\t"]]); h.append("B", "3"); [gather(h), h.get("b"), h.get("c"), h.has("a"), h.has("C")]
//> [[["a","2"],["b","1, 3"]],"1, 3",null,true,false]
let h = new Headers({a: 1, b: null}); h.set("A", "x"); h.delete("b"); h.delete("q"); [gather(h.keys()), gather(h.values()), gather(h.entries())]
//> [["a"],["x"],[["a","x"]]]
let h = new Headers(); h.append("Set-Cookie", "a=1"); h.append("set-cookie", "b=2"); h.append("a", "z"); [h.getSetCookie(), h.get("set-cookie"), gather(h)]
//> [["a=1","b=2"],"a=1, b=2",[["a","z"],["set-cookie","a=1"],["set-cookie","b=2"]]]
t(() => new Headers({"a b": "1"}))
//> "TypeError"
t(() => new Headers([["a"]]))
//> "TypeError"
t(() => new Headers([["a", "b", "c"]]))
//> "TypeError"
t(() => new Headers(5))
//> "TypeError"
t(() => new Headers("ab"))
//> "TypeError"
t(() => new Headers(null))
//> "TypeError"
t(() => new Headers({a: "\u0100"}))
//> "TypeError"
t(() => new Headers({a: "x\ny"}))
//> "TypeError"
t(() => new Headers().append("a"))
//> "TypeError"
t(() => new Headers().get(""))
//> "TypeError"
new Headers({a: "\u00e9"}).get("a")
//> "\u00e9"
let seen = []; new Headers({b: "1", a: "2"}).forEach((value, name, all) => seen.push([value, name, all instanceof Headers])); seen
//> [["2","a",true],["1","b",true]]
let h = new Headers({a: "1", b: "2"}); let i = h.keys(); let first = i.next().value; h.append("c", "3"); h.delete("a"); [first, gather(i)]
//> ["a",["c"]]
[new Headers() instanceof Headers, Object.prototype.toString.call(new Headers()), Object.prototype.toString.call(new Headers().keys()), typeof Headers.prototype.append]
//> [true,"[object Headers]","[object Headers Iterator]","function"]
Headers.prototype.append.length + Headers.prototype.get.length * 10 + Headers.length * 100
//> 12
let p = new URLSearchParams("?a=1&b=2&a=3"); p.append("c", "x y&z"); p.delete("b"); [p.getAll("a"), p.toString(), p.size]
//> [["1","3"],"a=1&a=3&c=x+y%26z",3]
let p = new URLSearchParams([["b", "1"], ["a", "2"]]); p.sort(); p.set("b", "\u00e9"); p.toString()
//> "a=2&b=%C3%A9"
let p = new URLSearchParams({a: "1", b: 2}); [gather(p), p.has("a", "1"), p.has("a", "2")]
//> [[["a","1"],["b","2"]],true,false]
let u = new URL("https://u:p@example.org:81/a/../b?x=1#y"); u.searchParams.append("z", "2"); [u.href, u.origin, u.host, u.pathname, u.search, u.hash]
//> ["https://u:p@example.org:81/b?x=1&z=2#y","https://example.org:81","example.org:81","/b","?x=1&z=2","#y"]
let log = []; let e = new EventTarget(); let f = v => log.push(v.type); e.addEventListener("x", f); e.addEventListener("x", f); e.addEventListener("x", f, {capture: true}); e.dispatchEvent(new Event("x")); e.removeEventListener("x", f); e.dispatchEvent(new Event("x")); log
//> ["x","x","x"]
let log = []; let e = new EventTarget(); e.addEventListener("x", v => { log.push(1); v.stopImmediatePropagation() }); e.addEventListener("x", v => log.push(2)); e.dispatchEvent(new Event("x")); log
//> [1]
let log = []; let e = new EventTarget(); e.addEventListener("x", v => log.push(1), {once: true}); e.dispatchEvent(new Event("x")); e.dispatchEvent(new Event("x")); log
//> [1]
let e = new EventTarget(); e.addEventListener("x", v => v.preventDefault()); [e.dispatchEvent(new Event("x")), e.dispatchEvent(new Event("x", {cancelable: true}))]
//> [true,false]
let e = new EventTarget(); e.addEventListener("x", v => v.preventDefault(), {passive: true}); e.dispatchEvent(new Event("x", {cancelable: true}))
//> true
let log = []; let e = new EventTarget(); let o = {handleEvent: v => log.push(v.type)}; e.addEventListener("x", o); e.dispatchEvent(new Event("x")); log
//> ["x"]
let log = []; let e = new EventTarget(); e.addEventListener("x", v => log.push(v.target === e, v.currentTarget === e, v.eventPhase, v.composedPath().length)); let v = new Event("x"); e.dispatchEvent(v); [log, v.target === e, v.currentTarget, v.eventPhase, v.composedPath().length]
//> [[true,true,2,1],true,null,0,0]
let e = new EventTarget(); let log = []; e.addEventListener("x", v => { log.push(1); e.addEventListener("x", w => log.push(2)) }); e.dispatchEvent(new Event("x")); log
//> [1]
let e = new EventTarget(); let log = []; let f = v => log.push("f"); e.addEventListener("x", v => e.removeEventListener("x", f)); e.addEventListener("x", f); e.dispatchEvent(new Event("x")); log
//> []
t(() => new EventTarget().dispatchEvent({}))
//> "TypeError"
t(() => new EventTarget().addEventListener("x"))
//> "TypeError"
t(() => new EventTarget().addEventListener("x", 5))
//> "TypeError"
t(() => new Event())
//> "TypeError"
let v = new Event("x", {bubbles: 1, cancelable: "", composed: {}}); [v.type, v.bubbles, v.cancelable, v.composed, v.defaultPrevented, v.isTrusted, v.cancelBubble, v.returnValue, v.target, v.srcElement]
//> ["x",true,false,true,false,false,false,true,null,null]
let v = new CustomEvent("x", {detail: {a: 1}}); [v.detail, new CustomEvent("y").detail, v instanceof Event, v instanceof CustomEvent, Object.prototype.toString.call(v)]
//> [{a:1},null,true,true,"[object CustomEvent]"]
let c = new AbortController(); let log = []; c.signal.addEventListener("abort", v => log.push(v.type, v.isTrusted)); c.signal.onabort = v => log.push("on"); c.abort(); c.abort(); [log, c.signal.aborted, c.signal.reason.name, c.signal.reason.code, c.signal.reason instanceof DOMException, c.signal.reason instanceof Error]
//> [["abort",true,"on"],true,"AbortError",20,true,true]
let c = new AbortController(); c.abort("why"); [c.signal.reason, t(() => c.signal.throwIfAborted())]
//> ["why","why"]
let c = new AbortController(); [c.signal.aborted, c.signal.reason, c.signal.throwIfAborted(), c.signal.onabort, c.signal instanceof EventTarget]
//> [false,undefined,undefined,null,true]
let s = AbortSignal.abort(); [s.aborted, s.reason.name, AbortSignal.abort(5).reason]
//> [true,"AbortError",5]
let a = new AbortController(); let b = new AbortController(); let s = AbortSignal.any([a.signal, b.signal]); let log = []; s.addEventListener("abort", v => log.push("s")); a.signal.addEventListener("abort", v => log.push("a", s.aborted)); a.abort(1); b.abort(2); [log, s.reason]
//> [["a",true,"s"],1]
let a = new AbortController(); let s = AbortSignal.any([AbortSignal.any([a.signal]), AbortSignal.any([])]); a.abort("deep"); [s.aborted, s.reason]
//> [true,"deep"]
[t(() => AbortSignal.any([5])), t(() => new AbortSignal()), t(() => AbortSignal.timeout(-1)), AbortSignal.timeout(1000).aborted]
//> ["TypeError","TypeError","RangeError",false]
let e = new EventTarget(); let c = new AbortController(); let log = []; e.addEventListener("x", v => log.push(1), {signal: c.signal}); e.dispatchEvent(new Event("x")); c.abort(); e.dispatchEvent(new Event("x")); log
//> [1]
let d = new DOMException("m", "NotFoundError"); [d.name, d.message, d.code, String(d), DOMException.NOT_FOUND_ERR, d.DATA_CLONE_ERR, new DOMException().name, new DOMException("x", "Mine").code, Object.prototype.toString.call(d)]
//> ["NotFoundError","m",8,"NotFoundError: m",8,25,"Error",0,"[object DOMException]"]
[btoa("\u00ff\u0000a"), atob(" Y Q = = "), atob("YQ"), t(() => atob("Y")), t(() => atob("YQ=")), t(() => atob("Y-Q=")), t(() => btoa("\u0100")), atob("")]
//> ["/wBh","a","a","InvalidCharacterError","InvalidCharacterError","InvalidCharacterError","InvalidCharacterError",""]
gather(new TextEncoder().encode("a\u00e9\u20ac\ud83e\udd80\ud800"))
//> [97,195,169,226,130,172,240,159,166,128,239,191,189]
[new TextEncoder().encoding, gather(new TextEncoder().encode()), gather(new TextEncoder().encode(undefined)), gather(new TextEncoder().encode(null))]
//> ["utf-8",[],[],[110,117,108,108]]
let b = new Uint8Array(5); [new TextEncoder().encodeInto("a\ud83e\udd80\u00e9", b), gather(b)]
//> [{read:3,written:5},[97,240,159,166,128]]
let b = new Uint8Array(4); [new TextEncoder().encodeInto("\u20ac\u20ac", b), gather(b), new TextEncoder().encodeInto("abc", new Uint8Array(0))]
//> [{read:1,written:3},[226,130,172,0],{read:0,written:0}]
t(() => new TextEncoder().encodeInto("a", new Uint16Array(2)))
//> "TypeError"
let d = new TextDecoder(); [d.encoding, d.fatal, d.ignoreBOM, d.decode(), d.decode(new Uint8Array([0xef, 0xbb, 0xbf, 65])), new TextDecoder("utf8", {ignoreBOM: true}).decode(new Uint8Array([0xef, 0xbb, 0xbf, 65]))]
//> ["utf-8",false,false,"","A","\ufeffA"]
let d = new TextDecoder(); [d.decode(new Uint8Array([0xe2, 0x82]), {stream: true}), d.decode(new Uint8Array([0xac, 0xf0, 0x9f]), {stream: true}), d.decode()]
//> ["","\u20ac","\ufffd"]
[new TextDecoder().decode(new Uint8Array([0xc3, 0x28, 0xff, 0xed, 0xa0, 0x80, 0xf4, 0x90, 0x80, 0x80, 0xe2, 0x82, 0x41])), t(() => new TextDecoder("utf-8", {fatal: true}).decode(new Uint8Array([0xff])))]
//> ["\ufffd(\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffdA","TypeError"]
let d = new TextDecoder("utf-8", {fatal: true}); [t(() => d.decode(new Uint8Array([0xe2]), {stream: true})), t(() => d.decode()), d.decode(new Uint8Array([65]))]
//> ["","TypeError","A"]
[new TextDecoder("utf-16le").decode(new Uint8Array([0xff, 0xfe, 0x41, 0x00, 0x3e, 0xd8])), new TextDecoder("utf-16be").decode(new Uint8Array([0, 65, 0xd8, 0x3e, 0xdd, 0x80])), new TextDecoder("utf-16").encoding]
//> ["A\ufffd","A\ud83e\udd80","utf-16le"]
[new TextDecoder("Latin1 ").encoding, t(() => new TextDecoder("nope")), t(() => new TextDecoder().decode("a")), t(() => new TextDecoder("utf-8", 5))]
//> ["windows-1252","RangeError","TypeError","TypeError"]
new TextDecoder().decode(new Uint16Array([0x6161, 0x62]).buffer) + new TextDecoder().decode(new DataView(new Uint8Array([65, 66, 67]).buffer, 1, 1))
//> "aab\u0000B"
[new TextDecoder("shift_jis").decode(new Uint8Array([0x83, 0x65, 0x83, 0x58])), new TextDecoder("gbk").decode(new Uint8Array([0xc4, 0xe3])), new TextDecoder("big5").decode(new Uint8Array([0xa7, 0x41])), new TextDecoder("euc-kr").decode(new Uint8Array([0xb0, 0xa1])), new TextDecoder("euc-jp").decode(new Uint8Array([0xa4, 0xa2]))]
//> ["\u30c6\u30b9","\u4f60","\u4f60","\uac00","\u3042"]
let u = crypto.randomUUID(); [u.length, u[14], u[8], crypto.getRandomValues(new Uint16Array(2)).length, t(() => crypto.getRandomValues(new Float32Array(1))), t(() => crypto.getRandomValues(new Uint8Array(65537))), t(() => crypto.getRandomValues([1]))]
//> [36,"4","-",2,"TypeMismatchError","QuotaExceededError","TypeMismatchError"]
[typeof performance.now(), performance.now() <= performance.now(), performance.timeOrigin > 1e12, performance instanceof Performance, performance instanceof EventTarget, crypto instanceof Crypto]
//> ["number",true,true,true,true,true]
let b = new Blob(["a", new Uint8Array([66]), new Blob(["c"]), 5], {type: "Text/Plain"}); [b.size, b.type, b.slice(1).size, b.slice(-2, -1, "X").type, b.slice(3, 1).size, b.slice(0, 2).type]
//> [4,"text/plain",3,"x",0,""]
let f = new File(["ab"], "n.txt", {type: "t/x", lastModified: 5}); [f.name, f.size, f.type, f.lastModified, f instanceof Blob, Object.prototype.toString.call(f)]
//> ["n.txt",2,"t/x",5,true,"[object File]"]
[t(() => new Blob("ab")), t(() => new File(["a"])), new Blob().size, new Blob([], {type: "\u00e9"}).type]
//> ["TypeError","TypeError",0,""]
let f = new FormData(); f.append("a", "1"); f.append("b", "2"); f.append("a", "3"); f.set("a", "4"); f.delete("q"); [gather(f), f.get("a"), f.get("q"), f.getAll("a"), f.has("b"), gather(f.keys())]
//> [[["a","4"],["b","2"]],"4",null,["4"],true,["a","b"]]
let f = new FormData(); f.append("x", new Blob(["q"], {type: "t/y"})); f.append("y", new File(["q"], "n"), "m"); [f.get("x").name, f.get("x").type, f.get("y").name, f.get("x") instanceof File, t(() => f.append("z", "s", "name"))]
//> ["blob","t/y","m",true,"TypeError"]
let r = new Request("http://Example.org/a?b#c", {method: "post", body: "hi", headers: {x: "y"}}); [r.method, r.url, r.headers.get("content-type"), r.headers.get("x"), r.bodyUsed, r.redirect, r.mode, r.credentials, r.cache, r.referrer, r.referrerPolicy, r.integrity, r.keepalive, r.destination, r.duplex]
//> ["POST","http://example.org/a?b#c","text/plain;charset=UTF-8","y",false,"follow","cors","same-origin","default","about:client","","",false,"","half"]
[t(() => new Request("/a")), t(() => new Request("http://u:p@a/")), t(() => new Request("http://a/", {body: "x"})), t(() => new Request("http://a/", {method: "CONNECT"})), t(() => new Request("http://a/", {method: "a b"})), t(() => new Request("http://a/", {mode: "navigate"})), t(() => new Request("http://a/", {redirect: "x"})), t(() => new Request("http://a/", {signal: 5})), t(() => new Request())]
//> ["TypeError","TypeError","TypeError","TypeError","TypeError","TypeError","TypeError","TypeError","TypeError"]
[new Request("http://a/", {method: "patch"}).method, new Request("http://a/", {method: "delete"}).method, new Request(new Request("http://a/", {method: "PUT", headers: {q: "1"}}), {headers: {z: "2"}}).headers.get("q")]
//> ["patch","DELETE",null]
let a = new Request("http://a/", {method: "POST", body: "x"}); let b = new Request(a); [a.bodyUsed, b.bodyUsed, b.method, t(() => new Request(a)), t(() => a.clone())]
//> [true,false,"POST","TypeError","TypeError"]
let c = new AbortController(); let r = new Request("http://a/", {signal: c.signal}); let d = r.clone(); c.abort(7); [r.signal.aborted, r.signal.reason, d.signal.aborted, r.signal === c.signal]
//> [true,7,true,false]
let r = new Response("hi", {status: 201, statusText: "Made", headers: {a: "b"}}); [r.status, r.ok, r.statusText, r.type, r.url, r.redirected, r.bodyUsed, gather(r.headers), new Response().body]
//> [201,true,"Made","default","",false,false,[["a","b"],["content-type","text/plain;charset=UTF-8"]],null]
[t(() => new Response("x", {status: 204})), t(() => new Response("", {status: 99})), t(() => new Response("", {status: 600})), t(() => new Response("", {statusText: "\n"})), new Response(null, {status: 204}).status, new Response("", {status: 404}).ok]
//> ["TypeError","RangeError","RangeError","TypeError",204,false]
let r = Response.json({a: [1, null]}, {status: 202}); [r.status, r.headers.get("content-type"), t(() => Response.json(undefined)), t(() => Response.json(Symbol("s")))]
//> [202,"application/json","TypeError","TypeError"]
let r = Response.redirect("http://a/b", 307); [r.status, r.headers.get("location"), t(() => Response.redirect("http://a/", 200)), t(() => Response.redirect("b")), t(() => r.headers.set("a", "b"))]
//> [307,"http://a/b","RangeError","TypeError","TypeError"]
let r = Response.error(); [r.type, r.status, r.ok, t(() => r.headers.append("a", "b"))]
//> ["error",0,false,"TypeError"]
let r = new Response("a"); let c = r.clone(); r.text(); [r.bodyUsed, c.bodyUsed, t(() => r.clone())]
//> [true,false,"TypeError"]
[new Response(new URLSearchParams("a=b")).headers.get("content-type"), new Response(new Blob(["x"], {type: "q/r"})).headers.get("content-type"), new Response(new Uint8Array(2)).headers.get("content-type"), new Response("", {headers: {"content-type": "a/b"}}).headers.get("content-type")]
//> ["application/x-www-form-urlencoded;charset=UTF-8","q/r",null,"a/b"]
[t(() => Headers()), t(() => Headers.prototype.get.call({}, "a")), t(() => new Response("a", 5)), t(() => structuredClone(new Headers()))]
//> ["TypeError","TypeError","TypeError","DataCloneError"]
[DOMException.INDEX_SIZE_ERR, DOMException.DOMSTRING_SIZE_ERR, DOMException.NO_DATA_ALLOWED_ERR, DOMException.INUSE_ATTRIBUTE_ERR, DOMException.VALIDATION_ERR, DOMException.URL_MISMATCH_ERR, DOMException.prototype.DATA_CLONE_ERR]
//> [1,2,6,10,16,21,25]
let log = []; let e = new EventTarget(); e.addEventListener("x", v => log.push("a")); e.addEventListener("y", v => log.push("b")); e.addEventListener("x", v => log.push("c")); [e.dispatchEvent(new Event("x")), log, Event.AT_TARGET]
//> [true,["a","c"],2]
