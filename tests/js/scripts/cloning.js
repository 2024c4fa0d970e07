let o = {a: [1, {b: 2}], m: new Map([[1, {x: 1}]]), s: new Set([1])}; let c = structuredClone(o); [c, c === o, c.a === o.a, c.m instanceof Map]
//> [{a:[1,{b:2}],m:Map[[1,...]],s:Set[1]},false,false,true]
let o = {}; o.self = o; let c = structuredClone(o); c.self === c
//> true
let x = {}; let c = structuredClone([x, x]); c[0] === c[1]
//> true
t(() => structuredClone(() => 1))
//> "DataCloneError"
t(() => structuredClone({f: () => 1}))
//> "DataCloneError"
t(() => structuredClone(Symbol("x")))
//> "DataCloneError"
structuredClone(new Uint8Array([1, 2, 3]).subarray(1))
//> Uint8Array[2,3]
let b = new ArrayBuffer(4); let c = structuredClone(b, {transfer: [b]}); [b.byteLength, b.detached, c.byteLength]
//> [0,true,4]
structuredClone(new TypeError("x")) instanceof TypeError
//> true
structuredClone(new Error("x", {cause: [1]})).cause
//> [1]
structuredClone([1,,3])
//> [1,,3]
structuredClone(Object.create({inherited: 1}, {own: {value: 1, enumerable: true}, hidden: {value: 2}}))
//> {own:1}
let a = [1]; a.extra = 5; structuredClone(a).extra
//> 5
t(() => structuredClone(new WeakMap()))
//> "DataCloneError"
[structuredClone(5), structuredClone("x"), structuredClone(null), structuredClone(undefined), structuredClone(5n)]
//> [5,"x",null,undefined,5n]
structuredClone(new Number(5)) + 1
//> 6
let b = new ArrayBuffer(4); t(() => structuredClone(b, {transfer: [b, b]}))
//> "DataCloneError"
let b = new ArrayBuffer(4); let c = structuredClone({b, u: new Uint8Array(b, 1, 2)}, {transfer: [b]}); [b.byteLength, b.detached, c.b.byteLength, c.u.buffer === c.b, c.u.byteOffset, c.u.length]
//> [0,true,4,true,1,2]
let b = new ArrayBuffer(4); structuredClone(1, {transfer: [b]}); [b.detached, t(() => structuredClone(b)), t(() => structuredClone(1, {transfer: [b]}))]
//> [true,"DataCloneError","DataCloneError"]
[t(() => structuredClone(1, {transfer: [{}]})), t(() => structuredClone(1, {transfer: 5})), t(() => structuredClone(1, 5)), t(() => structuredClone())]
//> ["DataCloneError","TypeError","TypeError","TypeError"]
let e = new RangeError("m", {cause: {a: 1}}); let c = structuredClone(e); [c instanceof RangeError, c.message, c.cause, c.name, Object.keys(c)]
//> [true,"m",{a:1},"RangeError",[]]
let a = [1, , 3]; a.x = 5; let c = structuredClone(a); [c, c.x, 1 in c, c.length]
//> [[1,,3],5,false,3]
let r = structuredClone(new RegExp("a", "gi")); let d = structuredClone(new Date(5)); [r.source, r.flags, r.lastIndex, d.getTime(), structuredClone(Object(5n)) + 1n, typeof structuredClone(new String("s"))]
//> ["a","gi",0,5,6n,"object"]
let b = new ArrayBuffer(2, {maxByteLength: 8}); let c = structuredClone(b); [c.resizable, c.maxByteLength, structuredClone(new Uint8Array(b)).length]
//> [true,8,2]
let m = new Map(); m.set(m, new Set([m])); let c = structuredClone(m); [c.get(c).has(c), c.size]
//> [true,1]
let e = new AggregateError([1], "m"); let c = structuredClone(e); [c.name, c.message, c.errors]
//> ["Error","m",undefined]
let d = structuredClone(new DOMException("m", "AbortError")); [d.name, d.message, d.code, d instanceof DOMException]
//> ["AbortError","m",20,true]
let b = structuredClone(new Blob(["ab"], {type: "x/y"})); [b.size, b.type, b instanceof Blob]
//> [2,"x/y",true]
[t(() => structuredClone(new WeakMap())), t(() => structuredClone(() => 1)), t(() => structuredClone({a: Symbol("s")})), t(() => structuredClone(new Proxy({}, {})))]
//> ["DataCloneError","DataCloneError","DataCloneError","DataCloneError"]
