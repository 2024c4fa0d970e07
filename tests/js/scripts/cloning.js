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
