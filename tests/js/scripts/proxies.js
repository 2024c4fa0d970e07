let p = new Proxy({a: 1}, {}); p.b = 2; [p.a, p.b, "a" in p, delete p.a, Object.keys(p), p]
//> [1,2,true,true,["b"],{b:2}]
let log = []; let p = new Proxy({}, {get: (t, k, r) => { log.push(k); return 5 }}); [p.x, p[0], p[Symbol.iterator], log]
//> [5,5,5,["x","0",Symbol(Symbol.iterator)]]
let p = new Proxy({}, {set: (t, k, v) => { t[k] = v * 2; return true }}); p.x = 5; p.x
//> 10
t(() => { new Proxy({}, {set: () => false}).x = 1 })
//> "TypeError"
let p = new Proxy({}, {has: (t, k) => k === "yes"}); ["yes" in p, "no" in p]
//> [true,false]
let p = new Proxy({x: 1}, {deleteProperty: () => true}); [delete p.x, p.x]
//> [true,1]
t(() => delete (new Proxy({x: 1}, {deleteProperty: () => false})).x)
//> "TypeError"
let p = new Proxy({}, {ownKeys: () => ["b", "a"], getOwnPropertyDescriptor: () => ({value: 1, enumerable: true, configurable: true})}); [Object.keys(p), Object.entries(p), JSON.stringify(p)]
//> [["b","a"],[["b",undefined],["a",undefined]],"{}"]
t(() => Object.keys(new Proxy({}, {ownKeys: () => ["a", "a"]})))
//> "TypeError"
t(() => Object.keys(new Proxy({}, {ownKeys: () => [1]})))
//> "TypeError"
t(() => Object.keys(new Proxy(Object.freeze({a: 1}), {ownKeys: () => []})))
//> "TypeError"
let p = new Proxy((a, b) => a + b, {}); [p(1, 2), typeof p]
//> [3,"function"]
let p = new Proxy(() => 1, {apply: (t, self, args) => args}); [p(1, 2), p.call(null, 3), Reflect.apply(p, 1, [4])]
//> [[1,2],[3],[4]]
let p = new Proxy(Map, {construct: (t, args) => new Set(args)}); new p(1, 2)
//> Set[1,2]
let p = new Proxy(Map, {}); new p([[1, 2]]) instanceof Map
//> true
t(() => new (new Proxy(Map, {construct: () => 5}))())
//> "TypeError"
t(() => new Proxy(5, {}))
//> "TypeError"
t(() => Proxy({}, {}))
//> "TypeError"
let p = new Proxy({}, {getPrototypeOf: () => Array.prototype}); [p instanceof Array, Object.getPrototypeOf(p) === Array.prototype]
//> [true,true]
t(() => Object.getPrototypeOf(new Proxy({}, {getPrototypeOf: () => 5})))
//> "TypeError"
t(() => Object.getPrototypeOf(new Proxy(Object.freeze({}), {getPrototypeOf: () => Array.prototype})))
//> "TypeError"
Array.isArray(new Proxy([], {}))
//> true
let p = new Proxy([1, 2, 3], {}); [p.length, p.map(x => x * 2), gather(p), [].concat(p), JSON.stringify(p), p.join("-"), String(p)]
//> [3,[2,4,6],[1,2,3],[1,2,3],"[1,2,3]","1-2-3","1,2,3"]
let p = new Proxy([1], {}); p.push(2); p.length = 5; [p.length, p[1]]
//> [5,2]
let r = Proxy.revocable({a: 1}, {}); r.revoke(); [t(() => r.proxy.a), t(() => Object.keys(r.proxy)), t(() => r.proxy instanceof Object), typeof r.proxy]
//> ["TypeError","TypeError","TypeError","object"]
let r = Proxy.revocable(() => 1, {}); r.revoke(); [t(() => r.proxy()), typeof r.proxy]
//> ["TypeError","function"]
t(() => new Proxy(Object.freeze({a: 1}), {get: () => 2}).a)
//> "TypeError"
t(() => { new Proxy(Object.freeze({a: 1}), {set: () => true}).a = 2 })
//> "TypeError"
t(() => "a" in new Proxy(Object.freeze({a: 1}), {has: () => false}))
//> "TypeError"
t(() => delete (new Proxy(Object.freeze({a: 1}), {deleteProperty: () => true})).a)
//> "TypeError"
t(() => Object.isExtensible(new Proxy({}, {isExtensible: () => false})))
//> "TypeError"
t(() => Object.preventExtensions(new Proxy({}, {preventExtensions: () => true})))
//> "TypeError"
t(() => Object.preventExtensions(new Proxy({}, {preventExtensions: () => false})))
//> "TypeError"
Reflect.preventExtensions(new Proxy({}, {preventExtensions: () => false}))
//> false
let log = []; let p = new Proxy({}, {defineProperty: (t, k, d) => { log.push(k, d); return true }}); p.x = 5; Object.defineProperty(p, "y", {value: 1, configurable: true}); log
//> ["x",{value:5,writable:true,enumerable:true,configurable:true},"y",{value:1,configurable:true}]
t(() => Object.defineProperty(new Proxy({}, {defineProperty: () => false}), "x", {}))
//> "TypeError"
t(() => Object.defineProperty(new Proxy({}, {defineProperty: () => true}), "x", {value: 1, configurable: false}))
//> "TypeError"
t(() => Object.getOwnPropertyDescriptor(new Proxy({}, {getOwnPropertyDescriptor: () => ({value: 1, configurable: false})}), "x"))
//> "TypeError"
t(() => Object.getOwnPropertyDescriptor(new Proxy(Object.freeze({x: 1}), {getOwnPropertyDescriptor: () => undefined}), "x"))
//> "TypeError"
let p = new Proxy({}, {setPrototypeOf: () => true}); Object.setPrototypeOf(p, null); Object.getPrototypeOf(p) === Object.prototype
//> true
t(() => Object.setPrototypeOf(new Proxy({}, {setPrototypeOf: () => false}), null))
//> "TypeError"
let o = Object.create(new Proxy({}, {get: (t, k, r) => r === o})); o.anything
//> true
let log = []; let o = Object.create(new Proxy({}, {set: (t, k, v, r) => { log.push(k, r === o); return true }})); o.x = 1; [log, Object.keys(o)]
//> [["x",true],[]]
let p = new Proxy({}, {get: 5}); t(() => p.x)
//> "TypeError"
new Proxy(new Proxy({a: 1}, {}), {get: (t, k) => t[k] + 1}).a
//> 2
Object.prototype.toString.call(new Proxy([], {})) + Object.prototype.toString.call(new Proxy(() => 1, {}))
//> "[object Array][object Function]"
let m = new Proxy(new Map(), {}); t(() => m.get(1))
//> "TypeError"
let p = new Proxy({}, {}); new WeakMap([[p, 5]]).get(p)
//> 5
Object.assign({}, new Proxy({a: 1, b: 2}, {}))
//> {a:1,b:2}
Object.isFrozen(Object.freeze(new Proxy({a: 1}, {})))
//> true
let o = Object.freeze([1]); let p = new Proxy(o, {}); t(() => p.push(2))
//> "TypeError"
Reflect.set({}, "x", 1, new Proxy({}, {defineProperty: () => false}))
//> false
let r = {}; Object.defineProperty(r, "x", {value: 1}); Reflect.set({}, "x", 2, r)
//> false
let r = {}; let o = Object.create({set: 1}); Reflect.set(o, "x", 2, r); [r, o]
//> [{x:2},{}]
[Proxy.length, Proxy.name]
//> [2,"Proxy"]
